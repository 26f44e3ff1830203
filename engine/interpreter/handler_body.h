// SPDX-License-Identifier: Apache-2.0
// Bodies: what an instruction does, apart from how it is dispatched; and the handlers made of one body or of
// several.
//
// A body is a type with one function, run(), and kUse, which slots that reads and writes. run() works on the
// interpreter's registers, leaves ip at the next instruction, and says how it went. handler<Body> is the
// instruction by itself. superinstruction<A, B, C> is a handler that does the work of three instructions that
// follow each other in the code. B's and C's own handlers are not needed, and their words are left out: such
// a body finds its operands behind an ip that stands on the last word of the instruction before, which no
// other instruction has either, so that a trap finds its place. A body that may poll keeps its handler, since
// it is what runs afterwards. Bodies must inline completely: no address of a register may escape.
//
// In superinstruction<A, B, Fed<C, 1, 2>> the slot in C's field 1 is the one that A, two instructions before,
// wrote its result to: C takes it from a machine register. To go through the frame, as between two handlers,
// costs more than most instructions.
#pragma once

#include <bit>
#include <cstddef>
#include <tuple>
#include <type_traits>

#include "engine/interpreter/dispatch.h"
#include "engine/interpreter/operation_profile.h"
#include "engine/interpreter/slot_use.h"

/// The registers of a running handler (HEDDLE_STATE) as a body sees them.
#define HEDDLE_REGISTERS                                                                            \
  [[maybe_unused]] const ::heddle::engine::Word *&ip, [[maybe_unused]] ::heddle::engine::Slot *&fp, \
      [[maybe_unused]] uint8_t *&memory, [[maybe_unused]] uint64_t &a,                              \
      [[maybe_unused]] ::heddle::engine::ExecContext *context,                                      \
      [[maybe_unused]] ::heddle::engine::Instance *&instance, [[maybe_unused]] float &f,            \
      [[maybe_unused]] double &d, [[maybe_unused]] ::heddle::engine::Vector &v
#define HEDDLE_BODY                                                                 \
  template <class Slots>                                                            \
  [[gnu::always_inline]] static inline ::heddle::engine::Flow run(HEDDLE_REGISTERS, \
                                                                  [[maybe_unused]] Slots&& slots)

namespace heddle::engine {

/// How a body went.
enum class Flow : uint8_t {
  next,  ///< ip is behind this instruction
  jump,  ///< ip is somewhere else
  poll,  ///< nothing has been done: there is a request to answer first
  stop,  ///< a trap has been recorded: leave the interpreter
};

/// For `return trap(...)` in a body.
[[nodiscard, gnu::always_inline]] inline Flow trap(TrapKind kind, const Word* ip, Slot* fp,
                                                   ExecContext* context, Instance* instance) {
  record_trap(context, instance, ip, fp, kind);
  return Flow::stop;
}

/// May the body end in Flow::poll? It says so by a member kPolls.
template <class Body>
[[nodiscard]] consteval bool may_poll() {
  if constexpr (requires { Body::kPolls; }) {
    return Body::kPolls;
  } else {
    return false;
  }
}

template <class Body>
HEDDLE_HANDLER static void handler(HEDDLE_STATE) {
  profile_operation<Body>(ip);
  const Flow flow = Body::run(HEDDLE_PASS, FrameSlots{});
  if (flow == Flow::stop) [[unlikely]]
    return;
  if (flow == Flow::poll) [[unlikely]]
    HEDDLE_POLL();
  if (flow == Flow::jump) HEDDLE_DISPATCH();
  HEDDLE_DISPATCH();
}

/// In a superinstruction: Body, whose field kField (and so on) is the result of the kDistance-th instruction
/// before.
template <class Body, unsigned... kFieldsAndDistances>
struct Fed;

template <class Body>
struct Part {
  using Plain = Body;
  static constexpr Feeds kFeeds = 0;
};
template <class Body, unsigned kField, unsigned kDistance, unsigned... kMore>
struct Part<Fed<Body, kField, kDistance, kMore...>> {
  using Plain = Body;
  static constexpr Feeds kFeeds = with_distance(Part<Fed<Body, kMore...>>::kFeeds, kField, kDistance);
  static_assert(Body::kUse.read[kField] != SlotType::none);
};
template <class Body>
struct Part<Fed<Body>> : Part<Body> {};

template <class... Parts>
class Row {
 public:
  /// Runs the parts from kIndex on, until one jumps or stops.
  template <unsigned kIndex>
  [[gnu::always_inline]] inline Flow run_from(HEDDLE_REGISTERS) {
    using Body = typename At<kIndex>::Plain;
    if constexpr (kIndex > 0 && !may_poll<Body>()) --ip;
    const Flow flow = Body::run(HEDDLE_PASS, RowSlots<kIndex>{*this});
    if constexpr (kIndex + 1 == sizeof...(Parts)) {
      return flow;
    } else {
      if (flow != Flow::next) return flow;
      return run_from<kIndex + 1>(HEDDLE_PASS);
    }
  }

