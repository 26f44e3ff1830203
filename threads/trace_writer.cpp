// SPDX-License-Identifier: Apache-2.0
// The events of a trace. All names are fixed texts and all values numbers: nothing needs to be escaped.
#include "threads/trace_writer.h"

#include <cerrno>
#include <cinttypes>
#include <cstring>

namespace heddle::threads {

namespace {

[[nodiscard]] const char* to_string(RunEnd end) noexcept {
  switch (end) {
    case RunEnd::park: return "park";
    case RunEnd::yield: return "yield";
    case RunEnd::blocked: return "blocked";
    case RunEnd::exit: return "exit";
  }
  return "";
}

/// The format's times are microseconds; three decimals keep the nanoseconds.
void write_time(std::FILE* file, const char* key, int64_t time_ns) {
  std::fprintf(file, ",\"%s\":%" PRId64 ".%03d", key, time_ns / 1000, static_cast<int>(time_ns % 1000));
}

}  // namespace

TraceWriter::TraceWriter(std::FILE* file, uint64_t lost_events) : file_(file) {
  std::fprintf(file_,
               "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"lost_events\":%" PRIu64 "},\"traceEvents\":[",
               lost_events);
}

/// Track 0 is the outside; in viewers the tracks stand in this order.
void TraceWriter::begin_track(size_t worker, bool is_outside) {
  track_ = is_outside ? 0 : worker + 1;
  std::fprintf(file_, "%s\n{\"ph\":\"M\",\"pid\":1,\"tid\":%zu,\"name\":\"thread_name\",\"args\":{\"name\":",
               is_first_ ? "" : ",", track_);
  if (is_outside) {
    std::fputs("\"outside\"}}", file_);
  } else {
    std::fprintf(file_, "\"worker %zu\"}}", worker);
  }
  is_first_ = false;
}

void TraceWriter::begin(const char* phase, const char* category, const char* name, int64_t time_ns) {
  std::fprintf(file_, ",\n{\"ph\":\"%s\",\"pid\":1,\"tid\":%zu,\"cat\":\"%s\",\"name\":\"%s\"", phase, track_,
               category, name);
  write_time(file_, "ts", time_ns);
}

/// The ends of an arrow have the same id, category and name.
void TraceWriter::add_flow(const char* phase, uint64_t flow, int64_t time_ns) {
  if (flow == 0) return;
  begin(phase, "flow", "wakes", time_ns);
  std::fprintf(file_, "%s,\"id\":%" PRIu64 "}", *phase == 'f' ? ",\"bp\":\"e\"" : "", flow);
}

void TraceWriter::add(const Event& event) {
  if (event.kind == EventKind::run) return add_run(event);
  const char* const name = event.kind == EventKind::spawn  ? "spawn"
                           : event.kind == EventKind::wake ? "wake"
                                                           : "steal";
  begin("i", name, name, event.time_ns);
  std::fprintf(file_, ",\"s\":\"t\",\"args\":{\"thread\":%" PRIu32, event.thread);
  if (event.kind == EventKind::steal) std::fprintf(file_, ",\"from_worker\":%" PRIu32, event.other);
  std::fputs("}}", file_);
  add_flow("s", event.flow, event.time_ns);
}

void TraceWriter::add_run(const Event& event) {
  char name[32];
  std::snprintf(name, sizeof name, "thread %" PRIu32, event.thread);
  begin("X", "run", name, event.time_ns);
  write_time(file_, "dur", event.duration_ns);
  std::fprintf(file_, ",\"args\":{\"thread\":%" PRIu32 ",\"then\":\"%s\"}}", event.thread,
               to_string(event.end));
  add_flow("f", event.flow, event.time_ns);
  if (event.end != RunEnd::park && event.end != RunEnd::exit) return;
  const char* const what = to_string(event.end);
  begin("i", what, what, event.time_ns + event.duration_ns);
  std::fprintf(file_, ",\"s\":\"t\",\"args\":{\"thread\":%" PRIu32, event.thread);
  if (event.at_address) std::fprintf(file_, ",\"address\":%" PRIu64, event.address);
  std::fputs("}}", file_);
}

Result<void> TraceWriter::finish() {
  std::fputs("\n]}\n", file_);
  if (std::fflush(file_) == 0 && std::ferror(file_) == 0) return {};
  Error error;
  error.kind = ErrorKind::resource;
  error.message = std::string("the trace can't be written: ") + std::strerror(errno);
  return error;
}

}  // namespace heddle::threads
