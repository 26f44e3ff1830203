// SPDX-License-Identifier: Apache-2.0
// The functions whose names begin with thread_, on GuestProcess and ThreadTable.
//
// The memory may be shared: other threads may change the bytes at any time. What decides anything is copied
// once, and only the copy is looked at. Memories never shrink, so a place that was inside stays so.
#include "threads/thread_functions.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>
#include <variant>

#include "engine/support/try.h"
#include "threads/fiber.h"
#include "threads/guest_process.h"
#include "threads/scheduler.h"

namespace heddle::threads {

namespace {

constexpr const char* kModule = "heddle";
constexpr std::string_view kPrefix = "thread_";

constexpr uint32_t kIsolated = 1;
constexpr uint32_t kDetached = 2;

/// Longer names are nobody's: the limit keeps copies small.
constexpr uint32_t kMostNameBytes = 1024;

template <class R>
[[nodiscard]] R to_code(ThreadError error) noexcept {
  return static_cast<R>(error);
}

/// Has it results that can be a thread's number?
bool is_number(const std::vector<ValueType>& results) {
  if (results.empty()) return true;
  const ValueType::Kind kind = results[0].kind();
  return results.size() == 1 && (kind == ValueType::Kind::i32 || kind == ValueType::Kind::i64);
}

using Address = uint32_t;

/// One call of a guest: its process, its thread and its memory.
class Call {
 public:
  Call(Caller& caller, GuestProcess& process, std::span<uint8_t> memory)
      : caller_(caller), process_(process), memory_(memory) {}

  [[nodiscard]] Caller& caller() const noexcept { return caller_; }
  [[nodiscard]] GuestProcess& process() const noexcept { return process_; }
  [[nodiscard]] ThreadTable& table() const noexcept { return process_.table(); }
  [[nodiscard]] const GuestThread& thread() const noexcept { return GuestThread::current(); }
  /// Of those that thread_spawn started; else null.
  [[nodiscard]] ThreadRecord* record() const noexcept { return thread().record().get(); }

  [[nodiscard]] bool has(Address address, uint64_t size) const noexcept {
    return address <= memory_.size() && size <= memory_.size() - address;
  }
  /// REQUIRES: has() it.
  [[nodiscard]] std::span<uint8_t> range(Address address, uint64_t size) const {
    return memory_.subspan(address, size);
  }
  /// A copy. Errors: fault, no_memory (more than the process may keep).
  [[nodiscard]] ThreadError copy(Address address, uint32_t size, Bytes& out) const {
    if (!has(address, size)) return ThreadError::fault;
    if (size > process_.most_bytes()) return ThreadError::no_memory;
    const auto place = range(address, size);
    out = std::make_shared<const std::string>(reinterpret_cast<const char*>(place.data()), place.size());
    return ThreadError::none;
  }
  /// As much as there is room for; gives how much there is. Errors: fault.
  [[nodiscard]] int64_t give(const Bytes& bytes, Address address, uint32_t capacity) const {
    if (!has(address, capacity)) return to_code<int64_t>(ThreadError::fault);
    if (bytes == nullptr) return 0;
    const size_t count = std::min<size_t>(bytes->size(), capacity);
    if (count != 0) std::memcpy(range(address, capacity).data(), bytes->data(), count);
    return static_cast<int64_t>(bytes->size());
  }

