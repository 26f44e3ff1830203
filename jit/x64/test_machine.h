// SPDX-License-Identifier: Apache-2.0
// What tests of machine code share: IR built in a line, compiled, and run between real stubs in an instance
// of its own.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/runtime/exec_context.h"
#include "engine/runtime/instance.h"
#include "jit/ir/ir.h"
#include "jit/regalloc/checker.h"
#include "jit/regalloc/linear_scan.h"
#include "jit/runtime_calls/runtime_call.h"
#include "jit/x64/disassemble.h"
#include "jit/x64/emitter.h"
#include "jit/x64/executable_memory.h"
#include "jit/x64/frame_layout.h"
#include "jit/x64/select.h"
#include "jit/x64/stubs.h"
#include "jit/x64/test_allocator.h"

namespace heddle::jit::x64 {

using engine::Slot;

/// A function under construction, with its entry block.
struct TestFunction {
  Function ir;
  BlockId at = 0;

  TestFunction() { at = ir.add_block(); }
  Value parameter(Type type) { return ir.add_parameter(0, type); }
  Value add(Operation operation, Type type, std::initializer_list<Value> arguments = {},
            uint64_t immediate = 0, const std::function<void(Node&)>& more = {}) {
    Node node;
    node.operation = operation;
    node.type = type;
    node.immediate = immediate;
    node.offset = 0x100 + static_cast<uint32_t>(ir.nodes.size());
    if (more) more(node);
    return ir.add_node(at, node, {arguments.begin(), arguments.size()});
  }
  Value i32(uint32_t value) { return add(Operation::i32_const, Type::i32, {}, value); }
  Value i64(uint64_t value) { return add(Operation::i64_const, Type::i64, {}, value); }
  Value constant(Type type, uint64_t bits, uint64_t high = 0) {
    const Operation operation = type == Type::i32   ? Operation::i32_const
                                : type == Type::i64 ? Operation::i64_const
                                : type == Type::f32 ? Operation::f32_const
                                : type == Type::f64 ? Operation::f64_const
                                                    : Operation::v128_const;
    return add(operation, type, {}, bits, [high](Node& node) { node.extra = high; });
  }
  /// The ExecContext, which polls want.
  Value context() {
    const Value instance = add(Operation::instance, Type::i64);
    const Value loaded = add(Operation::host_load, Type::i64, {instance}, kInstanceContext);
    ir.nodes[loaded].access = Operation::i64_load;
    return loaded;
  }
  void leave(std::initializer_list<Value> values) {
    for (const Value value : values) ir.results.push_back(ir.nodes[value].type);
    add(Operation::leave, Type::none, values);
  }
};

struct RunOutcome {
  bool returned = false;
  TrapKind trap = TrapKind::none;
  uint32_t trap_offset = 0;
  Slot results[8] = {};  ///< of the general registers of results
  uint64_t vectors[8][2] = {};
};

/// Compiles and runs. One at a time: the stubs' targets find it in a static.
class TestMachine {
 public:
  TestMachine() {
    current() = this;
    module.registry = &registry;
    auto made = make_stubs({call_other_tier, raise, poll, refuel}, memory_);
    EXPECT_TRUE(made.ok());
    stubs = *made;
    instance.context = &context;
    instance.memory0_base = guest_memory;
    context.overflow = overflow;
    options.stubs = &stubs;
    options.features = host_features();
    options.code_of = [this](uint32_t index) { return &codes[index]; };
    for (auto& code : codes) code.native_entry = reinterpret_cast<const void*>(stubs.call_other_tier);
  }
  ~TestMachine() { current() = nullptr; }

  /// The function's code, which stays.
  const void* compile(Function& ir) {
    ir.module = &module;
    name_types(ir);
    for (const Node& node : ir.nodes) {
      ir.has_calls = ir.has_calls || effect_of(node.operation) == Effect::anything ||
                     node.operation == Operation::tail_call_own ||
                     node.operation == Operation::tail_call_function;
    }
    order_blocks(ir);
    EXPECT_EQ(verify(ir), "") << print(ir);
    select(ir, Dominators(ir), options, machine);
    const Allocation allocation = allocate();
    const auto emitted_fine = emit(machine, allocation, emitted);
    EXPECT_TRUE(emitted_fine.ok()) << (emitted_fine.ok() ? "" : emitted_fine.error().message)
                                   << x64::print(machine);
    if (checks_encodings) check_encodings();
    auto placed = memory_.add(emitted.bytes);
    EXPECT_TRUE(placed.ok()) << (placed.ok() ? "" : placed.error().message);
    code_begin = reinterpret_cast<uintptr_t>(*placed);
    all_sites.push_back({code_begin, emitted});
    return *placed;
  }

