// SPDX-License-Identifier: Apache-2.0
// Keeping a guest within bounds: fuel, a time limit, an interrupt from another thread, and a memory limit.
#include <heddle/heddle.h>

#include <chrono>
#include <cstdio>
#include <thread>

namespace {

constexpr const char* kSource = R"((module
  (memory (export "memory") 1)
  (func (export "spin") (loop $for_ever (br $for_ever)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))))";

/// Calls `spin`, which only a limit can stop, and says which one did.
void spin(const heddle::Instance& instance, const char* what) {
  auto function = instance.typed<void()>("spin");
  if (!function) return;
  const auto stopped = (*function)();
  std::printf("%s: %s\n", what, stopped.trapped() ? heddle::to_string(stopped.trap().kind) : "not stopped");
}

}  // namespace

int main() {
  using namespace std::chrono_literals;
  // Counting fuel makes code a little slower, so an engine does it only when asked.
  auto engine = heddle::Engine::create({.fuel = true});
  auto module = heddle::Module::load_text(*engine, kSource);
  auto store = heddle::Store::create(*engine, {.memory_bytes = 1 << 20});
  if (!module || !store) return 1;
  if (!store->set_fuel(1'000'000)) return 1;
  auto instance = heddle::Instance::create(*store, *module);
  if (!instance) return 1;

  // Deterministic: the same guest stops at the same instruction on every run.
  spin(*instance, "fuel");

  if (!store->set_fuel(UINT64_MAX) || !store->set_timeout(20ms)) return 1;
  spin(*instance, "timeout");

  // An interrupt handle may be used from any thread, also when the store is gone.
  if (!store->set_timeout(0ns)) return 1;
  std::thread other([handle = store->interrupt_handle()] {
    std::this_thread::sleep_for(20ms);
    handle.interrupt();
  });
  spin(*instance, "interrupt");
  other.join();

  // A refused growth is no trap: the guest sees -1.
  auto grow = instance->typed<int32_t(int32_t)>("grow");
  if (!grow) return 1;
  std::printf("grow by 10 pages: %d\n", *(*grow)(10));
  std::printf("grow by 10 more: %d\n", *(*grow)(10));
  return 0;
}
