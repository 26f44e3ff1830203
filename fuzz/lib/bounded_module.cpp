// SPDX-License-Identifier: Apache-2.0
// Bounded modules: bodies are written anew with instructions in between.
#include "fuzz/lib/bounded_module.h"

#include <algorithm>
#include <bit>

#include "engine/binary/instruction_reader.h"
#include "engine/text/byte_writer.h"
#include "fuzz/lib/sections.h"

namespace heddle::fuzz {

namespace {

using engine::ByteWriter;
using engine::Cursor;
using engine::Instruction;
using engine::ModuleImage;
using engine::Opcode;

constexpr uint8_t kEmptyBlock = 0x40;
constexpr uint8_t kI32 = 0x7f, kF32 = 0x7d, kF64 = 0x7c, kV128 = 0x7b;
constexpr uint32_t kNaN32 = 0x7fc00000;
constexpr uint64_t kNaN64 = 0x7ff8000000000000;

/// Is it one of those that give an operand's NaN, and the processor chooses whose?
[[nodiscard]] uint8_t chooses_nan(Opcode opcode) {
  switch (opcode) {
    case Opcode::f32_add:
    case Opcode::f32_mul:
    case Opcode::f32_min:
    case Opcode::f32_max: return kF32;
    case Opcode::f64_add:
    case Opcode::f64_mul:
    case Opcode::f64_min:
    case Opcode::f64_max: return kF64;
    case Opcode::f32x4_add:
    case Opcode::f32x4_mul:
    case Opcode::f32x4_min:
    case Opcode::f32x4_max:
    case Opcode::f32x4_relaxed_madd:
    case Opcode::f32x4_relaxed_nmadd:
    case Opcode::f32x4_relaxed_min:
    case Opcode::f32x4_relaxed_max:
    case Opcode::f64x2_add:
    case Opcode::f64x2_mul:
    case Opcode::f64x2_min:
    case Opcode::f64x2_max:
    case Opcode::f64x2_relaxed_madd:
    case Opcode::f64x2_relaxed_nmadd:
    case Opcode::f64x2_relaxed_min:
    case Opcode::f64x2_relaxed_max: return kV128;
    default: return 0;
  }
}

[[nodiscard]] bool has_wide_lanes(Opcode opcode) { return info(opcode).text.starts_with("f64x2."); }

/// One body.
class BoundedBody {
 public:
  BoundedBody(const ModuleImage& image, uint32_t function)
      : image_(image),
        range_(image.functions[function].body),
        counter_(static_cast<uint32_t>(image.globals.size())),
        locals_(static_cast<uint32_t>(image.function_type(function).parameters.size())) {}

  [[nodiscard]] std::vector<uint8_t> write() {
    Cursor body(image_.view(range_), range_.offset);
    write_locals(body);
    copied_ = body.offset();
    count_down();
    engine::InstructionReader reader(body);
    Instruction instruction;
    while (!body.at_end() && reader.next(instruction)) {
      copy_until(body.offset());
      if (instruction.opcode == Opcode::loop) count_down();
      if (const uint8_t type = chooses_nan(instruction.opcode)) make_canonical(type, instruction.opcode);
    }
    return out_.take();
  }

 private:
  /// Those there are, then one of each type with NaNs.
  void write_locals(Cursor& body) {
    const uint32_t runs = body.read_count(2);
    const uint64_t first_run = body.offset();
    for (uint32_t i = 0; i < runs; ++i) {
      locals_ += body.read_u32();
      (void)body.read_value_type();
    }
    out_.unsigned_leb(runs + 3);
    copied_ = first_run;
    copy_until(body.offset());
    for (const uint8_t type : {kF32, kF64, kV128}) {
      out_.byte(1);
      out_.byte(type);
    }
  }

  void copy_until(uint64_t offset) {
    out_.append(image_.view({copied_, offset - copied_}));
    copied_ = offset;
  }

  void local(Opcode opcode, uint32_t index) {
    out_.opcode(opcode);
    out_.unsigned_leb(index);
  }

