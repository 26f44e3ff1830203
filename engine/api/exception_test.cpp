// SPDX-License-Identifier: Apache-2.0
// Exceptions as the embedder sees them: uncaught ones, its own, those it hands on; tags as imports and
// exports.
#include "engine/api/test_store.h"

namespace heddle {
namespace {

constexpr ValueType kI32 = ValueType::Kind::i32;
constexpr ValueType kF64 = ValueType::Kind::f64;

constexpr const char* kThrows = R"((module
  (tag $error (export "tag") (param i32 f64))
  (func $throw (export "throw") (param i32) (throw $error (local.get 0) (f64.const 2.5)))
  (func (export "pass") (param exnref) (result exnref) (local.get 0))
  (func (export "caught") (result exnref)
    (block $h (result exnref)
      (try_table (catch_all_ref $h) (call $throw (i32.const 1)))
      (unreachable)))
  (func (export "throw_ref") (param exnref) (throw_ref (local.get 0)))))";

TEST(exception, an_uncaught_one_brings_tag_and_values) {
  TestStore test;
  const Instance instance = test.instantiate(kThrows);
  const CallResult result = instance.function("throw")->call({42});
  ASSERT_EQ(trap_of(result), TrapKind::exception);
  const Trap& trap = result.trap();
  EXPECT_EQ(trap.message, "uncaught exception error(42, 2.5)");
  ASSERT_EQ(trap.frames.size(), 1u);
  EXPECT_EQ(trap.frames[0].function, "throw");
  ASSERT_NE(trap.exception, nullptr);
  EXPECT_EQ(trap.exception->tag, *instance.tag("tag"));
  EXPECT_EQ(trap.exception->values, (std::vector<Value>{42, 2.5}));
  const auto typed = instance.typed<void(int32_t)>("throw");
  EXPECT_EQ(trap_of((*typed)(1)), TrapKind::exception);
}

/// Fault checklist, row 22.
TEST(exception, references_travel_through_the_host) {
  TestStore test;
  const Instance instance = test.instantiate(kThrows);
  const Value null = Value::null(HeapType::Kind::exn);
  EXPECT_TRUE((*instance.function("pass")->call({null}))[0].is_null());
  EXPECT_EQ(trap_of(instance.function("throw_ref")->call({null})), TrapKind::null_reference);
  const CallResult caught = instance.function("caught")->call();
  ASSERT_TRUE(caught.ok()) << caught.message();
  EXPECT_EQ((*caught)[0].type(), ValueType::ref(HeapType::Kind::exn, false));
  const CallResult passed = instance.function("pass")->call({(*caught)[0]});
  ASSERT_TRUE(passed.ok());
  EXPECT_EQ((*passed)[0], (*caught)[0]);
  const CallResult thrown = instance.function("throw_ref")->call({(*passed)[0]});
  ASSERT_EQ(trap_of(thrown), TrapKind::exception);
  EXPECT_EQ(thrown.trap().exception->values[0], Value(1));
  TestStore other(test.engine.config());
  EXPECT_TRUE(refused(other.instantiate(kThrows).function("pass")->call({(*caught)[0]})));
}

constexpr const char* kCatches = R"((module
  (import "" "tag" (tag $error (param i32 f64)))
  (import "" "host" (func $host (param i32)))
  (import "" "fail" (func $fail))
  (func (export "catch") (param i32) (result i32)
    (block $h (result i32 f64)
      (try_table (catch $error $h) (call $host (local.get 0)))
      (return (i32.const -1)))
    (drop))
  (func (export "catch then trap") (param i32) (block $h (try_table (catch_all $h) (call $host (local.get 0))))
    (call $fail))
  (func $inner (call $host (i32.const 3)))
  (func (export "run") (call $inner))))";

TEST(exception, the_host_throws_its_own) {
  TestStore test;
  const auto tag = Tag::create(test.store, {{{kI32, kF64}, {}}});
  ASSERT_TRUE(tag);
  EXPECT_EQ(tag->type().type.parameters, (std::vector<ValueType>{kI32, kF64}));
  EXPECT_EQ(tag->name(), "a tag of the host");
  ASSERT_TRUE(test.linker.define("", "tag", *tag));
  ASSERT_TRUE(test.linker.wrap("", "fail", [] { return HostResult(Trap::host("no")); }));
  ASSERT_TRUE(test.linker.wrap("", "host", [&](int32_t value) -> HostResult {
    if (value == 0) return {};
    return Trap::thrown({*tag, {value + 1, 0.5}});
  }));
  const Instance instance = test.instantiate(kCatches);
  const auto run = instance.typed<int32_t(int32_t)>("catch");
  EXPECT_EQ(*(*run)(0), -1);
  EXPECT_EQ(*(*run)(41), 42);
  const CallResult uncaught = instance.function("run")->call();
  ASSERT_EQ(trap_of(uncaught), TrapKind::exception);
  EXPECT_EQ(uncaught.trap().message, "uncaught exception a tag of the host(4, 0.5)");
  ASSERT_EQ(uncaught.trap().frames.size(), 2u) << uncaught.message();
}

