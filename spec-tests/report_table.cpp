// SPDX-License-Identifier: Apache-2.0
// The report for people at a terminal: failures in full, then one row per folder and one column group per
// tier.
#include <fmt/format.h>

#include <algorithm>

#include "engine/support/escape.h"
#include "spec-tests/report.h"

namespace heddle::spec {

namespace {

constexpr size_t kLong = 6;  ///< lines of a message
constexpr int kWhole = 3;    ///< long messages shown in full

class TablePrinter {
 public:
  TablePrinter(const Report& report, const TableStyle& style) : report_(report), style_(style) {}

  std::string print() {
    print_failures();
    print_matrix();
    print_slowest();
    for (const std::string& complaint : report_.complaints) {
      out_ += paint("31", "error: ") + engine::escape_for_terminal(complaint) + '\n';
    }
    print_messages();
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string paint(std::string_view code, std::string_view text) const {
    return style_.color ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
  }

  void print_failures() {
    size_t shown = 0;
    size_t all = 0;
    for (const FileResult& file : report_.files) {
      for (const Failure& failure : file.failures) {
        ++all;
        if (shown == style_.max_failures) continue;
        ++shown;
        print_failure(file, failure);
      }
    }
    if (all > shown) out_ += fmt::format("... and {} more failures; --report json lists all\n", all - shown);
    if (all > 0) out_ += '\n';
  }

  void print_failure(const FileResult& file, const Failure& failure) {
    const char* word = file.status == FileStatus::crash     ? "CRASH"
                       : file.status == FileStatus::timeout ? "TIMEOUT"
                                                            : "FAIL";
    // In a file that crashed, only the last entry is the crash itself.
    if (&failure != &file.failures.back()) word = "FAIL";
    out_ += paint(
        "1", fmt::format("{}:{}:{}", engine::escape_for_terminal(file.path), failure.line, failure.column));
    out_ += fmt::format(" [{}] {}\n", file.tier, paint("31", word));
    if (!failure.directive.empty()) out_ += "  " + engine::escape_for_terminal(failure.directive) + '\n';
    print_message(failure);
  }

  /// The first long ones (a sanitizer's report) in full, of the rest the beginning.
  void print_message(const Failure& failure) {
    const auto lines = static_cast<size_t>(std::ranges::count(failure.message, '\n')) + 1;
    size_t shown = lines;
    if (lines > kLong && ++long_messages_ > kWhole) shown = kLong;
    for (size_t begin = 0; begin < failure.message.size() && shown > 0; --shown) {
      const size_t end = std::min(failure.message.find('\n', begin), failure.message.size());
      const auto line = std::string_view(failure.message).substr(begin, end - begin);
      out_ += "  " + paint("33", engine::escape_for_terminal(line)) + '\n';
      begin = end + 1;
    }
  }

  [[nodiscard]] std::string cells(const Counts& counts) const {
    const auto cell = [&](uint64_t number, int width, const char* color) {
      const std::string text = fmt::format("{:>{}}", number, width);
      return number == 0 ? text : paint(color, text);
    };
    return cell(counts.pass, 9, "32") + cell(counts.fail, 7, "31") + cell(counts.skip, 7, "33") +
           cell(counts.crash, 7, "31");
  }

  void print_matrix() {
    const GroupedCounts groups = group_counts(report_);
    size_t width = 6;
    for (const auto& [group, unused] : groups) width = std::max(width, group.size());
    std::string head = fmt::format("{:<{}}", "", width);
    std::string columns = fmt::format("{:<{}}", "suite", width);
    for (const std::string& tier : report_.tiers) {
      head += fmt::format("{:>30}", tier);
      columns += fmt::format("{:>9}{:>7}{:>7}{:>7}", "pass", "fail", "skip", "crash");
    }
    out_ += paint("2", head) + '\n' + paint("2", columns) + '\n';
    for (const auto& [group, tiers] : groups) {
      out_ += fmt::format("{:<{}}", engine::escape_for_terminal(group), width);
      for (const std::string& tier : report_.tiers) {
        const auto found = tiers.find(tier);
        out_ += cells(found == tiers.end() ? Counts{} : found->second);
      }
      out_ += '\n';
    }
    out_ += paint("1", fmt::format("{:<{}}", "total", width));
    for (const std::string& tier : report_.tiers) out_ += cells(report_.totals(tier));
    out_ += fmt::format("\n{} in {:.2f} s\n",
                        report_.clean() ? paint("32", "all as expected") : paint("31", "unexpected results"),
                        report_.seconds);
  }

  void print_slowest() {
    std::vector<const FileResult*> slow;
    for (const FileResult& file : report_.files) {
      if (file.seconds >= 1) slow.push_back(&file);
    }
    std::ranges::sort(slow, std::greater<>(), &FileResult::seconds);
    if (slow.size() > 10) slow.resize(10);
    if (slow.empty()) return;
    out_ += "slowest:";
    for (const FileResult* file : slow) {
      out_ += fmt::format(" {} {:.1f} s", file->path.substr(file->path.find_last_of('/') + 1), file->seconds);
    }
    out_ += '\n';
  }

  void print_messages() {
    uint64_t mismatches = 0;
    for (const FileResult& file : report_.files) mismatches += file.message_mismatches;
    if (mismatches > 0) {
      out_ += fmt::format(
          "{} messages differ from the suite's words (--strict-messages makes them failures)\n", mismatches);
    }
  }

  const Report& report_;
  const TableStyle& style_;
  int long_messages_ = 0;
  std::string out_;
};

}  // namespace

std::string report_table(const Report& report, const TableStyle& style) {
  return TablePrinter(report, style).print();
}

}  // namespace heddle::spec
