// SPDX-License-Identifier: Apache-2.0
// Two guests on two host threads that share one memory: one waits for a number, the other sends it.
#include <heddle/heddle.h>

#include <cstdio>
#include <thread>

namespace {

constexpr const char* kSource = R"((module
  (import "host" "memory" (memory 1 1 shared))
  ;; Sleeps until the cell at 0 is no longer zero, then takes what stands at 4.
  (func (export "receive") (result i32)
    (loop $again
      (if (i32.eqz (i32.atomic.load (i32.const 0)))
        (then
          (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))
          (br $again))))
    (i32.atomic.load (i32.const 4)))
  (func (export "send") (param $number i32)
    (i32.atomic.store (i32.const 4) (local.get $number))
    (i32.atomic.store (i32.const 0) (i32.const 1))
    (drop (memory.atomic.notify (i32.const 0) (i32.const -1))))))";

/// One store for each thread; the linker, the module and the memory are shared.
heddle::Outcome<int32_t> receive(const heddle::Engine& engine, const heddle::Linker& linker,
                                 const heddle::Module& module) {
  auto store = heddle::Store::create(engine);
  if (!store) return store.error();
  auto instance = linker.instantiate(*store, module);
  if (!instance) return std::move(instance).failure();
  auto function = instance->typed<int32_t()>("receive");
  if (!function) return function.error();
  return (*function)();
}

}  // namespace

int main() {
  auto engine = heddle::Engine::create();
  auto module = heddle::Module::load_text(*engine, kSource);
  auto memory = heddle::SharedMemory::create(*engine, {.min = 1, .max = 1});
  if (!module || !memory) return 1;
  heddle::Linker linker(*engine);
  if (!linker.define("host", "memory", *memory)) return 1;

  std::thread receiver([&] {
    auto number = receive(*engine, linker, *module);
    if (number) std::printf("received %d\n", *number);
  });

  auto store = heddle::Store::create(*engine);
  auto instance = linker.instantiate(*store, *module);
  auto send = instance->typed<void(int32_t)>("send");
  if (!send || !(*send)(42)) return 1;
  receiver.join();

  // The host sees the same bytes.
  std::printf("the host reads %u\n", *memory->load<uint32_t>(4));
  return 0;
}