 private:
  template <unsigned kIndex>
  using At = Part<std::tuple_element_t<kIndex, std::tuple<Parts...>>>;

  /// What the instruction kIndex reads and writes: results of those before it, or else the frame.
  template <unsigned kIndex>
  struct RowSlots {
    Row& row;

    template <class T, unsigned kField>
    [[nodiscard, gnu::always_inline]] T read(const Word* ip, const Slot* fp) const {
      constexpr unsigned distance = distance_in(At<kIndex>::kFeeds, kField);
      if constexpr (distance == 0) {
        return FrameSlots{}.read<T, kField>(ip, fp);
      } else {
        return row.template result<T, kIndex - distance>();
      }
    }
    template <class T>
    [[gnu::always_inline]] void write(T value, const Word* ip, Slot* fp) const {
      FrameSlots{}.write(value, ip, fp);
      if constexpr (std::is_same_v<T, float>) {
        row.f32_[kIndex] = value;
      } else if constexpr (std::is_same_v<T, double>) {
        row.f64_[kIndex] = value;
      } else {
        row.integer_[kIndex] = static_cast<std::make_unsigned_t<T>>(value);
      }
    }
  };

  template <class T, unsigned kIndex>
  [[nodiscard, gnu::always_inline]] T result() const {
    constexpr SlotType written = At<kIndex>::Plain::kUse.written;
    if constexpr (std::is_same_v<T, float>) {
      static_assert(written == SlotType::f32);
      return f32_[kIndex];
    } else if constexpr (std::is_same_v<T, double>) {
      if constexpr (written == SlotType::f64) return f64_[kIndex];
      return std::bit_cast<double>(integer_[kIndex]);
    } else if constexpr (written == SlotType::f64) {
      return static_cast<T>(std::bit_cast<uint64_t>(f64_[kIndex]));
    } else {
      static_assert(written != SlotType::f32 && written != SlotType::none);
      return static_cast<T>(integer_[kIndex]);
    }
  }

  // Results, each in the member of its type; machine registers once everything is inlined.
  uint64_t integer_[sizeof...(Parts)];
  float f32_[sizeof...(Parts)];
  double f64_[sizeof...(Parts)];
};

template <class... Parts>
HEDDLE_HANDLER static void superinstruction(HEDDLE_STATE) {
  Row<Parts...> row;
  const Flow flow = row.template run_from<0>(HEDDLE_PASS);
  if (flow == Flow::stop) [[unlikely]]
    return;
  if (flow == Flow::poll) [[unlikely]]
    HEDDLE_POLL();
  if (flow == Flow::jump) HEDDLE_DISPATCH();
  HEDDLE_DISPATCH();
}

/// The handlers of single bodies. Handlers have internal linkage, so that each file's stand together in the
/// program; the file that makes one announces it here.
template <class Body>
inline Handler handler_of = nullptr;

/// Makes the handler of one body.
template <class Body>
[[nodiscard]] inline Handler make_handler() {
  handler_of<Body> = handler<Body>;
  if constexpr (kProfilesOperations) {
    name_operation(word_of(handler_of<Body>), Body::kUse, body_signature<Body>());
  }
  return handler_of<Body>;
}

}  // namespace heddle::engine
