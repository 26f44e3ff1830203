// SPDX-License-Identifier: Apache-2.0
// Platform: address space, processors and native stacks; with signals and futexes, all that the engine asks
// of the OS.
//
// Every function may be called from any thread. None allocates from the heap, and failure is a value.
#pragma once

#include <cstdint>

namespace heddle::engine {

/// Bytes per page of the host.
[[nodiscard]] uint64_t host_page_size() noexcept;

/// Processors this process may run on; at least 1.
[[nodiscard]] uint32_t processor_count() noexcept;

/// Gives the calling thread a name of at most 15 characters, by which debuggers and `top -H` show it.
void name_thread(const char* name) noexcept;

/// Tells the processor that this is a loop waiting for another one.
inline void spin_pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// std::atomic_thread_fence(seq_cst), in the form that x86-64 executes fastest: clang would emit mfence.
inline void sequential_fence() noexcept {
#if defined(__x86_64__)
  asm volatile("lock orl $0, -4(%%rsp)" ::: "memory", "cc");
#else
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/// The same right behind a read-modify-write operation in the one order of all: on x86-64 that was one.
inline void sequential_fence_after_exchange() noexcept {
#if defined(__x86_64__)
  asm volatile("" ::: "memory");
#else
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/// Reserves `bytes` (rounded up to pages) of address space that nothing may touch yet and that costs no
/// memory. Null if the host refuses. REQUIRES: bytes > 0.
[[nodiscard]] void* reserve_address_space(uint64_t bytes) noexcept;

/// Makes [begin, begin + bytes) of a reservation readable and writable; fresh pages read as zero. False if
/// the host refuses, and then nothing has changed. REQUIRES: begin and bytes are multiples of the page size.
[[nodiscard]] bool commit_pages(void* begin, uint64_t bytes) noexcept;

/// Gives the host the memory of committed pages; they stay readable and writable, and read as zero.
/// REQUIRES: begin and bytes are multiples of the page size.
void zero_pages(void* begin, uint64_t bytes) noexcept;

/// Takes commit_pages() back: nothing may touch the pages any more, and they cost no memory. False if the
/// host refuses, and then nothing has changed. REQUIRES: begin and bytes are multiples of the page size.
[[nodiscard]] bool decommit_pages(void* begin, uint64_t bytes) noexcept;

/// Gives back a whole reservation, as it was made.
void release_address_space(void* begin, uint64_t bytes) noexcept;

/// Asks for huge pages below [begin, begin + bytes), where whole ones fit and nothing has been touched yet.
/// Only a wish: a host without them does as always.
void prefer_huge_pages(void* begin, uint64_t bytes) noexcept;

/// The extent of the calling thread's own stack; {0, 0} if the host does not tell. Cached per thread.
struct NativeStack {
  uintptr_t low = 0;
  uintptr_t high = 0;
};
[[nodiscard]] NativeStack current_native_stack() noexcept;

}  // namespace heddle::engine
