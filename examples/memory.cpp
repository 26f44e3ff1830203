// SPDX-License-Identifier: Apache-2.0
// Passing text between host and guest through the guest's memory.
#include <heddle/heddle.h>

#include <cstdio>
#include <string>

namespace {

constexpr const char* kSource = R"((module
  (import "host" "print" (func $print (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "shout") (param $at i32) (param $size i32)
    (local $i i32)
    (loop $next
      (if (i32.lt_u (local.get $i) (local.get $size))
        (then
          (i32.store8 (i32.add (local.get $at) (local.get $i))
            (i32.and (i32.load8_u (i32.add (local.get $at) (local.get $i))) (i32.const 0xdf)))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $next))))
    (call $print (local.get $at) (local.get $size)))))";

/// The guest gives address and size; every access is checked, so that a wrong one becomes a trap.
heddle::HostResult print(heddle::Caller& caller, uint32_t address, uint32_t size) {
  auto memory = caller.memory();
  if (!memory) return memory.error();
  if (size > 1000) return heddle::Trap::host("too long to print");
  std::string text(size, '\0');
  auto copied = memory->read(address, {reinterpret_cast<uint8_t*>(text.data()), text.size()});
  if (!copied) return copied.error();
  std::printf("%s\n", text.c_str());
  return {};
}

}  // namespace

int main() {
  auto engine = heddle::Engine::create();
  auto module = heddle::Module::load_text(*engine, kSource);
  auto store = heddle::Store::create(*engine);
  heddle::Linker linker(*engine);
  if (!module || !store || !linker.wrap("host", "print", print)) return 1;
  auto instance = linker.instantiate(*store, *module);
  auto memory = instance->memory();
  auto shout = instance->typed<void(uint32_t, uint32_t)>("shout");
  if (!memory || !shout) return 1;

  const std::string text = "warp and weft";
  if (!memory->write(16, {reinterpret_cast<const uint8_t*>(text.data()), text.size()})) return 1;
  if (auto done = (*shout)(16, 4); !done) std::printf("%s\n", done.message().c_str());

  // Outside the memory: the guest's own access traps.
  if (auto done = (*shout)(65'530, 10); !done) std::printf("%s\n", heddle::to_string(done.trap().kind));
  std::printf("%llu bytes\n", static_cast<unsigned long long>(memory->size()));
  return 0;
}
