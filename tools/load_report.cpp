// SPDX-License-Identifier: Apache-2.0
// How the statistics of a load are printed.
#include "tools/load_report.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <nlohmann/json.hpp>

#include "tools/input_file.h"

namespace heddle::tools {

namespace {

uint64_t peak_resident_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<uint64_t>(usage.ru_maxrss) * 1024;
}

std::string stage(const char* name, double seconds, uint64_t bytes) {
  const std::string rate =
      seconds > 0 ? fmt::format("{:8.0f} MB/s", static_cast<double>(bytes) / 1e6 / seconds) : "";
  return fmt::format("  {:<10}{:9.3f} ms{}\n", name, seconds * 1e3, rate);
}

std::string as_text(const LoadReport& report) {
  const LoadStatistics& load = report.load;
  std::string out = fmt::format("{}: {} bytes, {} functions of {} bytes\n", display_name(report.file),
                                report.module_bytes, load.functions, load.code_bytes);
  out += stage("read", report.read_seconds, report.module_bytes);
  out += stage("decode", load.decode_seconds, report.module_bytes);
  out += stage("validate", load.validate_seconds, report.module_bytes);
  if (load.translated_bytes > 0) {
    out += stage(report.is_compiled ? "compile" : "translate", load.translate_seconds, load.code_bytes);
    out += fmt::format("  {} to {} bytes, {:.2f} for each byte of code\n",
                       report.is_compiled ? "compiled" : "translated", load.translated_bytes,
                       static_cast<double>(load.translated_bytes) / static_cast<double>(load.code_bytes));
  }
  const double sum =
      report.read_seconds + load.decode_seconds + load.validate_seconds + load.translate_seconds;
  out += stage("all", sum, report.module_bytes);
  return out +
         fmt::format("  peak resident memory {:.1f} MB\n", static_cast<double>(peak_resident_bytes()) / 1e6);
}

std::string as_json_line(const LoadReport& report) {
  const LoadStatistics& load = report.load;
  const nlohmann::ordered_json object = {
      {"file", report.file},
      {"module_bytes", report.module_bytes},
      {"functions", load.functions},
      {"code_bytes", load.code_bytes},
      {"translated_bytes", load.translated_bytes},
      {"read_seconds", report.read_seconds},
      {"decode_seconds", load.decode_seconds},
      {"validate_seconds", load.validate_seconds},
      {"translate_seconds", load.translate_seconds},
      {"peak_resident_bytes", peak_resident_bytes()},
  };
  // A file's name need not be UTF-8.
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

void print_load_report(const LoadReport& report, bool as_json) {
  const std::string text = as_json ? as_json_line(report) : as_text(report);
  std::fputs(text.c_str(), stderr);
}

}  // namespace heddle::tools
