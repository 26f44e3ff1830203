// SPDX-License-Identifier: Apache-2.0
// Tests of faults: the guest's become traps, the host's go where they always went.
#include "engine/runtime/signals.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "engine/runtime/memory.h"
#include "engine/support/platform.h"

// A load that stands for a tier's code: if it faults in a guarded memory, it returns false instead.
#if defined(__x86_64__)
asm(R"(
.text
.globl heddle_test_load
.type heddle_test_load, @function
heddle_test_load:
heddle_test_load_begin:
  movzbl (%rdi), %eax
heddle_test_load_end:
  movl $1, %eax
  ret
heddle_test_load_landing:
  xorl %eax, %eax
  ret
.globl heddle_test_load_begin, heddle_test_load_end, heddle_test_load_landing
)");
#elif defined(__aarch64__)
asm(R"(
.text
.globl heddle_test_load
.type heddle_test_load, @function
heddle_test_load:
heddle_test_load_begin:
  ldrb w0, [x0]
heddle_test_load_end:
  mov w0, #1
  ret
heddle_test_load_landing:
  mov w0, #0
  ret
.globl heddle_test_load_begin, heddle_test_load_end, heddle_test_load_landing
)");
#endif

extern "C" {
bool heddle_test_load(const volatile void* address);
extern const char heddle_test_load_begin[], heddle_test_load_end[], heddle_test_load_landing[];
}

