// SPDX-License-Identifier: Apache-2.0
// Exceptions: one that the guest does not catch, one that the host throws, one that passes through the host.
#include <heddle/heddle.h>

#include <cstdio>

namespace {

constexpr const char* kSource = R"((module
  (import "host" "refused" (tag $refused (param i32)))
  (import "host" "open" (func $open (param i32)))
  (func (export "try") (param i32) (result i32)
    (block $caught (result i32)
      (try_table (catch $refused $caught) (call $open (local.get 0)))
      (i32.const 0)))
  (func (export "must") (param i32) (call $open (local.get 0)))))";

int fail(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  return 1;
}

}  // namespace

int main() {
  auto engine = heddle::Engine::create();
  if (!engine) return fail(engine.error().to_string());
  auto module = heddle::Module::load_text(*engine, kSource);
  if (!module) return fail(module.error().to_string());
  auto store = heddle::Store::create(*engine);
  if (!store) return fail(store.error().to_string());

  heddle::Linker linker(*engine);
  auto refused = heddle::Tag::create(*store, {{{heddle::ValueType::Kind::i32}, {}}});
  if (!refused) return fail(refused.error().to_string());
  auto defined = linker.define("host", "refused", *refused);
  if (!defined) return fail(defined.error().to_string());
  auto open = [tag = *refused](int32_t door) -> heddle::HostResult {
    if (door > 3) return heddle::Trap::thrown({tag, {door}});
    return {};
  };
  defined = linker.wrap("host", "open", open);
  if (!defined) return fail(defined.error().to_string());
  auto instance = linker.instantiate(*store, *module);
  if (!instance) return fail(instance.message());

  auto attempt = instance->typed<int32_t(int32_t)>("try");
  auto must = instance->typed<void(int32_t)>("must");
  if (!attempt || !must) return fail("the module has changed");
  for (const int32_t door : {2, 7}) {
    if (auto caught = (*attempt)(door)) std::printf("try %d: the guest caught %d\n", door, *caught);
  }

  auto outcome = (*must)(9);
  if (outcome.trapped() && outcome.trap().exception != nullptr) {
    const heddle::Exception& thrown = *outcome.trap().exception;
    if (thrown.tag == *refused) std::printf("must 9: nobody caught %d\n", thrown.values[0].i32());
  }
  return 0;
}
