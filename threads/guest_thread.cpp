// SPDX-License-Identifier: Apache-2.0
// GuestThread: from the first step on its fiber to the last.
#include "threads/guest_thread.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/runtime/exec_context.h"
#include "threads/attachment.h"
#include "threads/guest_process.h"
#include "threads/wasi_threads.h"

namespace heddle::threads {

namespace {

/// Of what trapped, as others read it: a host function may have said anything.
constexpr size_t kMostMessageBytes = 4096;

/// What a function returned as one number; i32 without its sign.
uint64_t number_of(const std::vector<Value>& results) {
  if (results.empty()) return 0;
  return results[0].type().kind() == ValueType::Kind::i64 ? results[0].u64() : results[0].u32();
}

}  // namespace

GuestThread& GuestThread::current() noexcept { return *static_cast<GuestThread*>(Fiber::current()->job()); }

void GuestThread::run() noexcept {
  InstancePool& pool = process_->pool(is_isolated());
  auto instance = pool.take();
  if (!instance) {
    judge(std::move(instance).error());
  } else {
    run_in(**instance);
    if (is_isolated() && (*instance)->is_prepared()) {
      // Whoever holds it is a thread of the process, or its table: the pool is there.
      its_end_.instance = {instance->release(), [&pool](PooledInstance* back) {
                             pool.give_back(std::unique_ptr<PooledInstance>(back));
                           }};
    } else {
      pool.give_back(std::move(*instance));
    }
  }
  const std::shared_ptr<GuestProcess> process = process_;  // may go with the last thread
  process->ended(*this, std::move(its_end_));
  delete this;
}

void GuestThread::run_in(PooledInstance& instance) {
  Outcome<void> outcome;
  {
    const Attachment attachment(instance, *Fiber::current());
    if (process_->enter(*this, instance)) {
      outcome = instance.prepare();
      // Instantiation goes deeper than most threads that then wait.
      if (instance.is_new()) Fiber::current()->release_unused_stack();
      // Who was stopped before this has been told; who is stopped after it, is told in the call.
      if (outcome.ok() && !process_->is_finishing()) outcome = call_entry(instance.instance());
    }
    process_->leave(*this);
  }
  if (outcome.trapped()) process_->witness(id_, outcome.trap());
  judge(std::move(outcome));
}

/// What an isolated thread does ends itself, what any other does ends all.
void GuestThread::judge(Outcome<void> outcome) {
  if (outcome.ok()) {
    if (id_ == 0) process_->finish(std::make_unique<Failure>(Trap::exit(0)));
    return;
  }
  if (!is_isolated()) return process_->finish(std::move(outcome).failure());
  if (const auto code = outcome.exit_code()) {
    its_end_.status = ThreadStatus::exited;
    its_end_.number = *code;
    return;
  }
  its_end_.status = ThreadStatus::trapped;
  its_end_.message = outcome.trapped() ? outcome.trap().message : outcome.error().message;
  its_end_.message.resize(std::min(its_end_.message.size(), kMostMessageBytes));
}

Outcome<void> GuestThread::call_entry(const Instance& instance) {
  if (record_ != nullptr) return call_named(instance);
  if (id_ == 0) {
    const auto start = instance.typed<void()>("_start");
    if (!start) return start.error();
    return start->call();
  }
  const auto start = instance.typed<void(int32_t, int32_t)>(kThreadStart);
  if (!start) return start.error();
  return start->call(static_cast<int32_t>(id_), argument_);
}

Outcome<void> GuestThread::call_named(const Instance& instance) {
  const auto function = instance.function(record_->entry.name);
  if (!function) return function.error();
  std::vector<Value> arguments;
  if (record_->entry.takes_argument) arguments = {record_->argument_address, record_->argument_size};
  CallResult results = function->call(arguments);
  if (!results.ok()) return std::move(results).failure();
  its_end_.number = number_of(*results);
  return {};
}

void GuestThread::interrupt(bool reported) const noexcept {
  if (context_ != nullptr) context_->forgoes_backtraces.store(!reported, std::memory_order_relaxed);
  interrupt_.interrupt();
}

uint64_t GuestThread::endless_wait() const noexcept {
  return context_ == nullptr ? 0 : context_->waiter.endless_wait();
}

uint64_t GuestThread::wait_address() const noexcept { return context_->waiter.address(); }

}  // namespace heddle::threads
