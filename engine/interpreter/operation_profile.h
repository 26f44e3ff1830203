// SPDX-License-Identifier: Apache-2.0
// The operation profile: which instructions run, how often and one after the other; or, as if each had run
// once, of which a module's code consists. Builds with HEDDLE_PROFILE_OPERATIONS record it (`./dev
// profile-ops`); in all others this file does nothing.
#pragma once

#include <string_view>

#include "engine/interpreter/slot_use.h"

namespace heddle::engine {

#ifdef HEDDLE_PROFILE_OPERATIONS
inline constexpr bool kProfilesOperations = true;
#else
inline constexpr bool kProfilesOperations = false;
#endif

/// Counts one execution of the instruction at ip, which uses its slots as told; `signature` is a function's
/// name as the compiler prints it, which ends in the body's type, and of static storage. Not thread-safe:
/// profiles are taken of programs with one thread. Writes everything to the file that the environment
/// variable HEDDLE_OPERATION_PROFILE names when the process ends.
void record_operation(const Word* ip, const SlotUse& use, std::string_view signature);

/// Makes the handler of a body known to record_translated().
void name_operation(Word handler, const SlotUse& use, std::string_view signature);

/// If the environment variable HEDDLE_PROFILE_TRANSLATED names a number N: should the next translated
/// function be recorded, as one of every N?
[[nodiscard]] bool records_translated();

/// Counts an instruction of translated code as if it had run once, after the one before if it always follows
/// that. False if its handler is not made of a body.
bool record_translated(Word handler, Word fields, bool follows);

/// The `signature` of a body.
template <class Body>
[[nodiscard]] constexpr std::string_view body_signature() {
  return __PRETTY_FUNCTION__;
}

/// What every handler made of a body begins with.
template <class Body>
[[gnu::always_inline]] inline void profile_operation([[maybe_unused]] const Word* ip) {
  if constexpr (kProfilesOperations) record_operation(ip, Body::kUse, body_signature<Body>());
}

}  // namespace heddle::engine