  /// Gives calls the type that their arguments and results have.
  void name_types(Function& ir) {
    const auto wasm = [](Type type) -> ValueType {
      switch (type) {
        case Type::i32: return ValueType(ValueType::Kind::i32);
        case Type::i64: return ValueType(ValueType::Kind::i64);
        case Type::f32: return ValueType(ValueType::Kind::f32);
        case Type::f64: return ValueType(ValueType::Kind::f64);
        default: return ValueType(ValueType::Kind::v128);
      }
    };
    for (Node& node : ir.nodes) {
      const bool of_reference =
          node.operation == Operation::call_function || node.operation == Operation::tail_call_function;
      const bool is_tail_call =
          node.operation == Operation::tail_call_own || node.operation == Operation::tail_call_function;
      if (!of_reference && !is_tail_call && node.operation != Operation::call_own) continue;
      std::vector<ValueType> parameters, results;
      for (const Value value : ir.arguments_of(node).subspan(of_reference ? 1 : 0))
        parameters.push_back(wasm(ir.nodes[value].type));
      if (node.type != Type::none) results.push_back(wasm(node.type));
      if (is_tail_call) {
        for (const Type type : ir.results) results.push_back(wasm(type));
      }
      module.groups.push_back(registry.add_function(parameters, results));
      node.extra = module.groups.back()->first();
    }
  }

  [[nodiscard]] static bool has_three_operands(Mnemonic mnemonic) {
    switch (mnemonic) {
#define X64_THREE_OPERANDS(mnemonic, id, commutes) case Mnemonic::mnemonic:
#include "jit/x64/three_operands.def"
      return true;
      default: return false;
    }
  }

  /// What was emitted reads as the instructions that were selected, to a decoder that knows nothing of the
  /// encoder.
  void check_encodings() const {
    static constexpr struct {
      std::string_view text, letters;
    } kInstructions[] = {
#define X64_INSTRUCTION(name, text, id, letters) {text, letters},
#include "jit/x64/instructions.def"
    };
    std::map<std::string, int> missing;
    for (const Instruction& each : machine.instructions) {
      const auto& row = kInstructions[static_cast<size_t>(each.mnemonic)];
      // The emitter writes some additions instead, and leaves tests out whose answer the flags hold.
      if (each.mnemonic == Mnemonic::lea || each.mnemonic == Mnemonic::test) continue;
      const bool is_named = row.text.find("cc") == std::string_view::npos && each.mnemonic != Mnemonic::jmp;
      if (each.form == Form::pseudo || !is_named || each.is_move) continue;
      // Those with a result of their own have another name.
      const bool own_result = options.features.avx && has_three_operands(each.mnemonic) &&
                              machine.operands_of(each)[0].policy != Policy::tied;
      ++missing[own_result ? "v" + std::string(row.text) : std::string(row.text)];
    }
    const std::string text = disassemble(emitted);
    for (auto& [name, count] : missing) {
      for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
        const char after = text[at + name.size()];
        if (text[at - 1] == ' ' && (after == ' ' || after == '\n')) --count;
      }
      EXPECT_LE(count, 0) << name << "\n" << text << x64::print(machine);
    }
  }

  /// By the allocator for tests, or the real one, whose work is checked.
  Allocation allocate() {
    if (!linear_scan) return SlotAllocator(machine).run();
    Allocation allocation;
    EXPECT_TRUE(allocator_.allocate(machine, allocation)) << x64::print(machine);
    EXPECT_EQ(regalloc::check(machine, allocation), "") << x64::print(machine);
    return allocation;
  }

  RunOutcome enter(const void* code, std::span<const Type> types, std::span<const Slot> arguments) {
    RegisterArea area = {};
    std::vector<Place> places;
    place_arguments(types, places);
    size_t next = 0;
    for (const Place& place : places) {
      const Slot low = arguments[next++];
      const Slot high = place.type == Type::v128 ? arguments[next++] : Slot{0};
      if (place.reg == Register::none) {
        overflow[place.overflow / 8] = low;
        overflow[place.overflow / 8 + 1] = high;
      } else if (class_of(place.reg) == RegisterClass::vector) {
        area.vector[number_of(place.reg)][0] = low;
        area.vector[number_of(place.reg)][1] = high;
      } else {
        const auto at = std::find(kGeneralArguments.begin(), kGeneralArguments.end(), place.reg);
        area.general[at - kGeneralArguments.begin()] = low;
      }
    }
    outcome = {};
    outcome.returned = run_stub(code, area);
    std::memcpy(outcome.results, area.general, sizeof outcome.results);
    std::memcpy(outcome.vectors, area.vector, sizeof outcome.vectors);
    EXPECT_EQ(context.native_frame, nullptr);
    return outcome;
  }

