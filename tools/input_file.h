// SPDX-License-Identifier: Apache-2.0
// Input and output of the commands: whole files, standard input as "-", modules as bytes or text.
#pragma once

#include <heddle/heddle.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace heddle::tools {

/// The whole file; "-" is standard input. Errors: resource, with the system's reason.
[[nodiscard]] Result<std::vector<uint8_t>> read_file(const std::string& path);
/// Writes the whole file; "-" is standard output. Nothing is left behind where writing fails.
[[nodiscard]] Result<void> write_file(const std::string& path, std::span<const uint8_t> bytes);

/// Is it a binary module? By the name's ending .wasm, else by the first byte.
[[nodiscard]] bool is_binary(const std::string& path, std::span<const uint8_t> bytes);
/// The file's module as bytes: assembled if it is text.
[[nodiscard]] Result<std::vector<uint8_t>> read_module_bytes(const std::string& path);

/// How messages name the file: "<stdin>" for "-"; control characters neutralised.
[[nodiscard]] std::string display_name(const std::string& path);
/// A line on standard error; silently nothing where that can't be written.
void print_message(const std::string& line);
/// `file: malformed at 0x1f2 in code[3]: ...` on standard error.
void print_error(const std::string& path, const Error& error);
/// `heddle: ...` on standard error, for what concerns no file.
void print_error(const std::string& message);

}  // namespace heddle::tools
