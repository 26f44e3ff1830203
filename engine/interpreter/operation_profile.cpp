// SPDX-License-Identifier: Apache-2.0
// Recording and writing of the operation profile.
#include "engine/interpreter/operation_profile.h"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <unordered_map>

namespace heddle::engine {

namespace {

struct Operation {
  std::string_view name;
  uint64_t count = 0;
  std::unordered_map<const Word*, uint64_t> before;  ///< what ran right before, and how often
};

/// "... [Body = NAME]", as compilers print it.
[[nodiscard]] std::string_view body_in(std::string_view signature) {
  constexpr std::string_view mark = "Body = ";
  const size_t start = signature.find(mark);
  if (start == std::string_view::npos) return signature;
  signature.remove_prefix(start + mark.size());
  signature.remove_suffix(1);
  return signature;
}

class Profile {
 public:
  void record(const Word* ip, std::string_view signature) {
    Operation& operation = operations_[ip];
    if (operation.count++ == 0) operation.name = body_in(signature);
    ++operation.before[previous_];
    previous_ = ip;
  }

  /// One line an operation, in the order of the code: address, how often it ran, how often right after the
  /// line before, name.
  ~Profile() {
    const char* path = std::getenv("HEDDLE_OPERATION_PROFILE");
    std::FILE* file = path == nullptr ? nullptr : std::fopen(path, "w");
    if (file == nullptr) return;
    const Word* above = nullptr;
    for (const auto& [ip, operation] : operations_) {
      const auto from_above = operation.before.find(above);
      const uint64_t fallen = from_above == operation.before.end() ? 0 : from_above->second;
      std::fprintf(file, "%p %llu %llu %.*s\n", static_cast<const void*>(ip),
                   static_cast<unsigned long long>(operation.count), static_cast<unsigned long long>(fallen),
                   static_cast<int>(operation.name.size()), operation.name.data());
      above = ip;
    }
    std::fclose(file);
  }

 private:
  std::map<const Word*, Operation> operations_;
  const Word* previous_ = nullptr;
};

}  // namespace

void record_operation(const Word* ip, std::string_view signature) {
  static Profile profile;
  profile.record(ip, signature);
}

}  // namespace heddle::engine