  /// UndefinedBehaviorSanitizer would look for a function's type in front of the stub, where nothing is.
  [[gnu::noinline]] __attribute__((no_sanitize("undefined"))) bool run_stub(const void* code,
                                                                            RegisterArea& area) {
    using Enter = bool (*)(engine::ExecContext*, engine::Instance*, const void*, RegisterArea*);
    return reinterpret_cast<Enter>(stubs.enter)(&context, &instance, code, &area);
  }
  RunOutcome run(Function& ir, std::span<const Slot> arguments) {
    std::vector<Type> types;
    for (const Value value : ir.blocks[0].parameters) types.push_back(ir.nodes[value].type);
    return enter(compile(ir), types, arguments);
  }
  RunOutcome run(Function& ir, std::initializer_list<Slot> arguments) {
    return run(ir, std::span<const Slot>(arguments.begin(), arguments.size()));
  }

  struct Compiled {
    uintptr_t begin;
    EmittedCode code;
  };
  /// The site a pc is at.
  [[nodiscard]] const Site* site_of(const void* pc, uintptr_t* begin = nullptr) const {
    for (const Compiled& compiled : all_sites) {
      const uintptr_t offset = reinterpret_cast<uintptr_t>(pc) - compiled.begin;
      for (const Site& site : compiled.code.sites) {
        if (site.code_offset != offset) continue;
        if (begin != nullptr) *begin = compiled.begin;
        return &site;
      }
    }
    return nullptr;
  }

  static TestMachine*& current() {
    static TestMachine* machine = nullptr;
    return machine;
  }
  static CallEnd call_other_tier(engine::ExecContext*, engine::FunctionCode* code, engine::Instance* instance,
                                 RegisterArea* area) noexcept {
    return {current()->other_tier(code, instance, area) ? CallEnd::kReturned : CallEnd::kFailed, nullptr};
  }
  static void raise(engine::ExecContext*, TrapKind kind, const void* pc, void* frame,
                    Landing* landing) noexcept {
    *landing = {};
    RunOutcome& outcome = current()->outcome;
    if (kind != TrapKind::none) outcome.trap = kind;
    uintptr_t begin = 0;
    const Site* site = current()->site_of(pc, &begin);
    outcome.trap_offset = site != nullptr ? site->wasm_offset : 0;
    if (site != nullptr && site->landing != 0) {
      landing->pc = reinterpret_cast<const void*>(begin + site->landing);
      landing->frame = frame;
      landing->stack = static_cast<uint8_t*>(frame) - current()->frame_bytes_at(begin);
    }
  }
  static TrapKind refuel(engine::ExecContext*, int64_t cost) noexcept { return current()->on_refuel(cost); }
  static TrapKind poll(engine::ExecContext*, const void*) noexcept { return current()->on_poll(); }
  [[nodiscard]] uint32_t frame_bytes_at(uintptr_t begin) const {
    for (const Compiled& compiled : all_sites) {
      if (compiled.begin == begin) return compiled.code.frame_bytes;
    }
    return 0;
  }

  engine::Instance instance;
  engine::ExecContext context;
  alignas(16) uint8_t guest_memory[65536] = {};
  alignas(16) Slot overflow[128] = {};
  engine::FunctionCode codes[4];
  Stubs stubs;
  SelectOptions options;
  MachineFunction machine;
  EmittedCode emitted;
  engine::TypeRegistry registry;
  engine::ModuleImage module;
  bool checks_encodings = true;
  bool linear_scan = false;
  uintptr_t code_begin = 0;
  RunOutcome outcome;
  std::vector<Compiled> all_sites;
  std::function<bool(engine::FunctionCode*, engine::Instance*, RegisterArea*)> other_tier = [](auto...) {
    return false;
  };
  std::function<TrapKind(int64_t)> on_refuel = [](int64_t) { return TrapKind::out_of_fuel; };
  std::function<TrapKind()> on_poll = [] { return TrapKind::none; };

 private:
  regalloc::Allocator allocator_;
  ExecutableMemory memory_{size_t{256} << 20};
};

[[nodiscard]] inline Type type_of_letter(char letter) {
  switch (letter) {
    case 'i': return Type::i32;
    case 'l': return Type::i64;
    case 'f': return Type::f32;
    case 'd': return Type::f64;
    default: return Type::v128;
  }
}

}  // namespace heddle::jit::x64
