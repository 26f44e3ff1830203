// SPDX-License-Identifier: Apache-2.0
// `heddle dump`: shows what the engine makes of a module, stage by stage, as stable text.
#include <fmt/core.h>

#include <memory>
#include <optional>

#include "engine/api/access.h"
#include "engine/api/convert.h"
#include "engine/interpreter/disassemble.h"
#include "engine/support/escape.h"
#include "tools/commands.h"
#include "tools/input_file.h"
#include "tools/tier_options.h"

namespace heddle::tools {

namespace {

using engine::ModuleImage;

struct DumpOptions {
  std::string input;
  std::string stage = "module";
  std::optional<uint32_t> function;
};

std::string in_quotes(std::string_view name) { return "\"" + engine::escape_for_terminal(name) + "\""; }

/// One line for each thing of a kind that the module defines or imports.
template <class Items>
void print_space(const ModuleImage& image, engine::ExternKind kind, const Items& items, uint32_t imported) {
  for (uint32_t i = 0; i < items.size(); ++i) {
    fmt::print("{}[{}] {}{}\n", to_string(kind), i, to_string(detail::type_in(image, kind, i)),
               i < imported ? " imported" : "");
  }
}

void print_functions(const ModuleImage& image, std::optional<uint32_t> only) {
  for (uint32_t i = 0; i < image.functions.size(); ++i) {
    if (only && i != *only) continue;
    const auto& body = image.functions[i].body;
    fmt::print("function[{}] {} {}", i, image.function_name(i),
               to_string(detail::type_in(image, engine::ExternKind::function, i)));
    if (i < image.imported_functions) {
      fmt::print(" imported\n");
    } else {
      fmt::print(" at {:#x}, {} bytes\n", body.offset, body.size);
    }
  }
}

void print_segments(const ModuleImage& image) {
  constexpr const char* kModes[] = {"active", "passive", "declarative"};
  for (size_t i = 0; i < image.elements.size(); ++i) {
    const auto& segment = image.elements[i];
    fmt::print("element[{}] {} {} x {}\n", i, kModes[static_cast<size_t>(segment.mode)], segment.size(),
               to_string(segment.type));
  }
  for (size_t i = 0; i < image.data.size(); ++i) {
    const auto& segment = image.data[i];
    fmt::print("data[{}] {} {} bytes at {:#x}\n", i, kModes[static_cast<size_t>(segment.mode)],
               segment.bytes.size, segment.bytes.offset);
  }
}

void print_declarations(const ModuleImage& image) {
  fmt::print("module {}, {} bytes\n",
             image.module_name.empty() ? "without a name" : in_quotes(image.module_name), image.bytes.size());
  for (const auto& import : image.imports) {
    fmt::print("import {} {}: {}[{}]\n", in_quotes(import.module), in_quotes(import.name),
               to_string(import.kind), import.index);
  }
  print_functions(image, std::nullopt);
  print_space(image, engine::ExternKind::table, image.tables, image.imported_tables);
  print_space(image, engine::ExternKind::memory, image.memories, image.imported_memories);
  print_space(image, engine::ExternKind::global, image.globals, image.imported_globals);
  print_space(image, engine::ExternKind::tag, image.tags, image.imported_tags);
  for (const auto& entry : image.exports) {
    fmt::print("export {}: {}[{}]\n", in_quotes(entry.name), to_string(entry.kind), entry.index);
  }
  if (image.start) fmt::print("start: function[{}]\n", *image.start);
  print_segments(image);
  for (const auto& custom : image.customs) {
    fmt::print("custom {} {} bytes at {:#x}\n", in_quotes(custom.name), custom.bytes.size,
               custom.bytes.offset);
  }
}

void print_bytecode(const ModuleImage& image, std::optional<uint32_t> only) {
  for (uint32_t i = image.imported_functions; i < image.functions.size(); ++i) {
    if (only && i != *only) continue;
    print_functions(image, i);
    fmt::print("{}\n", engine::disassemble(image, i, true));
  }
}

/// What the compiler makes of the functions.
int print_compiled(const Engine& engine, const Module& module, const DumpOptions& options) {
  const ModuleImage& image = *detail::Access::image(module);
  for (uint32_t i = image.imported_functions; i < image.functions.size(); ++i) {
    if (options.function && i != *options.function) continue;
    print_functions(image, i);
    const auto text = dump_stage(engine, module, i, options.stage);
    fmt::print("{}\n", text.ok() ? *text : "not compiled: " + text.error().message + "\n");
  }
  return kSuccess;
}

int dump(const DumpOptions& options) {
  auto bytes = read_module_bytes(options.input);
  if (!bytes) {
    print_error(options.input, bytes.error());
    return kUsageError;
  }
  Config config;
  config.custom_descriptors = true;  // who looks at a module wants to see it
  if (is_compiler_stage(options.stage)) {
    TierOptions tier;
    tier.tier = "jit";
    apply(tier, config);
  }
  const auto engine = Engine::create(config);
  if (!engine) {
    print_error(options.input, engine.error());
    return kUsageError;
  }
  const auto module = Module::load(*engine, *std::move(bytes));
  if (!module) {
    print_error(options.input, module.error());
    return kUsageError;
  }
  const ModuleImage& image = *detail::Access::image(*module);
  if (options.function && *options.function >= image.functions.size()) {
    print_error(
        fmt::format("there is no function {}; the module has {}", *options.function, image.functions.size()));
    return kUsageError;
  }
  if (is_compiler_stage(options.stage)) return print_compiled(*engine, *module, options);
  if (options.stage == "bytecode") {
    print_bytecode(image, options.function);
  } else if (options.function) {
    print_functions(image, options.function);
  } else {
    print_declarations(image);
  }
  return kSuccess;
}

}  // namespace

void add_dump_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("dump", "Show what the engine makes of a module");
  auto options = std::make_shared<DumpOptions>();
  command->add_option("FILE", options->input, "Module in binary or text form; - is standard input")
      ->required();
  command
      ->add_option(
          "--stage", options->stage,
          "module: declarations; bytecode: the interpreter's code; of the compiler, built and ir: values and "
          "blocks, before and after the passes; machine and allocation: instructions, before and after "
          "register allocation; asm: machine code")
      ->check(CLI::IsMember({"module", "bytecode", "built", "ir", "machine", "allocation", "asm"}))
      ->capture_default_str();
  command->add_option("--func", options->function, "Only the function of this index");
  command->footer(
      "Examples:\n"
      "  heddle dump app.wasm                              imports, exports, functions, memories, ...\n"
      "  heddle dump --stage bytecode --func 3 app.wasm    how the interpreter runs function 3\n"
      "  heddle dump --stage asm --func 3 app.wasm         the machine code of function 3");
  command->callback([options, &exit_code] { exit_code = dump(*options); });
}

}  // namespace heddle::tools
