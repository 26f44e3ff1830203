// SPDX-License-Identifier: Apache-2.0
// InstancePool on detail::renew and FiberStacks.
#include "threads/instance_pool.h"

#include <algorithm>
#include <span>
#include <utility>

#include "engine/api/access.h"
#include "engine/api/pooling.h"
#include "engine/support/try.h"

namespace heddle::threads {

namespace {

/// A guest stack with the reserve that small functions are entered into unchecked.
size_t stack_bytes(const StoreLimits& limits) {
  constexpr uint64_t kLeast = uint64_t{16} << 10;
  constexpr uint64_t kMost = uint64_t{1} << 30;
  return std::clamp(limits.stack_bytes, kLeast, kMost) +
         engine::ExecContext::kReserveSlots * sizeof(engine::Slot);
}

}  // namespace

engine::ExecContext& PooledInstance::context() noexcept {
  return detail::Access::link(store_)->store->context();
}

Outcome<void> PooledInstance::prepare() {
  is_prepared_ = is_usable_ = false;
  is_new_ = !instance_;
  if (instance_) {
    if (auto renewed = detail::renew(instance_); !renewed.ok()) return renewed;
  } else {
    auto made = pool_.instantiate(store_);
    if (!made.ok()) return std::move(made).failure();
    instance_ = std::move(*made);
  }
  is_prepared_ = true;
  is_usable_ = pool_.define_own_ == nullptr;
  return {};
}

InstancePool::InstancePool(Engine engine, Module module, const Linker& linker, const StoreLimits& limits,
                           DefineOwn define_own)
    : engine_(std::move(engine)),
      module_(std::move(module)),
      linker_(linker),
      limits_(limits),
      define_own_(std::move(define_own)),
      stacks_(stack_bytes(limits)) {}

InstancePool::~InstancePool() { trim(); }

Result<std::unique_ptr<PooledInstance>> InstancePool::take() {
  {
    engine::MutexLock lock(mutex_);
    if (!free_.empty()) {
      auto instance = std::move(free_.back());
      free_.pop_back();
      return instance;
    }
    ++made_;
  }
  return make();
}

Result<std::unique_ptr<PooledInstance>> InstancePool::make() {
  const FiberStack stack = stacks_.take();
  if (!stack) {
    Error error;
    error.kind = ErrorKind::resource;
    error.message = "the host has no memory for the stack of another guest thread";
    return error;
  }
  const std::span slots(reinterpret_cast<engine::Slot*>(stack.low), stack.size / sizeof(engine::Slot));
  auto store = detail::make_store_on(engine_, limits_, slots);
  if (!store) {
    stacks_.give_back(stack);
    return std::move(store).error();
  }
  return std::unique_ptr<PooledInstance>(new PooledInstance(*this, stack, std::move(*store)));
}

Outcome<Instance> InstancePool::instantiate(const Store& store) const {
  if (define_own_ == nullptr) return linker_.instantiate(store, module_);
  Linker linker = linker_.clone();
  if (auto defined = define_own_(linker); !defined) return std::move(defined).error();
  return linker.instantiate(store, module_);
}

void InstancePool::give_back(std::unique_ptr<PooledInstance> instance) {
  if (!instance->is_usable_ || is_closed_.load(std::memory_order_relaxed))
    return destroy(std::move(instance));
  instance->store_.clear_interrupt();
  instance->is_prepared_ = false;
  engine::MutexLock lock(mutex_);
  free_.push_back(std::move(instance));
}

void InstancePool::destroy(std::unique_ptr<PooledInstance> instance) {
  const FiberStack stack = instance->stack_;
  instance.reset();  // before its stack goes
  stacks_.give_back(stack);
}

void InstancePool::trim(size_t kept) {
  std::vector<std::unique_ptr<PooledInstance>> surplus;
  {
    engine::MutexLock lock(mutex_);
    for (; free_.size() > kept; free_.pop_back()) surplus.push_back(std::move(free_.back()));
  }
  for (auto& instance : surplus) destroy(std::move(instance));
  (void)stacks_.trim();
}

uint64_t InstancePool::made() const {
  engine::MutexLock lock(mutex_);
  return made_;
}

}  // namespace heddle::threads
