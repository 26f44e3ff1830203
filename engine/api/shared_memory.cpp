// SPDX-License-Identifier: Apache-2.0
// SharedMemory: creation by the host, and wait and notify for host threads.
#include "engine/api/access.h"
#include "engine/api/convert.h"
#include "engine/support/bits.h"
#include "engine/support/try.h"

namespace heddle {

using detail::Access;

Result<SharedMemory> SharedMemory::create(const Engine& engine, MemoryType type) {
  const auto& impl = Access::impl(engine);
  if (impl == nullptr) return detail::empty_handle("engine");
  type.is_shared = true;
  HEDDLE_TRY(detail::check_type(type));
  const engine::MemoryType internal = detail::internal_type(type);
  HEDDLE_TRY_ASSIGN(auto memory, engine::Memory::create(internal, impl->memory_mode, nullptr));
  return SharedMemory(impl, std::move(memory));
}

namespace {

Result<void> check_cell(const engine::Memory* memory, uint64_t address) {
  if (memory == nullptr) return detail::empty_handle("memory");
  if (!memory->contains(address, sizeof(uint32_t))) {
    return detail::usage_error("address " + std::to_string(address) + " is outside the memory");
  }
  if (!engine::is_aligned(address, sizeof(uint32_t))) {
    return detail::usage_error("address " + std::to_string(address) + " is not a multiple of 4");
  }
  return {};
}

}  // namespace

Result<uint32_t> SharedMemory::notify(uint64_t address, uint32_t count) const {
  HEDDLE_TRY(check_cell(memory_.get(), address));
  return engine_->wait_queues.notify(*memory_, address, count);
}

Result<SharedMemory::Wait> SharedMemory::wait(uint64_t address, uint32_t expected,
                                              std::chrono::nanoseconds timeout) const {
  HEDDLE_TRY(check_cell(memory_.get(), address));
  engine::Waiter waiter;
  switch (engine_->wait_queues.wait32(waiter, *memory_, address, expected, timeout.count())) {
    case engine::WaitResult::woken: return Wait::woken;
    case engine::WaitResult::not_equal: return Wait::not_equal;
    case engine::WaitResult::timed_out: return Wait::timed_out;
    default: break;
  }
  Error error = detail::usage_error("too many waiters");
  error.kind = ErrorKind::resource;
  return error;
}

}  // namespace heddle
