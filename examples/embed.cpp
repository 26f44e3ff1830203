// SPDX-License-Identifier: Apache-2.0
// Embedding in one page: load a module, give it a host function, call it, and handle a trap.
#include <heddle/heddle.h>

#include <cstdio>

namespace {

constexpr const char* kSource = R"((module
  (import "host" "report" (func $report (param i32)))
  (func (export "divide") (param i32 i32) (result i32)
    (call $report (local.get 0))
    (i32.div_s (local.get 0) (local.get 1)))))";

int fail(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  return 1;
}

}  // namespace

int main() {
  auto engine = heddle::Engine::create();
  if (!engine) return fail(engine.error().to_string());

  // A module is immutable and may be shared by threads; load() takes bytes, load_text() the text format.
  auto module = heddle::Module::load_text(*engine, kSource);
  if (!module) return fail(module.error().to_string());

  // A store owns what one guest thread uses.
  auto store = heddle::Store::create(*engine);
  if (!store) return fail(store.error().to_string());

  // The lambda's type is the function's type.
  heddle::Linker linker(*engine);
  auto defined = linker.wrap("host", "report", [](int32_t n) { std::printf("guest says %d\n", n); });
  if (!defined) return fail(defined.error().to_string());

  auto instance = linker.instantiate(*store, *module);
  if (!instance) return fail(instance.message());

  // The type is checked here, once; calls are then cheap.
  auto divide = instance->typed<int32_t(int32_t, int32_t)>("divide");
  if (!divide) return fail(divide.error().to_string());

  if (auto quotient = (*divide)(84, 2)) std::printf("84 / 2 = %d\n", *quotient);

  auto impossible = (*divide)(1, 0);
  if (impossible.trapped()) std::printf("1 / 0: %s\n", heddle::to_string(impossible.trap().kind));
  return 0;
}
