// SPDX-License-Identifier: Apache-2.0
// Objects: structures and arrays of the guest's, held and read by the host.
#include <heddle/heddle.h>

#include <cstdio>

namespace {

constexpr const char* kSource = R"((module
  (type $point (struct (field i32) (field f64)))
  (type $row (array i32))
  (func (export "make") (param i32) (result anyref)
    (struct.new $point (local.get 0) (f64.const 2.5)))
  (func (export "row") (param i32) (result anyref)
    (array.new $row (i32.const 7) (local.get 0)))))";

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
  auto instance = heddle::Linker(*engine).instantiate(*store, *module);
  if (!instance) return fail(instance.message());
  auto make = instance->function("make");
  auto row = instance->function("row");
  if (!make || !row) return fail("the module has changed");

  auto made = make->call({5});
  if (!made) return fail(made.message());
  heddle::Value point = made->front();
  auto first = heddle::field(point, 0);     // (struct (field i32) (field f64))
  auto count = heddle::field_count(point);  // for arrays: array_length(), element()
  if (!first || !count) return fail("not a structure");
  std::printf("the first of %u fields is %d\n", *count, first->i32());

  (void)store->collect_garbage();  // the Value keeps its object
  auto second = heddle::field(point, 1);
  if (second) std::printf("the second is %.1f\n", second->f64());

  auto rows = row->call({3});
  if (!rows) return fail(rows.message());
  auto length = heddle::array_length(rows->front());
  auto last = heddle::element(rows->front(), 2);
  if (length && last) std::printf("the last of %u elements is %d\n", *length, last->i32());
  return 0;
}