  void count_down() {
    local(Opcode::global_get, counter_);
    out_.opcode(Opcode::i32_eqz);
    out_.opcode(Opcode::if_);
    out_.byte(kEmptyBlock);
    out_.opcode(Opcode::unreachable);
    out_.opcode(Opcode::end);
    local(Opcode::global_get, counter_);
    out_.opcode(Opcode::i32_const);
    out_.signed_leb(1);
    out_.opcode(Opcode::i32_sub);
    local(Opcode::global_set, counter_);
  }

  /// x == x ? x : NaN
  void make_canonical(uint8_t type, Opcode opcode) {
    const uint32_t value = locals_ + (type == kF32 ? 0 : type == kF64 ? 1 : 2);
    const bool is_wide = has_wide_lanes(opcode);
    local(Opcode::local_tee, value);
    if (type == kF32) {
      out_.opcode(Opcode::f32_const);
      out_.fixed(kNaN32, 4);
    } else if (type == kF64) {
      out_.opcode(Opcode::f64_const);
      out_.fixed(kNaN64, 8);
    } else {
      out_.opcode(Opcode::v128_const);
      for (int i = 0; i < 2; ++i) out_.fixed(is_wide ? kNaN64 : kNaN32 * 0x100000001ull, 8);
    }
    local(Opcode::local_get, value);
    local(Opcode::local_get, value);
    if (type == kV128) {
      out_.opcode(is_wide ? Opcode::f64x2_eq : Opcode::f32x4_eq);
      out_.opcode(Opcode::v128_bitselect);
    } else {
      out_.opcode(type == kF32 ? Opcode::f32_eq : Opcode::f64_eq);
      out_.opcode(Opcode::select);
    }
  }

  const ModuleImage& image_;
  const engine::ByteRange range_;
  const uint32_t counter_;
  uint32_t locals_;      ///< parameters and locals of the original
  uint64_t copied_ = 0;  ///< up to this offset
  ByteWriter out_;
};

[[nodiscard]] std::vector<uint8_t> bounded_code(const ModuleImage& image) {
  ByteWriter out;
  out.unsigned_leb(image.functions.size() - image.imported_functions);
  for (uint32_t i = image.imported_functions; i < image.functions.size(); ++i)
    out.sized(BoundedBody(image, i).write());
  return out.take();
}

/// The global section, which is made if there is none.
[[nodiscard]] std::vector<uint8_t>& global_section(std::vector<Section>& sections) {
  // Custom sections may stand anywhere; tags are numbered as if they stood later than they do.
  const auto comes_later = [](const Section& section) {
    return section.id >= kGlobalSection && section.id <= 12;
  };
  auto found = std::ranges::find_if(sections, comes_later);
  if (found == sections.end() || found->id != kGlobalSection)
    found = sections.insert(found, {kGlobalSection, {0}});
  return found->contents;
}

void add_counter(std::vector<uint8_t>& globals, uint32_t steps) {
  Cursor cursor(globals);
  const uint32_t count = cursor.read_u32();
  ByteWriter out;
  out.unsigned_leb(count + 1);
  out.append(cursor.read_bytes(cursor.remaining()));
  out.byte(kI32);
  out.byte(1);  // mutable
  out.opcode(Opcode::i32_const);
  out.signed_leb(static_cast<int32_t>(steps));
  out.opcode(Opcode::end);
  globals = out.take();
}

}  // namespace

std::vector<uint8_t> bounded_module(const ModuleImage& image, uint32_t steps) {
  const std::span<const uint8_t> bytes = image.bytes;
  auto sections = take_apart(bytes);
  if (!sections) return {};
  const auto code = std::ranges::find(*sections, kCodeSection, &Section::id);
  if (code == sections->end()) return {};
  code->contents = bounded_code(image);
  add_counter(global_section(*sections), steps);
  return put_together(bytes.first(kHeaderBytes), *sections);
}

}  // namespace heddle::fuzz
