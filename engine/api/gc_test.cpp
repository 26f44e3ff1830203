// SPDX-License-Identifier: Apache-2.0
// References to objects in the hands of the host: how long they live, what they may be used for.
#include <thread>

#include "engine/api/test_store.h"

namespace heddle {
namespace {

constexpr const char* kMaker = R"((module
  (type $point (struct (field (mut i32)) (field i8) (field (mut anyref)) (field f64)))
  (type $bytes (array (mut i8)))
  (global (export "g") (mut anyref) (ref.null any))
  (func (export "make") (param i32) (result anyref)
    (struct.new $point (local.get 0) (i32.const -1) (ref.i31 (i32.const -7)) (f64.const 2.5)))
  (func (export "array") (param i32) (result arrayref) (array.new $bytes (i32.const 0x180) (local.get 0)))
  (func (export "x") (param (ref null $point)) (result i32) (struct.get $point 0 (local.get 0)))
  (func (export "out") (param anyref) (result externref) (extern.convert_any (local.get 0)))
  (func (export "in") (param externref) (result anyref) (any.convert_extern (local.get 0)))
  (func (export "eq") (param eqref eqref) (result i32) (ref.eq (local.get 0) (local.get 1)))))";

struct ApiGc : ::testing::Test {
  Value call(const char* name, std::vector<Value> arguments) {
    auto result = instance.function(name)->call(arguments);
    EXPECT_TRUE(result.ok()) << result.message();
    return result.ok() ? result->front() : Value();
  }
  uint64_t live() {
    EXPECT_TRUE(test.store.collect_garbage());
    return test.store.gc_statistics().live_bytes;
  }

  TestStore test{{.gc_stress = true}};
  Instance instance = test.instantiate(kMaker);
};

TEST_F(ApiGc, a_value_keeps_its_object_until_its_last_copy_is_gone) {
  Value kept = call("make", {5});
  EXPECT_EQ(kept.reference_kind(), ReferenceKind::structure);
  EXPECT_EQ(live(), 32u);
  Value copy = kept;
  EXPECT_EQ(copy, kept);
  kept = Value();
  EXPECT_EQ(live(), 32u);
  EXPECT_EQ(call("x", {copy}).i32(), 5);
  copy = Value();
  EXPECT_EQ(live(), 0u);
}

TEST_F(ApiGc, fields_and_elements) {
  const Value point = call("make", {5});
  EXPECT_EQ(field_count(point).value(), 4u);
  EXPECT_EQ(field(point, 0)->i32(), 5);
  EXPECT_EQ(field(point, 1)->i32(), 0xff);
  EXPECT_EQ(field(point, 2)->i31(), -7);
  EXPECT_EQ(field(point, 3)->f64(), 2.5);
  EXPECT_TRUE(refused(field(point, 4)));
  EXPECT_TRUE(refused(array_length(point)));
  const Value bytes = call("array", {3});
  EXPECT_EQ(bytes.reference_kind(), ReferenceKind::array);
  EXPECT_EQ(array_length(bytes).value(), 3u);
  EXPECT_EQ(element(bytes, 2)->i32(), 0x80);
  EXPECT_TRUE(refused(element(bytes, 3)));
  EXPECT_TRUE(refused(field(Value::null(HeapType::Kind::any), 0)));
  EXPECT_TRUE(refused(field(Value(1), 0)));
}

TEST_F(ApiGc, references_keep_what_they_are_through_extern) {
  const Value point = call("make", {6});
  const Value outside = call("out", {point});
  EXPECT_EQ(to_string(outside.type()), "(ref extern)");
  EXPECT_EQ(outside.reference_kind(), ReferenceKind::structure);
  EXPECT_EQ(outside.externref(), nullptr);
  EXPECT_EQ(field(outside, 0)->i32(), 6);
  EXPECT_EQ(call("in", {outside}), point);

  int object = 0;
  const Value inside = call("in", {Value::externref(&object)});
  EXPECT_EQ(inside, Value::anyref(&object));
  EXPECT_EQ(inside.externref(), &object);
  EXPECT_EQ(inside.reference_kind(), ReferenceKind::host);
  EXPECT_EQ(call("out", {inside}), Value::externref(&object));

  const Value small = call("in", {call("out", {Value::i31(0x40000001)})});
  EXPECT_EQ(small, Value::i31(0x40000001));
  EXPECT_EQ(small.i31(), -0x3fffffff);
  EXPECT_EQ(call("eq", {small, Value::i31(0xc0000001)}).i32(), 1);
}