namespace heddle::engine {
namespace {

uintptr_t address_of(const char* label) { return reinterpret_cast<uintptr_t>(label); }

bool register_test_load() {
  return register_code_range({address_of(heddle_test_load_begin), address_of(heddle_test_load_end),
                              address_of(heddle_test_load_landing)});
}

std::shared_ptr<Memory> make_guarded(uint64_t pages) {
  MemoryType type;
  type.limits = {pages, {}, false};
  return Memory::create(type, MemoryMode::guarded, nullptr).value();
}

class signals : public testing::Test {
 protected:
  void SetUp() override {
    if (!signals_available()) GTEST_SKIP() << "this build leaves the signals to its sanitizer";
  }
};

TEST_F(signals, faults_in_a_guarded_memory_land) {
  ASSERT_TRUE(register_test_load());
  ASSERT_TRUE(register_test_load());  // again is fine
  ensure_signal_stack();
  const auto memory = make_guarded(1);
  const uint8_t* const base = memory->base();
  EXPECT_TRUE(heddle_test_load(base));
  EXPECT_TRUE(heddle_test_load(base + 65535));
  EXPECT_FALSE(heddle_test_load(base + 65536));
  EXPECT_FALSE(heddle_test_load(base + UINT32_MAX));
  EXPECT_FALSE(
      heddle_test_load(base + 2 * uint64_t{UINT32_MAX} + 15));  // greatest address, greatest offset, v128
  ASSERT_EQ(memory->grow(1), 1);
  EXPECT_TRUE(heddle_test_load(base + 65536));
  EXPECT_FALSE(heddle_test_load(base + 2 * 65536));
}

TEST_F(signals, faults_land_on_every_thread_and_among_many_memories_thread) {
  ASSERT_TRUE(register_test_load());
  std::vector<std::shared_ptr<Memory>> memories;
  for (int i = 0; i < 100; ++i) memories.push_back(make_guarded(0));
  for (int i = 0; i < 100; i += 2)
    memories[i] = make_guarded(1);  // the old ones go, their places are used again
  const auto check = [&] {
    ensure_signal_stack();
    for (int i = 0; i < 100; ++i) EXPECT_EQ(heddle_test_load(memories[i]->base()), i % 2 == 0);
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(check);
  for (auto& thread : threads) thread.join();
}

TEST_F(signals, alternate_stack_comes_once_and_goes_with_the_thread) {
  std::thread([] {
    stack_t before, after;
    sigaltstack(nullptr, &before);
    EXPECT_NE(before.ss_flags & SS_DISABLE, 0);
    ensure_signal_stack();
    sigaltstack(nullptr, &after);
    EXPECT_EQ(after.ss_flags & SS_DISABLE, 0);
    const void* const mine = after.ss_sp;
    ensure_signal_stack();
    sigaltstack(nullptr, &after);
    EXPECT_EQ(after.ss_sp, mine);
  }).join();
}

TEST_F(signals, a_foreign_alternate_stack_is_left_alone) {
  std::thread([] {
    static char own[1 << 16];
    stack_t stack = {}, after;
    stack.ss_sp = own;
    stack.ss_size = sizeof own;
    sigaltstack(&stack, nullptr);
    ensure_signal_stack();
    sigaltstack(nullptr, &after);
    EXPECT_EQ(after.ss_sp, own);
  }).join();
}

TEST_F(signals, a_thread_that_blocks_the_signals_lands_all_the_same) {
  ASSERT_TRUE(register_test_load());
  const auto memory = make_guarded(0);
  std::thread([&] {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    ensure_signal_stack();
    EXPECT_FALSE(heddle_test_load(memory->base()));
  }).join();
}

// What happens to the host's own faults, each in a child process.

/// An address where nothing is; volatile, so that compilers do not see it coming.
volatile uintptr_t unmapped_address = 16;
volatile char* nowhere() { return reinterpret_cast<volatile char*>(unmapped_address); }

void set_handler(int signal, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action = {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(signal, &action, nullptr);
}

/// A crash reporter that was there before.
void report_and_exit(int, siginfo_t* info, void*) { _exit(info->si_addr == nowhere() ? 42 : 43); }

struct sigaction heddles_action;
/// A crash reporter that came later and passes on what it does not know.
void pass_on(int signal, siginfo_t* info, void* context) {
  if (info->si_addr == nowhere()) _exit(44);
  heddles_action.sa_sigaction(signal, info, context);
}

void segfault_with_earlier_handler() {
  set_handler(SIGSEGV, report_and_exit);
  register_test_load();
  *nowhere() = 1;
}

void simple_handler(int) { _exit(45); }

void segfault_with_earlier_simple_handler() {
  signal(SIGSEGV, simple_handler);
  register_test_load();
  *nowhere() = 1;
}

void segfault_with_later_handler() {
  register_test_load();
  sigaction(SIGSEGV, nullptr, &heddles_action);
  set_handler(SIGSEGV, pass_on);
  ensure_signal_stack();
  const auto memory = make_guarded(0);
  if (heddle_test_load(memory->base())) _exit(1);  // still lands, through the later handler
  *nowhere() = 1;
}

void segfault_with_nobody() {
  register_test_load();
  *nowhere() = 1;
}

void segfault_ignored() {
  signal(SIGSEGV, SIG_IGN);
  register_test_load();
  *nowhere() = 1;
}

void host_fault_in_a_guarded_memory() {
  register_test_load();
  const auto memory = make_guarded(0);
  *const_cast<volatile uint8_t*>(memory->base()) = 1;  // the address is the guest's, the code is not
}

void guest_code_faulting_elsewhere() {
  register_test_load();
  heddle_test_load(nowhere());
}

void sent_by_another_process() {
  register_test_load();
  kill(getpid(), SIGSEGV);
  for (;;) pause();
}

void bus_error() {
  register_test_load();
  const int file = memfd_create("empty", 0);
  auto* const page =
      static_cast<volatile char*>(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
  *page = 1;  // beyond the end of the file
}

/// Each child starts the program anew, so that it can have handlers from before ours.
class signals_death : public signals {
 protected:
  void SetUp() override {
    signals::SetUp();
    GTEST_FLAG_SET(death_test_style, "threadsafe");
  }
};

TEST_F(signals_death, earlier_handlers_run) {
  EXPECT_EXIT(segfault_with_earlier_handler(), testing::ExitedWithCode(42), "");
  EXPECT_EXIT(segfault_with_earlier_simple_handler(), testing::ExitedWithCode(45), "");
}

TEST_F(signals_death, later_handlers_run) {
  EXPECT_EXIT(segfault_with_later_handler(), testing::ExitedWithCode(44), "");
}

TEST_F(signals_death, genuine_faults_of_the_host_kill_by_their_signal) {
  EXPECT_EXIT(segfault_with_nobody(), testing::KilledBySignal(SIGSEGV), "");
  EXPECT_EXIT(segfault_ignored(), testing::KilledBySignal(SIGSEGV), "");
  EXPECT_EXIT(host_fault_in_a_guarded_memory(), testing::KilledBySignal(SIGSEGV), "");
  EXPECT_EXIT(guest_code_faulting_elsewhere(), testing::KilledBySignal(SIGSEGV), "");
  EXPECT_EXIT(sent_by_another_process(), testing::KilledBySignal(SIGSEGV), "");
  EXPECT_EXIT(bus_error(), testing::KilledBySignal(SIGBUS), "");
}

}  // namespace
}  // namespace heddle::engine
