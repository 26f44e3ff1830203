// SPDX-License-Identifier: Apache-2.0
// Annotations for clang's -Wthread-safety: which mutex guards what, and what a function expects.
//
// What a mutex guards is written at the data (HEDDLE_GUARDED_BY), what a function expects at the function
// (HEDDLE_REQUIRES, HEDDLE_EXCLUDES); clang then proves every access, and other compilers ignore it all.
#pragma once

#if defined(__clang__)
#define HEDDLE_THREAD_ATTRIBUTE(...) __attribute__((__VA_ARGS__))
#else
#define HEDDLE_THREAD_ATTRIBUTE(...)
#endif

/// On a class: its objects can be held, like a mutex. `name` appears in the compiler's messages.
#define HEDDLE_CAPABILITY(name) HEDDLE_THREAD_ATTRIBUTE(capability(name))
/// On a class: its constructor acquires, its destructor releases.
#define HEDDLE_SCOPED_CAPABILITY HEDDLE_THREAD_ATTRIBUTE(scoped_lockable)
/// On data: read and written only while the mutex is held.
#define HEDDLE_GUARDED_BY(mutex) HEDDLE_THREAD_ATTRIBUTE(guarded_by(mutex))
/// On a pointer: what it points to is read and written only while the mutex is held.
#define HEDDLE_PT_GUARDED_BY(mutex) HEDDLE_THREAD_ATTRIBUTE(pt_guarded_by(mutex))
/// On a function: the caller holds the mutexes.
#define HEDDLE_REQUIRES(...) HEDDLE_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
/// On a function: the caller does not hold the mutexes; the function takes them itself.
#define HEDDLE_EXCLUDES(...) HEDDLE_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
/// On a function: returns with the mutexes held (without arguments: this object).
#define HEDDLE_ACQUIRE(...) HEDDLE_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
/// On a function: returns with the mutexes given up (without arguments: this object).
#define HEDDLE_RELEASE(...) HEDDLE_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
/// On a function: HEDDLE_TRY_ACQUIRE(result, mutexes...): holds the mutexes if it returned `result`.
#define HEDDLE_TRY_ACQUIRE(...) HEDDLE_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
/// As the three above, for a lock that several readers hold at once.
#define HEDDLE_ACQUIRE_SHARED(...) HEDDLE_THREAD_ATTRIBUTE(acquire_shared_capability(__VA_ARGS__))
#define HEDDLE_RELEASE_SHARED(...) HEDDLE_THREAD_ATTRIBUTE(release_shared_capability(__VA_ARGS__))
#define HEDDLE_TRY_ACQUIRE_SHARED(...) HEDDLE_THREAD_ATTRIBUTE(try_acquire_shared_capability(__VA_ARGS__))
/// On a function: returns a reference to this mutex.
#define HEDDLE_RETURN_CAPABILITY(mutex) HEDDLE_THREAD_ATTRIBUTE(lock_returned(mutex))
/// On a function: not checked. Always with a comment that says why it is right.
#define HEDDLE_NO_THREAD_SAFETY_ANALYSIS HEDDLE_THREAD_ATTRIBUTE(no_thread_safety_analysis)
