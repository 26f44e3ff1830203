// SPDX-License-Identifier: Apache-2.0
// The oracles of decoding, of the text format and of execution.
#include "fuzz/lib/oracles.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "engine/module/module.h"
#include "engine/support/sanitizers.h"
#include "engine/text/assembler.h"
#include "engine/text/printer.h"
#include "engine/validation/validate.h"
#include "fuzz/lib/bounded_module.h"
#include "fuzz/lib/generator.h"
#include "fuzz/lib/statistics.h"

namespace heddle::fuzz {

using engine::ModuleImage;
using engine::TypeRegistry;

namespace {

using Bytes = std::span<const uint8_t>;

/// Every refusal says why and where.
std::string check_error(const Error& error, bool of_text) {
  if (error.message.empty()) return "an error without a reason";
  if (of_text && error.line == 0) return "an error without a line: " + error.to_string();
  if (!of_text && error.offset == Error::kNoOffset) return "an error without an offset: " + error.to_string();
  return {};
}

struct Loaded {
  std::unique_ptr<ModuleImage> image;
  bool valid = false;
  std::string verdict;  ///< kind and reason of the refusal, without its place
  std::string failure;  ///< of the oracle
};

Loaded load(Bytes bytes, TypeRegistry& registry) {
  Loaded loaded;
  engine::DecodeLimits limits;
  limits.features = engine::FeatureSet::built();
  auto image = engine::decode_module(bytes, registry, limits);
  if (!image) {
    loaded.verdict = std::string(to_string(image.error().kind)) + ": " + image.error().message;
    loaded.failure = check_error(image.error(), false);
    if (image.error().offset > bytes.size() && image.error().offset != Error::kNoOffset)
      loaded.failure = "an error beyond the input: " + image.error().to_string();
    return loaded;
  }
  loaded.image = std::move(*image);
  const auto valid = engine::validate_module(*loaded.image);
  loaded.valid = valid.ok();
  if (!valid) {
    loaded.verdict = std::string(to_string(valid.error().kind)) + ": " + valid.error().message;
    loaded.failure = check_error(valid.error(), false);
  }
  return loaded;
}

/// print -> assemble -> print; what was valid stays so. The first print normalizes, so the second must agree.
std::string check_round_trip(Bytes bytes, const Loaded& original, bool folded, TypeRegistry& registry) {
  engine::PrintOptions options;
  options.folded = folded;
  options.custom_sections = false;  // their places among the sections are not kept to the byte
  const auto text = engine::print_module(bytes, options);
  if (!text) {
    return original.valid ? "a valid module does not print: " + text.error().to_string()
                          : check_error(text.error(), false);
  }
  const auto assembled = engine::assemble(*text);
  if (!assembled) {
    return original.valid ? "printed text does not assemble: " + assembled.error().to_string() + "\n" + *text
                          : check_error(assembled.error(), true);
  }
  if (!original.valid) return {};
  const Loaded again = load(*assembled, registry);
  if (!again.valid) return "reassembled module is refused: " + again.verdict + "\n" + *text;
  const auto text_again = engine::print_module(*assembled, options);
  if (!text_again) return "reassembled module does not print: " + text_again.error().to_string();
  if (*text_again != *text) return "text changed:\n" + *text + "\nbecame\n" + *text_again;
  return {};
}

}  // namespace

bool looks_like_module(Bytes bytes) {
  return bytes.size() >= 4 && bytes[0] == 0 && bytes[1] == 'a' && bytes[2] == 's' && bytes[3] == 'm';
}

std::string check_decode(Bytes bytes) {
  Statistics& stats = statistics();
  ++stats.inputs;
  TypeRegistry registry;
  const Loaded loaded = load(bytes, registry);
  if (!loaded.failure.empty() || loaded.image == nullptr) return loaded.failure;
  ++stats.decoded;
  if (loaded.valid) {
    ++stats.validated;
    stats.add_opcodes(*loaded.image);
  }
  for (const bool folded : {false, true}) {
    if (auto failure = check_round_trip(bytes, loaded, folded, registry); !failure.empty())
      return (folded ? "folded: " : "") + failure;
  }
  return {};
}

std::string check_wat(std::string_view source) {
  const auto assembled = engine::assemble(source);
  if (!assembled) {
    ++statistics().inputs;
    return check_error(assembled.error(), true);
  }
  ++statistics().assembled;
  return check_decode(*assembled);
}

namespace {

void count_run(const Observation& seen) {
  Statistics& stats = statistics();
  stats.instantiated += seen.instantiated ? 1 : 0;
  stats.calls += seen.calls;
  stats.returned += seen.returned;
  stats.instructions += seen.fuel_used;
  for (const TrapKind kind : seen.traps) ++stats.traps[to_string(kind)];
}

void count_valid(const ModuleImage& image) {
  Statistics& stats = statistics();
  ++stats.decoded;
  ++stats.validated;
  stats.add_opcodes(image);
}

/// A module of the generator's, or what is wrong with it.
struct Input {
  std::vector<uint8_t> made;
  std::string failure;
};

Input make_module(Bytes bytes) {
  Input input{generate_module(bytes), {}};
  ++statistics().generated;
  TypeRegistry registry;
  const Loaded loaded = load(input.made, registry);
  if (!loaded.valid) input.failure = "the generator made an invalid module: " + loaded.verdict;
  return input;
}

}  // namespace

std::string check_exec(Bytes bytes, const ExecuteOptions& first, const ExecuteOptions& second) {
  ++statistics().inputs;
  {
    TypeRegistry registry;
    const Loaded loaded = load(bytes, registry);
    if (!loaded.failure.empty() || !loaded.valid) return loaded.failure;
    count_valid(*loaded.image);
  }
  const Observation a = execute(bytes, first);
  count_run(a);
  return difference(a, execute(bytes, second));
}

std::string check_exec_any(Bytes bytes, const ExecuteOptions& first, const ExecuteOptions& second) {
  if (looks_like_module(bytes)) return check_exec(bytes, first, second);
  const Input input = make_module(bytes);
  return input.failure.empty() ? check_exec(input.made, first, second) : input.failure;
}

namespace {

struct Way {
  const char* name;
  const char* tier;
  CompilerOptions compiler;
  bool counts_fuel = false;
};

/// How the tiers run a module, besides the interpreter. What is compiled when must not depend on time.
std::vector<Way> ways_to_compile(uint32_t functions) {
  CompilerOptions options;
  options.checks = true;
  options.threads = 0;
  options.sample_interval = std::chrono::microseconds(0);
  options.hot_calls = 2;
  options.code_bytes = 16 << 20;
  std::vector<Way> ways = {{"compiled", "jit", options},
                           {"compiled when hot", "auto", options},
                           {"compiled with fuel", "jit", options, true},
                           {"compiled when hot, with fuel", "auto", options, true}};
  options.end_function = functions / 2;
  ways.push_back({"half compiled", "jit", options});
  return ways;
}

constexpr uint32_t kSteps = 2'000;
/// Runs out in the middle of some calls.
constexpr uint64_t kFuel = 10'000;

}  // namespace

std::string check_tiers(Bytes bytes) {
  if (!has_compiler()) return {};
  ++statistics().inputs;
  std::vector<uint8_t> module;
  uint32_t functions = 0;
  {
    TypeRegistry registry;
    const Loaded loaded = load(bytes, registry);
    if (!loaded.failure.empty() || !loaded.valid) return loaded.failure;
    count_valid(*loaded.image);
    module = bounded_module(*loaded.image, kSteps);
    functions = static_cast<uint32_t>(loaded.image->functions.size());
  }
  if (module.empty()) return {};
  ExecuteOptions options;
  options.fuel = 0;
  options.steps = kSteps;
  const Observation interpreted = execute(module, options);
  count_run(interpreted);
  options.fuel = kFuel;
  const Observation fuelled = execute(module, options);
  // Bounds are checked in different ways where no sanitizer wants the signals.
  if (!engine::kAddressSanitizer && !engine::kThreadSanitizer) options.memory_mode = MemoryMode::automatic;
  for (const Way& way : ways_to_compile(functions)) {
    options.tier = way.tier;
    options.compiler = way.compiler;
    options.fuel = way.counts_fuel ? kFuel : 0;
    const Observation& wanted = way.counts_fuel ? fuelled : interpreted;
    if (std::string found = difference(wanted, execute(module, options)); !found.empty())
      return std::string(way.name) + ", " + found;
  }
  return {};
}

std::string check_tiers_any(Bytes bytes) {
  if (looks_like_module(bytes)) return check_tiers(bytes);
  const Input input = make_module(bytes);
  return input.failure.empty() ? check_tiers(input.made) : input.failure;
}

void require_nothing_wrong(const char* target, const std::string& failure) {
  if (failure.empty()) return;
  std::fprintf(stderr, "fuzz %s: %s\n", target, failure.c_str());
  std::abort();
}

}  // namespace heddle::fuzz
