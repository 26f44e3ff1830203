// SPDX-License-Identifier: Apache-2.0
// The functions whose names begin with thread_: how a guest starts threads and asks about them
// (docs/HOST_INTERFACE.md, threads/guest/heddle/thread.h).
#pragma once

#include <heddle/linker.h>
#include <heddle/module.h>

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "threads/thread_table.h"

namespace heddle::threads {

class GuestProcess;

/// What a module exports that threads can run, by name. Immutable.
class ThreadEntries {
 public:
  explicit ThreadEntries(const Module& module);
  /// Errors: no_entry, invalid (a function of another type).
  [[nodiscard]] ThreadError find(const std::string& name, const ThreadEntry*& out) const;

 private:
  struct Row {
    ThreadEntry entry;
    bool fits = false;
  };
  std::unordered_map<std::string, Row> rows_;
};

/// `process` is looked for at each call: the process owns the linker.
[[nodiscard]] Result<void> define_thread_functions(Linker& linker, std::weak_ptr<GuestProcess> process);

/// Is it one of these functions?
[[nodiscard]] bool is_thread_function(const ImportType& import);

}  // namespace heddle::threads
