// SPDX-License-Identifier: Apache-2.0
// Signals: the fault handlers, the tables they look faults up in, and alternate stacks.
//
// What the handlers read is never freed and never locked: two fixed arrays of atomics that only grow in use.
// A thread that faults in a reservation has seen its entry published, since it got the memory from whoever
// registered it.
#include "engine/runtime/signals.h"

#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>

#include "engine/support/platform.h"
#include "engine/support/sanitizers.h"
#include "engine/support/thread_annotations.h"

namespace heddle::engine {

namespace {

constexpr int kFaultSignals[] = {SIGSEGV, SIGBUS};
constexpr size_t kMostCodeRanges = 4096;
/// 47 bits of address space hold fewer memories of 8 GiB.
constexpr size_t kMostReservations = size_t{1} << 15;
constexpr uint64_t kSignalStackBytes = uint64_t{64} << 10;

/// A range in a table; free, or not yet published, while `begin` is 0.
struct Entry {
  std::atomic<uintptr_t> begin{0};
  std::atomic<uintptr_t> end{0};
  std::atomic<uintptr_t> landing{0};
  std::atomic<bool> tells_pc{false};

  /// `end` belongs to the `begin` that was seen if that is still there; an entry may be another's by now, but
  /// not the one whose range the caller runs in.
  [[nodiscard]] bool contains(uintptr_t address) const noexcept {
    const uintptr_t first = begin.load(std::memory_order_acquire);
    const bool is_inside = first != 0 && address >= first && address < end.load(std::memory_order_acquire);
    return is_inside && begin.load(std::memory_order_relaxed) == first;
  }
};

/// A table that signal handlers search without locks. Everything else happens under the registry's mutex.
template <size_t kCapacity>
struct RangeTable {
  Entry entries[kCapacity];
  std::atomic<size_t> used{0};  ///< entries beyond have never been published

  const Entry* find(uintptr_t address) const noexcept {
    const size_t count = used.load(std::memory_order_acquire);
    for (size_t i = 0; i < count; ++i) {
      if (entries[i].contains(address)) return &entries[i];
    }
    return nullptr;
  }

  bool add(CodeRange range) noexcept {
    size_t at = 0;
    const size_t count = used.load(std::memory_order_relaxed);
    while (at < count && entries[at].begin.load(std::memory_order_relaxed) != 0) ++at;
    if (at == kCapacity) return false;
    entries[at].end.store(range.end, std::memory_order_release);
    entries[at].landing.store(range.landing, std::memory_order_relaxed);
    entries[at].tells_pc.store(range.tells_pc, std::memory_order_relaxed);
    entries[at].begin.store(range.begin, std::memory_order_release);
    if (at == count) used.store(count + 1, std::memory_order_release);
    return true;
  }

  void remove(uintptr_t begin) noexcept {
    const size_t count = used.load(std::memory_order_relaxed);
    for (size_t i = 0; i < count; ++i) {
      if (entries[i].begin.load(std::memory_order_relaxed) == begin)
        entries[i].begin.store(0, std::memory_order_release);
    }
  }
};

// Process-wide, because signal dispositions are. Written under registry_mutex.
constinit RangeTable<kMostCodeRanges> code_ranges;
constinit RangeTable<kMostReservations> reservations;
constinit bool handlers_installed = false;
struct sigaction previous_actions[NSIG];

Mutex& registry_mutex() {
  static Mutex& mutex = *new Mutex;  // never destroyed: memories may die after the statics
  return mutex;
}

#if defined(__x86_64__)
uintptr_t pc_of(const ucontext_t& context) {
  return static_cast<uintptr_t>(context.uc_mcontext.gregs[REG_RIP]);
}
void set_pc(ucontext_t& context, uintptr_t pc) {
  context.uc_mcontext.gregs[REG_RIP] = static_cast<greg_t>(pc);
}
void set_scratch(ucontext_t& context, uintptr_t value) {
  context.uc_mcontext.gregs[REG_R11] = static_cast<greg_t>(value);
}
constexpr bool kKnowsRegisters = true;
#elif defined(__aarch64__)
uintptr_t pc_of(const ucontext_t& context) { return context.uc_mcontext.pc; }
void set_pc(ucontext_t& context, uintptr_t pc) { context.uc_mcontext.pc = pc; }
void set_scratch(ucontext_t&, uintptr_t) {}  // nobody compiles for it
constexpr bool kKnowsRegisters = true;
#else
uintptr_t pc_of(const ucontext_t&) { return 0; }
void set_pc(ucontext_t&, uintptr_t) {}
void set_scratch(ucontext_t&, uintptr_t) {}
constexpr bool kKnowsRegisters = false;
#endif

/// Sent by a process (kill, raise), not caused by an instruction of this thread.
bool was_sent(const siginfo_t& info) { return info.si_code <= 0; }

/// What the kernel would have done. A fault happens again as soon as the handler returns, and then at its
/// true place, so that a core dump shows it.
void take_default_action(int signal, const siginfo_t& info) {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
  if (was_sent(info)) syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), signal);  // pending until we return
}

