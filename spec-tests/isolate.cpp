// SPDX-License-Identifier: Apache-2.0
// The scheduler of child processes: starts, listens, judges how each ended.
#include "spec-tests/isolate.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <nlohmann/json.hpp>

#include "engine/support/try.h"
#include "spec-tests/child_process.h"

namespace heddle::spec {

namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;

constexpr size_t kShownOutputLines = 40;

/// What a child said before it died: from a sanitizer's headline on, else the end.
std::string shown_output(const std::string& output) {
  size_t begin = output.find("ERROR: ");
  for (const char* headline : {"WARNING: ThreadSanitizer", "runtime error: "}) {
    begin = std::min(begin, output.find(headline));
  }
  const bool report = begin != std::string::npos;
  if (report) begin = output.rfind('\n', begin) + 1;
  std::vector<std::string_view> lines;
  for (size_t at = report ? begin : 0; at < output.size();) {
    const size_t end = std::min(output.find('\n', at), output.size());
    lines.push_back(std::string_view(output).substr(at, end - at));
    at = end + 1;
  }
  const size_t skipped = lines.size() - std::min(lines.size(), kShownOutputLines);
  const size_t first = report ? 0 : skipped;
  std::string shown;
  for (size_t i = first; i < lines.size() - (report ? skipped : 0); ++i)
    shown += '\n' + std::string(lines[i]);
  return shown;
}

class FailureWriter final : public FailureSink {
 public:
  void failed(Failure failure) override {
    const Json line = {{"line", failure.line},
                       {"column", failure.column},
                       {"directive", failure.directive},
                       {"message", failure.message}};
    write_line(line.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  static void write_line(std::string text) {
    text += '\n';
    for (size_t at = 0; at < text.size();) {
      const ssize_t count = write(ChildProcess::kResultPipe, text.data() + at, text.size() - at);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) _exit(2);  // nobody listens any more
      at += static_cast<size_t>(count);
    }
  }
};

constexpr std::string_view kDoneLine = "done";

// A child that went astray may have written anything.
uint32_t number_in(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_unsigned() ? found->get<uint32_t>() : 0;
}
std::string text_in(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

struct Running {
  const Job* job = nullptr;
  std::unique_ptr<ChildProcess> child;
  Clock::time_point started;
  Clock::time_point deadline;
  uint32_t iteration = 0;
  bool timed_out = false;
};

/// The switches of RunOptions, as a child gets them: one character each.
struct Switch {
  char letter;
  bool RunOptions::* member;
};
constexpr Switch kSwitches[] = {{'s', &RunOptions::strict_messages},
                                {'t', &RunOptions::self_test},
                                {'c', &RunOptions::checked_memory},
                                {'p', &RunOptions::check_compiler},
                                {'f', &RunOptions::fuel},
                                {'e', &RunOptions::eager},
                                {'g', &RunOptions::gc_stress},
                                {'d', &RunOptions::custom_descriptors}};

std::vector<std::string> child_arguments(const Job& job) {
  const RunOptions& options = job.options;
  std::string switches = "-";
  for (const Switch& each : kSwitches) {
    if (options.*each.member) switches += each.letter;
  }
  return {"heddle",
          "wast",
          "--child",
          job.path,
          options.tier,
          switches,
          std::to_string(options.only_line),
          std::to_string(options.repeat)};
}

class Scheduler {
 public:
  Scheduler(const std::vector<Job>& jobs, const IsolationOptions& options,
            const std::function<void(JobResult)>& done)
      : jobs_(jobs), options_(options), done_(done) {}

  Result<void> run() {
    while (next_ < jobs_.size() || !running_.empty()) {
      while (next_ < jobs_.size() && running_.size() < std::max(1u, options_.jobs))
        HEDDLE_TRY(start(jobs_[next_++]));
      listen();
      for (size_t i = 0; i < running_.size();) {
        if (running_[i].child->finished()) {
          finish(running_[i]);
          running_.erase(running_.begin() + static_cast<ptrdiff_t>(i));
        } else {
          enforce_deadline(running_[i++]);
        }
      }
    }
    return {};
  }

 private:
  Result<void> start(const Job& job) {
    const std::vector<std::string> arguments = child_arguments(job);
    HEDDLE_TRY_ASSIGN(std::unique_ptr<ChildProcess> child, ChildProcess::start(arguments));
    Running running;
    running.job = &job;
    running.child = std::move(child);
    running.started = Clock::now();
    running.deadline = next_deadline();
    running_.push_back(std::move(running));
    return {};
  }

  [[nodiscard]] Clock::time_point next_deadline() const {
    if (options_.timeout.count() <= 0) return Clock::time_point::max();
    return Clock::now() + std::chrono::duration_cast<Clock::duration>(options_.timeout);
  }

  void listen() {
    std::vector<pollfd> fds;
    auto wake = Clock::time_point::max();
    for (const Running& running : running_) {
      for (const int fd : {running.child->result_fd(), running.child->output_fd()}) {
        if (fd >= 0) fds.push_back({fd, POLLIN, 0});
      }
      wake = std::min(wake, running.deadline);
    }
    int milliseconds = -1;
    if (wake != Clock::time_point::max()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(wake - Clock::now()).count();
      milliseconds = static_cast<int>(std::clamp<int64_t>(left, 0, 60'000));
    }
    if (poll(fds.data(), fds.size(), milliseconds) <= 0) return;
    for (Running& running : running_) running.child->read_available();
  }

  void enforce_deadline(Running& running) {
    if (Clock::now() < running.deadline) return;
    const uint32_t iteration = running.child->progress().iteration.load();
    if (iteration != running.iteration) {
      running.iteration = iteration;
      running.deadline = next_deadline();
      return;
    }
    running.timed_out = true;
    running.deadline = Clock::time_point::max();
    running.child->kill();
  }

  void finish(Running& running) {
    ChildProcess& child = *running.child;
    const std::string ending = child.wait();
    const Progress& progress = child.progress();
    JobResult result;
    result.number = running.job->number;
    result.passed = progress.passed.load();
    result.message_mismatches = progress.message_mismatches.load();
    result.seconds = std::chrono::duration<double>(Clock::now() - running.started).count();
    const bool complete = read_results(child.results(), result.failures);
    if (running.timed_out) {
      result.status = FileStatus::timeout;
      result.failures.push_back({progress.line.load(), progress.column.load(), "",
                                 fmt::format("no end after {:.3g} s; killed", options_.timeout.count()) +
                                     shown_output(child.output())});
    } else if (!ending.empty() || !complete) {
      result.status = FileStatus::crash;
      result.failures.push_back(
          {progress.line.load(), progress.column.load(), "",
           (ending.empty() ? std::string("it ended too early") : ending) + shown_output(child.output())});
    }
    done_(std::move(result));
  }

  /// False if the child did not get to its end.
  static bool read_results(std::string_view text, std::vector<Failure>& failures) {
    bool complete = false;
    while (!text.empty()) {
      const size_t end = std::min(text.find('\n'), text.size());
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (line == kDoneLine) complete = true;
      const Json json = Json::parse(line, nullptr, false);
      if (!json.is_object()) continue;
      failures.push_back({number_in(json, "line"), number_in(json, "column"), text_in(json, "directive"),
                          text_in(json, "message")});
    }
    return complete;
  }

  const std::vector<Job>& jobs_;
  const IsolationOptions& options_;
  const std::function<void(JobResult)>& done_;
  size_t next_ = 0;
  std::vector<Running> running_;
};

template <class T>
bool parse_number(const std::string& text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

/// A file that can't be run at all is one failure.
void report_error(FailureSink& sink, const Error& error) { sink.failed({0, 0, "", error.to_string()}); }

}  // namespace

Result<void> run_isolated(const std::vector<Job>& jobs, const IsolationOptions& options,
                          const std::function<void(JobResult)>& done) {
  return Scheduler(jobs, options, done).run();
}

JobResult run_here(const Job& job) {
  const auto started = Clock::now();
  Progress progress{};
  FailureList list;
  if (const auto ran = run_file(job.path, job.options, progress, list); !ran.ok())
    report_error(list, ran.error());
  JobResult result;
  result.number = job.number;
  result.passed = progress.passed.load();
  result.message_mismatches = progress.message_mismatches.load();
  result.seconds = std::chrono::duration<double>(Clock::now() - started).count();
  result.failures = std::move(list.failures);
  return result;
}

int run_child(std::span<const std::string> arguments) {
  Progress* progress = map_progress(ChildProcess::kProgressMemory);
  Job job;
  if (arguments.size() != 5 || progress == nullptr || !parse_number(arguments[3], job.options.only_line) ||
      !parse_number(arguments[4], job.options.repeat)) {
    return 2;
  }
  job.path = arguments[0];
  job.options.tier = arguments[1];
  for (const Switch& each : kSwitches)
    job.options.*each.member = arguments[2].find(each.letter) != std::string::npos;
  FailureWriter writer;
  if (const auto ran = run_file(job.path, job.options, *progress, writer); !ran.ok()) {
    report_error(writer, ran.error());
  }
  FailureWriter::write_line(std::string(kDoneLine));
  return 0;
}

}  // namespace heddle::spec
