// SPDX-License-Identifier: Apache-2.0
// StoreLink: a run-time Store as its handles see it, also after it is gone; CallScope: one entry into it.
#pragma once

#include <heddle/outcome.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/api/engine_impl.h"
#include "engine/api/interrupt_cell.h"
#include "engine/runtime/store.h"

namespace heddle::detail {

/// Threads: as the store's; only `interrupts` is shared with others.
struct StoreLink : std::enable_shared_from_this<StoreLink> {
  std::shared_ptr<EngineImpl> engine;
  std::unique_ptr<engine::Store> store;  ///< null once it is gone
  std::shared_ptr<InterruptCell> interrupts;
  std::chrono::nanoseconds timeout{0};  ///< of each outermost call; 0: none
  uint32_t depth = 0;                   ///< calls in progress, nested through host functions
  bool abandoned = false;               ///< the owner is gone; the store goes with the outermost call
  std::shared_ptr<StoreLink> self;      ///< while abandoned: keeps the link until then
  /// Frames of a trap that a host function passed on, to stand before the frames outside of it.
  std::vector<Frame> inner_frames;
  uint64_t inner_omitted = 0;
  uint64_t inner_catches =
      0;  ///< the context's count then: has it changed, the trap was an exception, and caught

  /// The owner lets go.
  static void release(std::shared_ptr<StoreLink> link);

 private:
  friend class CallScope;
  void destroy();
};

/// Brackets one entry from the host into the store: time limit, delivery of interrupts, late destruction.
class CallScope {
 public:
  explicit CallScope(StoreLink& link);
  ~CallScope();
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

  /// Completes a trap of this call for the embedder.
  std::unique_ptr<Failure> fail(Trap trap);

 private:
  StoreLink& link_;
  std::optional<Watchdog::Ticket> ticket_;
  bool interrupted_ = false;
};

/// The refusal for handles whose store is gone.
[[nodiscard]] Error store_gone();
/// The refusal for empty handles.
[[nodiscard]] Error empty_handle(const char* what);
/// The refusal for handles of elsewhere.
[[nodiscard]] Error foreign_handle(const char* what);
[[nodiscard]] Error usage_error(std::string message);

/// Success if the link leads to a living store.
[[nodiscard]] Result<void> check_link(const std::shared_ptr<StoreLink>& link, const char* what);

}  // namespace heddle::detail