void chain(int signal, siginfo_t* info, void* context) {
  struct sigaction& previous = previous_actions[signal];
  const bool with_info = (previous.sa_flags & SA_SIGINFO) != 0;
  if (!with_info && previous.sa_handler == SIG_IGN && was_sent(*info)) return;
  if (!with_info && (previous.sa_handler == SIG_DFL || previous.sa_handler == SIG_IGN)) {
    return take_default_action(signal, *info);  // the kernel lets nobody ignore a fault
  }
  sigset_t mask;
  pthread_sigmask(SIG_BLOCK, &previous.sa_mask, &mask);
  const struct sigaction action = previous;
  if ((previous.sa_flags & static_cast<int>(SA_RESETHAND)) != 0) {
    previous.sa_flags = 0;
    previous.sa_handler = SIG_DFL;
  }
  if (with_info) {
    action.sa_sigaction(signal, info, context);
  } else {
    action.sa_handler(signal);
  }
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
}

void handle_fault(int signal, siginfo_t* info, void* raw_context) {
  auto& context = *static_cast<ucontext_t*>(raw_context);
  if (!was_sent(*info)) {
    const Entry* const code = code_ranges.find(pc_of(context));
    if (code != nullptr && reservations.find(reinterpret_cast<uintptr_t>(info->si_addr)) != nullptr) {
      if (code->tells_pc.load(std::memory_order_relaxed)) set_scratch(context, pc_of(context));
      set_pc(context, code->landing.load(std::memory_order_relaxed));
      return;
    }
  }
  chain(signal, info, raw_context);
}

bool install_handlers() {
  for (const int signal : kFaultSignals) {
    // Known before our handler can run, which may be at once, on another thread.
    if (sigaction(signal, nullptr, &previous_actions[signal]) != 0) return false;
    struct sigaction action = {};
    action.sa_sigaction = handle_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    if (sigaction(signal, &action, nullptr) != 0) return false;
  }
  return true;
}

/// A fault whose signal is blocked kills the process unasked.
void unblock_fault_signals() {
  sigset_t faults;
  sigemptyset(&faults);
  for (const int signal : kFaultSignals) sigaddset(&faults, signal);
  pthread_sigmask(SIG_UNBLOCK, &faults, nullptr);
}

/// The alternate stack of one thread: only if it had none, and gone with the thread.
class SignalStack {
 public:
  SignalStack() {
    unblock_fault_signals();
    stack_t present;
    if (sigaltstack(nullptr, &present) != 0 || (present.ss_flags & SS_DISABLE) == 0) return;
    const uint64_t guard = host_page_size();
    auto* const memory = static_cast<uint8_t*>(reserve_address_space(guard + kSignalStackBytes));
    if (memory == nullptr) return;
    stack_t stack = {};
    stack.ss_sp = memory + guard;
    stack.ss_size = kSignalStackBytes;
    if (commit_pages(memory + guard, kSignalStackBytes) && sigaltstack(&stack, nullptr) == 0) {
      memory_ = memory;
    } else {
      release_address_space(memory, guard + kSignalStackBytes);
    }
  }

  ~SignalStack() {
    if (memory_ == nullptr) return;
    stack_t present;
    if (sigaltstack(nullptr, &present) == 0 && present.ss_sp == memory_ + host_page_size()) {
      stack_t none = {};
      none.ss_flags = SS_DISABLE;
      sigaltstack(&none, nullptr);
    }
    release_address_space(memory_, host_page_size() + kSignalStackBytes);
  }

  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  uint8_t* memory_ = nullptr;
};

}  // namespace

bool signals_available() noexcept { return kKnowsRegisters && !kAddressSanitizer && !kThreadSanitizer; }

bool register_code_range(CodeRange range) {
  if (!signals_available()) return false;
  MutexLock lock(registry_mutex());
  if (!handlers_installed && !(handlers_installed = install_handlers())) return false;
  const Entry* const known = code_ranges.find(range.begin);
  if (known != nullptr && known->end == range.end && known->landing == range.landing) return true;
  return code_ranges.add(range);
}

void unregister_code_range(uintptr_t begin) {
  MutexLock lock(registry_mutex());
  code_ranges.remove(begin);
}

bool register_reservation(const void* begin, uint64_t size) {
  const auto first = reinterpret_cast<uintptr_t>(begin);
  MutexLock lock(registry_mutex());
  return reservations.add({first, first + size, 0, false});
}

void unregister_reservation(const void* begin) {
  MutexLock lock(registry_mutex());
  reservations.remove(reinterpret_cast<uintptr_t>(begin));
}

void ensure_signal_stack() {
  static thread_local SignalStack stack;
  (void)stack;
}

}  // namespace heddle::engine
