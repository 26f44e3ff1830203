// SPDX-License-Identifier: Apache-2.0
// What the build's sanitizers are, as constants, so that code asks with `if constexpr` instead of the
// preprocessor.
#pragma once

#if defined(__has_feature)
#define HEDDLE_HAS_FEATURE(name) __has_feature(name)
#else
#define HEDDLE_HAS_FEATURE(name) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || HEDDLE_HAS_FEATURE(address_sanitizer)
#define HEDDLE_ADDRESS_SANITIZER 1
#else
#define HEDDLE_ADDRESS_SANITIZER 0
#endif

#if defined(__SANITIZE_THREAD__) || HEDDLE_HAS_FEATURE(thread_sanitizer)
#define HEDDLE_THREAD_SANITIZER 1
#else
#define HEDDLE_THREAD_SANITIZER 0
#endif

/// On a function: its plain accesses are a guest's, whose races are its own business and defined by the
/// threads proposal. Such a function must not call memcpy and the like, which ThreadSanitizer replaces.
#define HEDDLE_NO_SANITIZE_THREAD __attribute__((no_sanitize("thread")))

namespace heddle::engine {

inline constexpr bool kAddressSanitizer = HEDDLE_ADDRESS_SANITIZER;
inline constexpr bool kThreadSanitizer = HEDDLE_THREAD_SANITIZER;

}  // namespace heddle::engine
