// SPDX-License-Identifier: Apache-2.0
// Validation of a whole module: the declarations, then all bodies, those of a large module on several
// threads.
//
// The bodies are claimed in runs from one counter. Which error is reported does not depend on who was faster:
// it is that of the first function that has one, since all functions before it are validated too.
#include <algorithm>
#include <atomic>
#include <optional>
#include <vector>

#include "engine/support/parallel.h"
#include "engine/support/platform.h"
#include "engine/validation/function_validator.h"
#include "engine/validation/validate.h"

namespace heddle::engine {

namespace {

/// Starting a thread costs about as much as validating this many bytes.
constexpr uint64_t kBytesWorthAThread = 256u << 10;
constexpr uint32_t kFunctionsPerClaim = 64;

class BodyValidation {
 public:
  explicit BodyValidation(ModuleImage& module)
      : module_(module),
        count_(static_cast<uint32_t>(module.functions.size())),
        next_(module.imported_functions) {}

  Result<void> run(unsigned threads) {
    std::vector<std::optional<Failure>> failures(threads);
    run_in_parallel(threads, [this, &failures](unsigned i) { failures[i] = work(); });

    std::optional<Failure>* first = &failures[0];
    for (auto& failure : failures) {
      if (failure && (!*first || failure->function < (*first)->function)) first = &failure;
    }
    if (*first) return std::move((*first)->error);
    module_.has_tail_calls = has_tail_calls_;
    return {};
  }

 private:
  struct Failure {
    uint32_t function;
    Error error;
  };

  /// Validates claimed functions until there are none, or until one fails: later claims are all behind it.
  std::optional<Failure> work() {
    FunctionValidator validator(module_);
    while (true) {
      const uint32_t begin = next_.fetch_add(kFunctionsPerClaim, std::memory_order_relaxed);
      const uint32_t end = std::min(begin + kFunctionsPerClaim, count_);
      if (begin >= count_ || failed_.load(std::memory_order_relaxed)) {
        if (validator.has_tail_calls()) has_tail_calls_.store(true, std::memory_order_relaxed);
        return std::nullopt;
      }
      for (uint32_t function = begin; function < end; ++function) {
        if (auto body = validator.validate_body(function); !body.ok()) {
          failed_.store(true, std::memory_order_relaxed);
          return Failure{function, std::move(body).error()};
        }
      }
    }
  }

  ModuleImage& module_;  ///< not changed while threads run
  const uint32_t count_;
  std::atomic<uint32_t> next_;
  std::atomic<bool> failed_ = false;
  std::atomic<bool> has_tail_calls_ = false;
};

}  // namespace

Result<void> validate_module(ModuleImage& module, unsigned threads) {
  if (auto declarations = validate_declarations(module); !declarations.ok()) return declarations;
  uint64_t bytes = 0;
  for (const FunctionDeclaration& function : module.functions) bytes += function.body.size;
  if (threads == 0) threads = processor_count();
  threads = static_cast<unsigned>(std::min<uint64_t>(threads, bytes / kBytesWorthAThread + 1));
  return BodyValidation(module).run(threads);
}

}  // namespace heddle::engine
