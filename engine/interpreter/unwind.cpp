// SPDX-License-Identifier: Apache-2.0
// Unwinding: walking frames by their headers and the sites behind their calls.
#include "engine/interpreter/unwind.h"

#include <algorithm>

#include "engine/interpreter/handlers.h"
#include "engine/runtime/store.h"

namespace heddle::engine {

namespace {

/// A frame on the way out, and where it stands.
struct Position {
  const Word* site;  ///< null: nothing is caught here
  Slot* fp;          ///< null: the host called the frame before
  uint32_t header;
  Instance* instance;
};

/// From a frame to its caller.
[[nodiscard]] Position leave_frame(const Position& position) {
  const Slot* header = position.fp + position.header;
  Slot* const caller = reinterpret_cast<Slot*>(header[1]);
  if (caller == nullptr) return {nullptr, nullptr, 0, nullptr};
  const Word* return_address = reinterpret_cast<const Word*>(header[0]);
  if (*return_address == word_of(handlers().single.reload)) {  // of a callee in another instance
    const uint32_t own_header = field<0>(return_address);
    return {return_address, caller, own_header, reinterpret_cast<Instance*>(caller[own_header + 2])};
  }
  const Word* const before = return_address - kReloadWords;  // a reload, or word 1 of a call without one
  if (*before >> 48 != kNoSite) return {before, caller, field<0>(before), position.instance};
  return {nullptr, caller, static_cast<uint32_t>(*before >> 32 & 0xffff), position.instance};
}

/// Puts what the clause wants into the frame.
void deliver(ExecContext& context, const Position& position, const Word* region, const Word* clause) {
  gc::Exception& exception = *context.exception;
  std::copy_n(exception.payload(), payload_slots(exception), position.fp + field<0>(clause));
  if (field<1>(clause) != kNoReferenceSlot) {
    position.fp[field<1>(clause)] = gc::slot_of(context.exception);
  }
  context.landing = {region + static_cast<int64_t>(*clause), position.fp, position.instance};
  context.exception = nullptr;
  ++context.catches;
}

/// Looks for a clause in the regions around the site, innermost first.
[[nodiscard]] bool catch_in(ExecContext& context, const Position& position) {
  const Word* region = position.site;
  while (region != nullptr && distance(region) != 0) {
    region += distance(region);
    const Word* clause = region + kRegionWords;
    for (uint64_t count = region[1] & UINT32_MAX; count > 0; --count, clause += kClauseWords) {
      const uint32_t tag = immediate32(clause);
      if (tag != kEveryTag && position.instance->tags[tag] != context.exception->tag) continue;
      deliver(context, position, region, clause);
      return true;
    }
  }
  return false;
}

[[nodiscard]] bool unwind_from(ExecContext& context, Position position) {
  for (; position.fp != nullptr; position = leave_frame(position)) {
    if (catch_in(context, position)) return true;
  }
  return false;
}

}  // namespace

bool unwind(ExecContext& context, const Word* site, Slot* fp, uint32_t header, Instance* instance) noexcept {
  return unwind_from(context, {site, fp, header, instance});
}

bool unwind_host(ExecContext& context, Slot* fp, uint32_t header, Instance* instance) noexcept {
  if (context.exception == nullptr) return false;  // it reported an exception without having thrown one
  if (!unwind_from(context, leave_frame({nullptr, fp, header, instance}))) return false;
  context.trap = {};  // what the host function reported is caught
  return true;
}

bool make_exception(ExecContext& context, const Instance& instance, uint32_t tag,
                    const Slot* payload) noexcept {
  const Tag& thrown = *instance.tags[tag];
  Store& store = *instance.store;
  context.gc_top = const_cast<Slot*>(payload) + store.engine().registry.get(thrown.type).parameter_slots;
  context.exception = store.new_exception(thrown, payload);
  context.gc_top = nullptr;
  return context.exception != nullptr;
}

}  // namespace heddle::engine
