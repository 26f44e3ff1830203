// SPDX-License-Identifier: Apache-2.0
// Module: the way from bytes or text to something that can be instantiated.
#include <heddle/module.h>

#include <chrono>
#include <utility>

#include "engine/api/access.h"
#include "engine/api/convert.h"
#include "engine/support/byte_buffer.h"
#include "engine/support/try.h"
#include "engine/text/assembler.h"
#include "engine/validation/validate.h"

namespace heddle {

using detail::Access;

namespace {

engine::DecodeLimits decode_limits(const Config& config) {
  const ModuleLimits& limits = config.limits;
  engine::DecodeLimits out;
  if (config.custom_descriptors) out.features.add(engine::Feature::custom_descriptors);
  out.types = limits.types;
  out.functions = limits.functions;
  out.imports = limits.imports;
  out.exports = limits.exports;
  out.globals = limits.globals;
  out.tables = limits.tables;
  out.memories = limits.memories;
  out.segments = limits.segments;
  out.locals = limits.function_locals;
  out.body_bytes = limits.function_bytes;
  out.parameters = limits.parameters;
  out.results = limits.results;
  return out;
}

using Clock = std::chrono::steady_clock;
using Image = std::unique_ptr<engine::ModuleImage>;
using DecodeLimits = engine::DecodeLimits;

/// Seconds since `start`, which becomes now.
double lap(Clock::time_point& start) {
  const Clock::time_point before = std::exchange(start, Clock::now());
  return std::chrono::duration<double>(start - before).count();
}

void count_code(const engine::ModuleImage& image, LoadStatistics& statistics) {
  statistics.functions = image.functions.size() - image.imported_functions;
  for (const engine::FunctionDeclaration& function : image.functions)
    statistics.code_bytes += function.body.size;
}

Result<void> check_size(const detail::EngineImpl& engine, uint64_t bytes) {
  if (bytes <= engine.config.limits.module_bytes) return {};
  Error error;
  error.kind = ErrorKind::limit;
  error.message = "module of " + std::to_string(bytes) + " bytes, the limit is " +
                  std::to_string(engine.config.limits.module_bytes);
  return error;
}

/// `decode(registry, limits)`, then validation.
template <class Decode>
Result<Image> decode_and_validate(detail::EngineImpl& engine, LoadStatistics& statistics, Decode decode) {
  auto start = Clock::now();
  HEDDLE_TRY_ASSIGN(Image image, decode(engine.registry, decode_limits(engine.config)));
  statistics.decode_seconds = lap(start);
  count_code(*image, statistics);
  HEDDLE_TRY(engine::validate_module(*image, engine.config.load_threads));
  statistics.validate_seconds = lap(start);
  return image;
}

}  // namespace

Result<Module> Module::load(const Engine& engine, std::span<const uint8_t> bytes,
                            LoadStatistics* statistics) {
  const auto& impl = Access::impl(engine);
  if (impl == nullptr) return detail::empty_handle("engine");
  HEDDLE_TRY(check_size(*impl, bytes.size()));  // before they are copied
  std::vector<uint8_t> copy;
  const auto start = Clock::now();
  engine::reserve_bytes(copy, bytes.size());
  copy.assign(bytes.begin(), bytes.end());
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  Result<Module> module = load(engine, std::move(copy), statistics);
  if (statistics != nullptr) statistics->decode_seconds += seconds;
  return module;
}

Result<Module> Module::load(const Engine& engine, std::vector<uint8_t>&& bytes, LoadStatistics* statistics) {
  const auto& impl = Access::impl(engine);
  if (impl == nullptr) return detail::empty_handle("engine");
  HEDDLE_TRY(check_size(*impl, bytes.size()));
  LoadStatistics unasked;
  LoadStatistics& seen = statistics != nullptr ? *statistics : unasked;
  seen = {};
  HEDDLE_TRY_ASSIGN(std::shared_ptr<engine::ModuleImage> image,
                    decode_and_validate(*impl, seen, [&](auto& registry, const DecodeLimits& limits) {
                      return engine::decode_module(std::move(bytes), registry, limits);
                    }));
  auto start = Clock::now();
  impl->tier->on_module(*image);
  seen.translate_seconds = lap(start);
  for (const auto* data : {image->tier_data.get(), image->compiler_data.get()})
    if (data != nullptr) seen.translated_bytes += data->code_bytes();
  return Access::module(impl, std::move(image));
}

Result<void> Module::validate(const Engine& engine, std::span<const uint8_t> bytes,
                              LoadStatistics* statistics) {
  const auto& impl = Access::impl(engine);
  if (impl == nullptr) return detail::empty_handle("engine");
  HEDDLE_TRY(check_size(*impl, bytes.size()));
  LoadStatistics unasked;
  LoadStatistics& seen = statistics != nullptr ? *statistics : unasked;
  seen = {};
  HEDDLE_TRY(decode_and_validate(*impl, seen, [&](auto& registry, const DecodeLimits& limits) {
    return engine::decode_borrowed(bytes, registry, limits);
  }));
  return {};
}

Result<Module> Module::load_text(const Engine& engine, std::string_view source) {
  if (!engine) return detail::empty_handle("engine");
  HEDDLE_TRY_ASSIGN(std::vector<uint8_t> bytes, engine::assemble(source));
  return load(engine, std::move(bytes));
}

std::vector<ImportType> Module::imports() const {
  std::vector<ImportType> out;
  if (image_ == nullptr) return out;
  out.reserve(image_->imports.size());
  for (const engine::Import& import : image_->imports) {
    out.push_back({import.module, import.name, detail::type_in(*image_, import.kind, import.index)});
  }
  return out;
}

std::vector<ExportType> Module::exports() const {
  std::vector<ExportType> out;
  if (image_ == nullptr) return out;
  out.reserve(image_->exports.size());
  for (const engine::Export& entry : image_->exports) {
    out.push_back({entry.name, detail::type_in(*image_, entry.kind, entry.index)});
  }
  return out;
}

std::string_view Module::name() const noexcept { return image_ ? image_->module_name : std::string_view(); }

std::span<const uint8_t> Module::bytes() const noexcept {
  return image_ ? image_->bytes : std::span<const uint8_t>();
}

}  // namespace heddle
