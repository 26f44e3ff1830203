// SPDX-License-Identifier: Apache-2.0
// TraceWriter: events as JSON in the Trace Event Format, which Chrome's viewer and Perfetto read.
#pragma once

#include <heddle/result.h>

#include <cstdint>
#include <cstdio>

#include "threads/event_log.h"

namespace heddle::threads {

/// Writes as it is told; nothing is kept. Threads: one at a time.
class TraceWriter {
 public:
  /// `file` must outlive the writer.
  TraceWriter(std::FILE* file, uint64_t lost_events);

  /// What is added next happened on this worker, or outside of all.
  void begin_track(size_t worker, bool is_outside);
  void add(const Event& event);
  /// Nothing else after that. Errors: resource.
  [[nodiscard]] Result<void> finish();

 private:
  /// Begins an entry of this phase on the track; the caller adds to it and closes the brace.
  void begin(const char* phase, const char* category, const char* name, int64_t time_ns);
  void add_run(const Event& event);
  void add_flow(const char* phase, uint64_t flow, int64_t time_ns);

  std::FILE* const file_;
  size_t track_ = 0;
  bool is_first_ = true;
};

}  // namespace heddle::threads
