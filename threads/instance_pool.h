// SPDX-License-Identifier: Apache-2.0
// InstancePool: instances of one module with one set of imports, used again by one guest thread after
// another.
//
// Who gets one sees nothing of those who had it before: own globals, tables, memories and segments are as at
// first, the start function runs again, limits and interrupts are reset (engine::Store::renew). What is kept
// is what costs time: the store, its guest stack, the instance's arrays and functions.
#pragma once

#include <heddle/instance.h>
#include <heddle/linker.h>
#include <heddle/store.h>

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "engine/support/thread_annotations.h"
#include "threads/fiber_stacks.h"

namespace heddle::engine {
struct ExecContext;
}

namespace heddle::threads {

/// A store on a guest stack of the pool, and an instance in it once it has been prepared.
class PooledInstance {
 public:
  /// Makes the instance, or makes it new. Runs the module's start function, in the calling fiber.
  [[nodiscard]] Outcome<void> prepare();
  /// Was the last prepare() the first?
  [[nodiscard]] bool is_new() const noexcept { return is_new_; }
  /// Has that succeeded, since it was taken?
  [[nodiscard]] bool is_prepared() const noexcept { return is_prepared_; }
  /// REQUIRES: prepared.
  [[nodiscard]] const Instance& instance() const noexcept { return instance_; }
  [[nodiscard]] Store& store() noexcept { return store_; }
  [[nodiscard]] engine::ExecContext& context() noexcept;

 private:
  friend class InstancePool;
  PooledInstance(const class InstancePool& pool, FiberStack stack, Store store)
      : pool_(pool), stack_(stack), store_(std::move(store)) {}

  const InstancePool& pool_;
  const FiberStack stack_;
  Store store_;
  Instance instance_;
  bool is_new_ = false;
  bool is_prepared_ = false;
  bool is_usable_ = true;  ///< by another thread; false: prepare() failed, or can't be done twice
};

/// Threads: any, except as said.
class InstancePool {
 public:
  /// Defines what each instance gets of its own.
  using DefineOwn = std::function<Result<void>(Linker&)>;

  /// `linker` must outlive the pool and have all imports of the module, but those that `define_own` defines
  /// anew for each instance. Such an instance can't be made new, so only its stack is used again.
  InstancePool(Engine engine, Module module, const Linker& linker, const StoreLimits& limits,
               DefineOwn define_own = nullptr);
  ~InstancePool();  ///< REQUIRES: all are back
  InstancePool(const InstancePool&) = delete;
  InstancePool& operator=(const InstancePool&) = delete;

  /// One to be prepared. Errors: resource.
  [[nodiscard]] Result<std::unique_ptr<PooledInstance>> take() HEDDLE_EXCLUDES(mutex_);
  /// REQUIRES: no call of it is running, and nobody will interrupt it any more.
  void give_back(std::unique_ptr<PooledInstance> instance) HEDDLE_EXCLUDES(mutex_);
  /// From now on what is given back is destroyed there and then: by the worker that has its memory in its
  /// caches, while others end.
  void close() noexcept { is_closed_.store(true, std::memory_order_relaxed); }
  /// Destroys those not in use beyond `kept`, and returns their memory to the host.
  void trim(size_t kept = 0) HEDDLE_EXCLUDES(mutex_);

  [[nodiscard]] uint64_t made() const HEDDLE_EXCLUDES(mutex_);

 private:
  friend class PooledInstance;
  [[nodiscard]] Result<std::unique_ptr<PooledInstance>> make();
  [[nodiscard]] Outcome<Instance> instantiate(const Store& store) const;
  void destroy(std::unique_ptr<PooledInstance> instance);

  const Engine engine_;
  const Module module_;
  const Linker& linker_;
  const StoreLimits limits_;
  const DefineOwn define_own_;
  std::atomic<bool> is_closed_{false};
  FiberStacks stacks_;  ///< guest stacks: a mapping for each would end at the kernel's limit
  mutable engine::Mutex mutex_;
  std::vector<std::unique_ptr<PooledInstance>> free_ HEDDLE_GUARDED_BY(mutex_);
  uint64_t made_ HEDDLE_GUARDED_BY(mutex_) = 0;
};

}  // namespace heddle::threads
