// SPDX-License-Identifier: Apache-2.0
// Reading and writing whole files with the system's reasons for failure.
#include "tools/input_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "engine/support/byte_buffer.h"
#include "engine/support/escape.h"
#include "engine/support/try.h"
#include "engine/text/assembler.h"

namespace heddle::tools {

namespace {

Error system_error(const char* what) {
  Error error;
  error.kind = ErrorKind::resource;
  error.message = std::string(what) + ": " + std::strerror(errno);
  return error;
}

struct CloseFile {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};

constexpr size_t kLeastRead = 64 << 10;

/// Of a regular file; 0 for what has no size, a pipe for example.
size_t size_of(std::FILE* file) {
  struct stat status{};
  if (fstat(fileno(file), &status) != 0 || !S_ISREG(status.st_mode)) return 0;
  return static_cast<size_t>(status.st_size);
}

}  // namespace

Result<std::vector<uint8_t>> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, CloseFile> file(path == "-" ? stdin : std::fopen(path.c_str(), "rb"));
  if (file == nullptr) return system_error("can't open");
  // One byte more than a regular file has, so that its end is seen without growing.
  const size_t expected = size_of(file.get()) + 1;
  std::vector<uint8_t> bytes;
  engine::reserve_bytes(bytes, expected);
  size_t used = 0;
  do {
    bytes.resize(used + std::max({used, expected, kLeastRead}));
    used += std::fread(bytes.data() + used, 1, bytes.size() - used, file.get());
  } while (used == bytes.size());
  if (std::ferror(file.get()) != 0) return system_error("can't read");
  bytes.resize(used);
  return bytes;
}

Result<void> write_file(const std::string& path, std::span<const uint8_t> bytes) {
  std::FILE* file = path == "-" ? stdout : std::fopen(path.c_str(), "wb");
  if (file == nullptr) return system_error("can't create");
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  const bool flushed = file == stdout ? std::fflush(file) == 0 : std::fclose(file) == 0;
  if (written && flushed) return {};
  const Error error = system_error("can't write");
  if (file != stdout) std::remove(path.c_str());
  return error;
}

bool is_binary(const std::string& path, std::span<const uint8_t> bytes) {
  return path.ends_with(".wasm") || (!bytes.empty() && bytes.front() == 0);
}

Result<std::vector<uint8_t>> read_module_bytes(const std::string& path) {
  HEDDLE_TRY_ASSIGN(std::vector<uint8_t> bytes, read_file(path));
  if (is_binary(path, bytes)) return bytes;
  return engine::assemble({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string display_name(const std::string& path) {
  return path == "-" ? "<stdin>" : engine::escape_for_terminal(path);
}

void print_message(const std::string& line) {
  // Not fmt::print: that throws where standard error can't be written.
  std::fputs((line + "\n").c_str(), stderr);
}

void print_error(const std::string& path, const Error& error) {
  // These kinds say nothing that the reason does not say better.
  const bool plain = error.kind == ErrorKind::usage || error.kind == ErrorKind::resource;
  print_message(display_name(path) + ": " +
                (plain ? engine::escape_for_terminal(error.message) : error.to_string()));
}

void print_error(const std::string& message) {
  print_message("heddle: " + engine::escape_for_terminal(message));
}

}  // namespace heddle::tools
