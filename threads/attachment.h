// SPDX-License-Identifier: Apache-2.0
// Attachment: a pooled instance on a fiber, for as long as this lives: its guest sleeps by parking the fiber,
// gives way when its time slice is over, and leaves native stack for the host functions that it calls.
#pragma once

#include "engine/runtime/blocking.h"
#include "threads/fiber.h"
#include "threads/instance_pool.h"

namespace heddle::threads {

/// Made and destroyed on the fiber.
class Attachment final : private Preemptible, private engine::Yielder {
 public:
  Attachment(PooledInstance& instance, Fiber& fiber) noexcept;
  ~Attachment();
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;

 private:
  void ask_to_yield() noexcept override;
  void yield() noexcept override;

  engine::ExecContext& context_;
  Fiber& fiber_;
};

}  // namespace heddle::threads
