// SPDX-License-Identifier: Apache-2.0
// Module: the way from bytes or text to something that can be instantiated.
#include <heddle/module.h>

#include "engine/api/access.h"
#include "engine/api/convert.h"
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

}  // namespace

Result<Module> Module::load(const Engine& engine, std::span<const uint8_t> bytes) {
  const auto& impl = Access::impl(engine);
  if (impl == nullptr) return detail::empty_handle("engine");
  const ModuleLimits& limits = impl->config.limits;
  if (bytes.size() > limits.module_bytes) {
    Error error;
    error.kind = ErrorKind::limit;
    error.message = "module of " + std::to_string(bytes.size()) + " bytes, the limit is " +
                    std::to_string(limits.module_bytes);
    return error;
  }
  HEDDLE_TRY_ASSIGN(std::shared_ptr<engine::ModuleImage> image,
                    engine::decode_module(bytes, impl->registry, decode_limits(impl->config)));
  HEDDLE_TRY(engine::validate_module(*image, impl->config.load_threads));
  impl->tier->on_module(*image);
  return Access::module(impl, std::move(image));
}

Result<Module> Module::load_text(const Engine& engine, std::string_view source) {
  if (!engine) return detail::empty_handle("engine");
  HEDDLE_TRY_ASSIGN(const std::vector<uint8_t> bytes, engine::assemble(source));
  return load(engine, bytes);
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
  return image_ ? std::span<const uint8_t>(image_->bytes) : std::span<const uint8_t>();
}

}  // namespace heddle
