// SPDX-License-Identifier: Apache-2.0
// Seen: which handlers the code of a test's modules contains, so that a test can show that it met what it
// means.
#pragma once

#include <set>

#include "engine/interpreter/handlers.h"
#include "engine/interpreter/module_code.h"
#include "engine/interpreter/superinstructions.h"
#include "engine/runtime/instance.h"

namespace heddle::engine {

class Seen {
 public:
  /// All functions of the instance's module that have been translated.
  void add(const Instance& instance) {
    ModuleCode& code = ModuleCode::of(*instance.module);
    for (uint32_t i = 0; i < instance.module->functions.size(); ++i) {
      for (const Word word : code.words(i)) add_handler(word);
    }
  }
  /// True for null as well: a shape that does not exist.
  [[nodiscard]] bool contains(Handler handler) const {
    return handler == nullptr || words_.contains(word_of(handler));
  }

 private:
  /// With what a superinstruction does, if it is one.
  void add_handler(Word word) {
    words_.insert(word);
    const Superinstruction* row = superinstructions().find(reinterpret_cast<Handler>(word));
    if (row == nullptr) return;
    for (const SuperinstructionPart& part : row->parts) words_.insert(word_of(*part.handler));
  }

  std::set<Word> words_;
};

}  // namespace heddle::engine
