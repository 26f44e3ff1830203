// SPDX-License-Identifier: Apache-2.0
// The public headers in a program built without exceptions and RTTI, which engine/CMakeLists.txt sets for
// this file.
#include <gtest/gtest.h>
#include <heddle/heddle.h>

namespace heddle {
namespace {

#if defined(__cpp_exceptions) || defined(__cpp_rtti)
#error "this file must be compiled with -fno-exceptions -fno-rtti"
#endif

TEST(no_exceptions, the_api_works_alike) {
  auto engine = Engine::create();
  auto module = Module::load_text(*engine, R"((module (import "" "f" (func $f (param i32) (result i32)))
    (func (export "run") (param i32) (result i32) (call $f (local.get 0)))))");
  ASSERT_TRUE(module.ok());
  auto store = Store::create(*engine);
  Linker linker(*engine);
  ASSERT_TRUE(linker.wrap("", "f", [](int32_t n) -> Outcome<int32_t> {
    if (n < 0) return Trap::host("negative");
    return n * 2;
  }));
  auto instance = linker.instantiate(*store, *module);
  ASSERT_TRUE(instance.ok()) << instance.message();
  const auto run = instance->typed<int32_t(int32_t)>("run");
  EXPECT_EQ(*(*run)(21), 42);
  EXPECT_EQ((*run)(-1).trap().message, "negative");
}

}  // namespace
}  // namespace heddle