 private:
  Caller& caller_;
  GuestProcess& process_;
  const std::span<uint8_t> memory_;
};

/// The entry of this name. Errors: fault, no_entry, invalid.
ThreadError find_entry(const Call& call, Address name, uint32_t size, const ThreadEntry*& out) {
  if (!call.has(name, size)) return ThreadError::fault;
  if (size > kMostNameBytes) return ThreadError::no_entry;
  const auto place = call.range(name, size);
  return call.process().entries().find({reinterpret_cast<const char*>(place.data()), size}, out);
}

Outcome<int32_t> thread_spawn(Call& call, Address name, uint32_t name_size, Address argument,
                              uint32_t argument_size, uint32_t flags) {
  const ThreadEntry* entry = nullptr;
  if (const ThreadError error = find_entry(call, name, name_size, entry); error != ThreadError::none) {
    return to_code<int32_t>(error);
  }
  if (!call.has(argument, argument_size)) return to_code<int32_t>(ThreadError::fault);
  const bool is_isolated = (flags & kIsolated) != 0;
  // An address means nothing in another memory.
  if ((flags & ~(kIsolated | kDetached)) != 0 || (is_isolated && entry->takes_argument)) {
    return to_code<int32_t>(ThreadError::invalid);
  }
  if (!call.process().can_spawn(call.thread(), is_isolated)) {
    return to_code<int32_t>(ThreadError::unsupported);
  }
  const auto record =
      std::make_shared<ThreadRecord>(*entry, is_isolated, (flags & kDetached) != 0, argument, argument_size);
  if (!entry->takes_argument) {
    const ThreadError error = call.copy(argument, argument_size, record->argument);
    if (error != ThreadError::none) return to_code<int32_t>(error);
  }
  return call.process().spawn(record);
}

Outcome<int32_t> thread_wait(Call& call, int32_t id, int64_t timeout_ns) {
  return call.table().wait(call.caller(), call.thread().id(), static_cast<uint32_t>(id), timeout_ns);
}

Outcome<int32_t> thread_number(Call& call, int32_t id, Address out) {
  uint64_t number = 0;
  if (!call.has(out, sizeof number)) return to_code<int32_t>(ThreadError::fault);
  const ThreadError error = call.table().number(static_cast<uint32_t>(id), number);
  if (error == ThreadError::none) std::memcpy(call.range(out, sizeof number).data(), &number, sizeof number);
  return to_code<int32_t>(error);
}

Outcome<int64_t> thread_result(Call& call, int32_t id, Address address, uint32_t capacity) {
  Bytes bytes;
  const ThreadError error = call.table().result(static_cast<uint32_t>(id), bytes);
  if (error != ThreadError::none) return to_code<int64_t>(error);
  return call.give(bytes, address, capacity);
}

Outcome<int32_t> thread_set_result(Call& call, Address address, uint32_t size) {
  if (call.record() == nullptr) return to_code<int32_t>(ThreadError::unsupported);
  Bytes bytes;
  ThreadError error = call.copy(address, size, bytes);
  if (error == ThreadError::none) error = call.table().set_result(*call.record(), std::move(bytes));
  return to_code<int32_t>(error);
}

Outcome<int64_t> thread_argument(Call& call, Address address, uint32_t capacity) {
  if (call.record() == nullptr) return to_code<int64_t>(ThreadError::unsupported);
  return call.give(call.record()->argument, address, capacity);
}

Outcome<int64_t> thread_data(Call& call, int32_t id, Address address, uint32_t capacity) {
  Bytes bytes;
  const ThreadError error = call.table().data(static_cast<uint32_t>(id), bytes);
  if (error != ThreadError::none) return to_code<int64_t>(error);
  return call.give(bytes, address, capacity);
}

Outcome<int32_t> thread_set_data(Call& call, int32_t id, Address address, uint32_t size) {
  Bytes bytes;
  ThreadError error = call.copy(address, size, bytes);
  if (error == ThreadError::none) error = call.table().set_data(static_cast<uint32_t>(id), std::move(bytes));
  return to_code<int32_t>(error);
}

/// Copies at most `size` bytes, as many as there are from `from` on.
Outcome<int64_t> thread_memory(Call& call, int32_t id, uint64_t from, Address address, uint32_t size) {
  if (!call.has(address, size)) return to_code<int64_t>(ThreadError::fault);
  std::shared_ptr<PooledInstance> instance;
  Memory memory;
  const ThreadError error = call.table().memory(static_cast<uint32_t>(id), instance, memory);
  if (error != ThreadError::none) return to_code<int64_t>(error);
  const std::span<const uint8_t> bytes = memory.data();
  if (from > bytes.size()) return to_code<int64_t>(ThreadError::fault);
  const size_t count = std::min<uint64_t>(size, bytes.size() - from);
  if (count != 0) std::memcpy(call.range(address, size).data(), bytes.data() + from, count);
  return static_cast<int64_t>(count);
}

Outcome<int32_t> thread_free(Call& call, int32_t id) {
  return to_code<int32_t>(call.table().free(static_cast<uint32_t>(id)));
}

/// Defines one function.
template <class R, class... A>
Result<void> define(Linker& linker, std::string_view name, const std::weak_ptr<GuestProcess>& owner,
                    Outcome<R> (*function)(Call&, A...)) {
  return linker.wrap(kModule, name, [owner, function](Caller& caller, A... arguments) -> Outcome<R> {
    const std::shared_ptr<GuestProcess> process = owner.lock();
    if (process == nullptr) return Trap::interrupted();
    // A module without a memory may call what needs none; no pointer is inside then.
    const auto memory = caller.memory();
    Call call(caller, *process, memory ? memory->data() : std::span<uint8_t>());
    return function(call, arguments...);
  });
}

}  // namespace

ThreadEntries::ThreadEntries(const Module& module) {
  const std::vector<ValueType> span(2, ValueType::Kind::i32);
  for (const ExportType& each : module.exports()) {
    const auto* const type = std::get_if<FunctionType>(&each.type);
    if (type == nullptr) continue;
    Row row{{each.name, type->parameters == span}, false};
    row.fits = (type->parameters.empty() || row.entry.takes_argument) && is_number(type->results);
    rows_.emplace(each.name, std::move(row));
  }
}

ThreadError ThreadEntries::find(const std::string& name, const ThreadEntry*& out) const {
  const auto row = rows_.find(name);
  if (row == rows_.end()) return ThreadError::no_entry;
  out = &row->second.entry;
  return row->second.fits ? ThreadError::none : ThreadError::invalid;
}

Result<void> define_thread_functions(Linker& linker, std::weak_ptr<GuestProcess> process) {
  HEDDLE_TRY(define(linker, "thread_spawn", process, thread_spawn));
  HEDDLE_TRY(define(linker, "thread_wait", process, thread_wait));
  HEDDLE_TRY(define(linker, "thread_number", process, thread_number));
  HEDDLE_TRY(define(linker, "thread_result", process, thread_result));
  HEDDLE_TRY(define(linker, "thread_set_result", process, thread_set_result));
  HEDDLE_TRY(define(linker, "thread_argument", process, thread_argument));
  HEDDLE_TRY(define(linker, "thread_data", process, thread_data));
  HEDDLE_TRY(define(linker, "thread_set_data", process, thread_set_data));
  HEDDLE_TRY(define(linker, "thread_memory", process, thread_memory));
  HEDDLE_TRY(define(linker, "thread_free", process, thread_free));
  HEDDLE_TRY(
      linker.wrap(kModule, "thread_self", [] { return static_cast<int32_t>(GuestThread::current().id()); }));
  HEDDLE_TRY(linker.wrap(kModule, "thread_parallelism",
                         [] { return static_cast<int32_t>(Fiber::current()->scheduler().parallelism()); }));
  return linker.wrap(kModule, "thread_yield", [] { Fiber::current()->yield(); });
}

bool is_thread_function(const ImportType& import) {
  return import.module == kModule && import.name.starts_with(kPrefix);
}

}  // namespace heddle::threads
