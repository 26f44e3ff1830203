// SPDX-License-Identifier: Apache-2.0
// What all forms of the report share: totals, groups, the machine line, escaping.
#include "spec-tests/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/support/utf8.h"

namespace heddle::spec {

Counts& Counts::operator+=(const Counts& other) {
  pass += other.pass;
  fail += other.fail;
  skip += other.skip;
  crash += other.crash;
  return *this;
}

Counts Report::totals(std::string_view tier) const {
  Counts sum;
  for (const FileResult& file : files) {
    if (file.tier == tier) sum += file.counts;
  }
  return sum;
}

bool Report::clean() const {
  return complaints.empty() &&
         std::ranges::all_of(files, [](const FileResult& file) { return file.counts.clean(); });
}

GroupedCounts group_counts(const Report& report) {
  GroupedCounts groups;
  for (const FileResult& file : report.files) groups[file.group][file.tier] += file.counts;
  return groups;
}

std::string machine_lines(const Report& report) {
  std::string out;
  for (const std::string& tier : report.tiers) {
    const Counts sum = report.totals(tier);
    const auto files = std::ranges::count(report.files, tier, &FileResult::tier);
    out += fmt::format("heddle-wast: tier={} files={} pass={} fail={} skip={} crash={} seconds={:.2f}\n",
                       tier, files, sum.pass, sum.fail, sum.skip, sum.crash, report.seconds);
  }
  return out;
}

std::string escape_markup(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto code = engine::decode_utf8(text);
    const char c = text[0];
    const bool control = code && code->code_point < 0x20 && c != '\n' && c != '\t';
    const bool illegal = !code || control || code->code_point == 0xfffe || code->code_point == 0xffff;
    if (illegal) {
      out += "\xef\xbf\xbd";
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += text.substr(0, code->length);
    }
    text.remove_prefix(code ? code->length : 1);
  }
  return out;
}

}  // namespace heddle::spec
