// SPDX-License-Identifier: Apache-2.0
// Module: a loaded, validated WebAssembly module, ready to be instantiated any number of times.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <heddle/engine.h>
#include <heddle/export.h>
#include <heddle/types.h>

namespace heddle::engine {
struct ModuleImage;
}

namespace heddle {

/// Where the time of loading went, for those who ask; wall time, in seconds.
struct LoadStatistics {
  double decode_seconds = 0;      ///< sections and declarations; a copy of the bytes, if one was made
  double validate_seconds = 0;    ///< declarations and function bodies, on Config::load_threads threads
  double translate_seconds = 0;   ///< wall time of what the tier does at load, if Config::eager
  uint64_t functions = 0;         ///< imported ones not counted
  uint64_t code_bytes = 0;        ///< of their bodies
  uint64_t translated_bytes = 0;  ///< what the tier has made of them
};

/// A counted reference on an immutable module; copies are the same module. Keeps its engine alive.
///
/// Threads: every function may be called from any thread at any time; one module serves all stores of its
/// engine.
class HEDDLE_API Module {
 public:
  /// Decodes and validates a binary module; copies the bytes. Errors: malformed, invalid, unsupported or
  /// limit, with byte offset, section and reason; usage if `engine` was moved from. `statistics` may be null.
  [[nodiscard]] static Result<Module> load(const Engine& engine, std::span<const uint8_t> bytes,
                                           LoadStatistics* statistics = nullptr);
  /// The same without a copy: the module takes the bytes over.
  [[nodiscard]] static Result<Module> load(const Engine& engine, std::vector<uint8_t>&& bytes,
                                           LoadStatistics* statistics = nullptr);

  /// Would load() succeed? Its error if not. Copies nothing and makes no code.
  [[nodiscard]] static Result<void> validate(const Engine& engine, std::span<const uint8_t> bytes,
                                             LoadStatistics* statistics = nullptr);

  /// Assembles the text format (.wat), then loads. Errors of the text carry line, column and the source line.
  [[nodiscard]] static Result<Module> load_text(const Engine& engine, std::string_view source);

  /// In the module's order; empty if moved from.
  [[nodiscard]] std::vector<ImportType> imports() const;
  [[nodiscard]] std::vector<ExportType> exports() const;

  /// From the name section; empty if there is none. Not escaped: a guest chose it.
  [[nodiscard]] std::string_view name() const noexcept;
  /// The binary module.
  [[nodiscard]] std::span<const uint8_t> bytes() const noexcept;

  explicit operator bool() const noexcept { return image_ != nullptr; }
  friend bool operator==(const Module& a, const Module& b) noexcept { return a.image_ == b.image_; }

 private:
  friend struct detail::Access;
  Module(std::shared_ptr<detail::EngineImpl> engine, std::shared_ptr<const engine::ModuleImage> image)
      : engine_(std::move(engine)), image_(std::move(image)) {}

  std::shared_ptr<detail::EngineImpl> engine_;  // first: the module's types live in it
  std::shared_ptr<const engine::ModuleImage> image_;
};

}  // namespace heddle