TEST_F(ApiGc, pointers_that_would_not_survive_are_refused) {
  void* const high = reinterpret_cast<void*>(uint64_t{1} << 62);  // NOLINT: no address
  EXPECT_TRUE(refused(instance.function("in")->call({Value::externref(high)})));
  void* const odd = reinterpret_cast<void*>(0x3ffffffffffffffd);  // NOLINT: no address
  EXPECT_EQ(call("in", {Value::externref(odd)}).externref(), odd);
}

/// Fault checklist, row 21: handles beyond their store.
TEST_F(ApiGc, values_belong_to_their_store) {
  const Value point = call("make", {5});
  TestStore other;
  const Instance there = other.instantiate(kMaker);
  EXPECT_TRUE(refused(there.function("x")->call({point})));
  EXPECT_TRUE(refused(instance.function("x")->call({call("array", {1})})));
}

TEST_F(ApiGc, globals_hold_objects) {
  ASSERT_TRUE(instance.global("g")->set(call("make", {8})));
  EXPECT_EQ(live(), 32u);
  EXPECT_EQ(field(instance.global("g")->get().value(), 0)->i32(), 8);
  ASSERT_TRUE(instance.global("g")->set(Value::null(HeapType::Kind::any)));
  EXPECT_EQ(live(), 0u);
}

/// Fault checklist, row 21: handles beyond their store.
TEST_F(ApiGc, a_value_may_die_elsewhere_and_later) {
  std::vector<Value> values;
  for (int i = 0; i < 100; ++i) values.push_back(call("make", {i}));
  EXPECT_EQ(live(), 3200u);
  std::thread([dropped = std::move(values)] {}).join();
  EXPECT_EQ(live(), 0u);
  Value orphan;
  {
    TestStore gone;
    orphan = gone.instantiate(kMaker).function("make")->call({1})->front();
  }
  EXPECT_TRUE(refused(field(orphan, 0)));
  EXPECT_TRUE(refused(instance.function("x")->call({orphan})));
}

TEST_F(ApiGc, host_functions_take_and_give_objects) {
  Value seen;
  const ValueType anyref = ValueType::ref(HeapType::Kind::any, true);
  auto swap = [&](Caller&, std::span<const Value> arguments, std::span<Value> results) -> HostResult {
    results[0] = seen.type().is_ref() ? seen : Value::null(HeapType::Kind::any);
    seen = arguments[0];
    return {};
  };
  ASSERT_TRUE(test.linker.function("", "swap", {{anyref}, {anyref}}, swap));
  const Instance user = test.instantiate(R"((module
    (type $s (struct (field i32)))
    (func $swap (import "" "swap") (param anyref) (result anyref))
    (func (export "run") (result i32)
      (drop (call $swap (struct.new $s (i32.const 1))))
      (drop (struct.new $s (i32.const 3)))
      (struct.get $s 0 (ref.cast (ref $s) (call $swap (struct.new $s (i32.const 2))))))))");
  EXPECT_EQ(user.function("run")->call()->front().i32(), 1);
  EXPECT_EQ(field(seen, 0)->i32(), 2);
}

/// Custom descriptors are off unless the engine's Config says otherwise; then what the host passes has its
/// exact type.
TEST(ApiDescriptors, must_be_asked_for) {
  constexpr const char* source = R"((module
    (rec (type $s (descriptor $d) (struct (field i32))) (type $d (describes $s) (struct (field i32))))
    (func (export "make") (param i32) (result anyref)
      (struct.new_desc $s (local.get 0) (struct.new $d (i32.add (local.get 0) (i32.const 1)))))
    (func (export "descriptor") (param (ref (exact $s))) (result anyref) (ref.get_desc $s (local.get 0)))))";
  const TestStore standard;
  const auto module = Module::load_text(standard.engine, source);
  ASSERT_FALSE(module.ok());
  EXPECT_EQ(module.error().kind, ErrorKind::unsupported);
  EXPECT_EQ(module.error().message, "feature custom descriptors is not enabled");

  TestStore test{{.custom_descriptors = true}};
  const Instance instance = test.instantiate(source);
  const Value made = instance.function("make")->call({4})->front();
  EXPECT_EQ(field_count(made).value(), 1u);
  EXPECT_EQ(field(made, 0)->i32(), 4);
  const Value descriptor = instance.function("descriptor")->call({made})->front();
  EXPECT_EQ(field(descriptor, 0)->i32(), 5);
  EXPECT_TRUE(refused(instance.function("descriptor")->call({descriptor})));
  EXPECT_TRUE(refused(instance.function("descriptor")->call({Value::null(HeapType::Kind::any)})));
}

}  // namespace
}  // namespace heddle