TEST(exception, the_host_hands_one_on) {
  TestStore test;
  const Instance thrower = test.instantiate(kThrows);
  ASSERT_TRUE(test.linker.define("", "tag", *thrower.tag("tag")));
  ASSERT_TRUE(test.linker.wrap("", "fail", [] { return HostResult(Trap::host("no")); }));
  ASSERT_TRUE(test.linker.wrap("", "host", [&](int32_t value) -> HostResult {
    auto result = thrower.function("throw")->call({value});
    return std::move(result).failure();
  }));
  const Instance instance = test.instantiate(kCatches);
  EXPECT_EQ((*instance.function("catch")->call({7}))[0].i32(), 7);
  const CallResult uncaught = instance.function("run")->call();
  ASSERT_EQ(trap_of(uncaught), TrapKind::exception);
  ASSERT_EQ(uncaught.trap().frames.size(), 3u) << uncaught.message();
  EXPECT_EQ(uncaught.trap().frames[0].function, "throw");
  EXPECT_EQ(uncaught.trap().frames[2].function, "run");
  const CallResult trapped = instance.function("catch then trap")->call({1});
  ASSERT_EQ(trap_of(trapped), TrapKind::host_error);
  EXPECT_EQ(trapped.trap().frames.size(), 1u) << "frames of an exception that was caught are gone\n"
                                              << trapped.message();
}

TEST(exception, what_does_not_fit_is_refused) {
  TestStore test;
  TestStore other(test.engine.config());
  const auto tag = Tag::create(test.store, {{{kI32, kF64}, {}}});
  const auto foreign = Tag::create(other.store, {{{kI32, kF64}, {}}});
  EXPECT_TRUE(refused(Tag::create(test.store, {{{}, {kI32}}})));
  EXPECT_TRUE(refused(Tag::create(test.store, {{std::vector<ValueType>(2000, kI32), {}}})));
  ASSERT_TRUE(test.linker.define("", "tag", *tag));
  ASSERT_TRUE(test.linker.wrap("", "fail", [] { return HostResult(Trap::host("no")); }));
  ASSERT_TRUE(test.linker.wrap("", "host", [&](int32_t value) -> HostResult {
    if (value == 0) return Trap::thrown({*foreign, {1, 0.5}});
    if (value == 1) return Trap::thrown({*tag, {1}});
    if (value == 2) return Trap::thrown({*tag, {1, 2}});
    if (value == 3) return Trap::thrown({Tag(), {}});
    Trap empty;
    empty.kind = TrapKind::exception;
    return empty;
  }));
  const Instance instance = test.instantiate(kCatches);
  const char* messages[] = {"a tag of another store or engine", "carries 2 values, not 1",
                            "value 2 of exception", "an empty tag", "without an exception"};
  for (int32_t i = 0; i < 5; ++i) {
    const CallResult result = instance.function("catch")->call({i});
    ASSERT_EQ(trap_of(result), TrapKind::host_error) << i;
    EXPECT_NE(result.trap().message.find(messages[i]), std::string::npos) << result.message();
  }
  // Another store's tag is no import, and neither is one of another type.
  Linker linker(test.engine);
  const Module module = test.module(R"((module (import "" "tag" (tag (param i32)))))");
  const Extern wrong[] = {*tag};
  const auto mismatch = Instance::create(test.store, module, wrong);
  ASSERT_FALSE(mismatch.ok());
  EXPECT_EQ(mismatch.error().kind, ErrorKind::link);
  EXPECT_NE(mismatch.message().find("expected tag (i32), found tag (i32 f64)"), std::string::npos)
      << mismatch.message();
  const Extern elsewhere[] = {*foreign};
  EXPECT_TRUE(refused(Instance::create(test.store, module, elsewhere)));
}

TEST(exception, outlives_its_store) {
  Trap trap;
  {
    TestStore test;
    trap = test.instantiate(kThrows).function("throw")->call({5}).trap();
  }
  ASSERT_NE(trap.exception, nullptr);
  EXPECT_EQ(trap.exception->values[0].i32(), 5);
  EXPECT_EQ(trap.exception->tag.name(), "");
  EXPECT_TRUE(trap.exception->tag.type().type.parameters.empty());
}

TEST(exception, tags_are_exports) {
  TestStore test;
  const Instance instance = test.instantiate(kThrows);
  EXPECT_TRUE(instance.get("tag"));
  EXPECT_EQ(kind_of(*instance.get("tag")), ExternKind::tag);
  EXPECT_EQ(to_string(type_of(*instance.get("tag"))), "(tag (param i32 f64))");
  EXPECT_EQ(instance.exports().size(), 5u);
  EXPECT_TRUE(refused(instance.tag("throw")));
  EXPECT_TRUE(refused(instance.tag("tga")));
}

}  // namespace
}  // namespace heddle
