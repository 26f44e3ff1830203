// SPDX-License-Identifier: Apache-2.0
// Recording and writing of the operation profile.
#include "engine/interpreter/operation_profile.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <unordered_map>

namespace heddle::engine {

namespace {

struct Operation {
  std::string_view name;
  Word fields = 0;
  SlotUse use;
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

/// As in "-ii-i": fields 1 and 2 are slots read as integers, and an integer is written.
[[nodiscard]] std::string letters(const SlotUse& use) {
  std::string all;
  for (const SlotType type : {use.read[0], use.read[1], use.read[2], use.read[3], use.written}) {
    all += "-ifdc"[static_cast<unsigned>(type)];
  }
  return all;
}

class Profile {
 public:
  void record(const Word* ip, const SlotUse& use, std::string_view signature) {
    record(ip, ip[1], use, body_in(signature));
  }
  void record(const Word* ip, Word fields, const SlotUse& use, std::string_view name) {
    Operation& operation = operations_[ip];
    if (operation.count++ == 0) {
      operation.name = name;
      operation.fields = fields;
      operation.use = use;
    }
    ++operation.before[previous_];
    previous_ = ip;
  }
  /// What runs next does not run after what ran before.
  void interrupt() { previous_ = nullptr; }

  /// One line an operation, in the order of the code: address, how often it ran, how often right after the
  /// line before, word 1, what it reads in fields 0 to 3 and writes to field 0's slot, name.
  ~Profile() {
    const char* path = std::getenv("HEDDLE_OPERATION_PROFILE");
    std::FILE* file = path == nullptr ? nullptr : std::fopen(path, "w");
    if (file == nullptr) return;
    const Word* above = nullptr;
    for (const auto& [ip, operation] : operations_) {
      const auto from_above = operation.before.find(above);
      const uint64_t fallen = from_above == operation.before.end() ? 0 : from_above->second;
      std::fprintf(file, "%p %llu %llu %016llx %s %.*s\n", static_cast<const void*>(ip),
                   static_cast<unsigned long long>(operation.count), static_cast<unsigned long long>(fallen),
                   static_cast<unsigned long long>(operation.fields), letters(operation.use).c_str(),
                   static_cast<int>(operation.name.size()), operation.name.data());
      above = ip;
    }
    std::fclose(file);
  }

 private:
  std::map<const Word*, Operation> operations_;
  const Word* previous_ = nullptr;
};

Profile& profile() {
  static Profile all;
  return all;
}

/// Of each handler: its name and what it uses.
std::unordered_map<Word, Operation>& named_operations() {
  static std::unordered_map<Word, Operation> named;
  return named;
}

}  // namespace

void record_operation(const Word* ip, const SlotUse& use, std::string_view signature) {
  profile().record(ip, use, signature);
}

void name_operation(Word handler, const SlotUse& use, std::string_view signature) {
  named_operations()[handler] = {body_in(signature), 0, use, 0, {}};
}

bool records_translated() {
  static const char* const every = std::getenv("HEDDLE_PROFILE_TRANSLATED");
  static uint64_t functions = 0;
  return every != nullptr && functions++ % std::max(std::strtoull(every, nullptr, 10), 1ULL) == 0;
}

bool record_translated(Word handler, Word fields, bool follows) {
  const auto found = named_operations().find(handler);
  if (found == named_operations().end()) return false;
  // A name for it: the code is not where it will be, and functions take turns there.
  static const Word* place = nullptr;
  place += 4;
  if (!follows) profile().interrupt();
  profile().record(place, fields, found->second.use, found->second.name);
  return true;
}

}  // namespace heddle::engine
