// SPDX-License-Identifier: Apache-2.0
// BodyGenerator: where operands come from: the stack, locals, globals, and constants that tend to matter.
#include <algorithm>

#include "fuzz/lib/body_generator.h"

namespace heddle::fuzz {

using engine::Opcode;

namespace {

constexpr uint64_t kIntegers[] = {0,
                                  1,
                                  0xff,
                                  0x7f,
                                  0x80,
                                  0x7fff,
                                  0x8000,
                                  0xffff,
                                  0x7fffffff,
                                  0x80000000,
                                  0xffffffff,
                                  0x100000000,
                                  0x7fffffffffffffff,
                                  0x8000000000000000,
                                  0xffffffffffffffff,
                                  31,
                                  32,
                                  33,
                                  63,
                                  64};
constexpr uint32_t kFloats[] = {0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000,
                                0x7fc00000, 0x7fa00000, 0xffc00001, 0x00000001, 0x007fffff, 0x4f000000,
                                0xcf000000, 0x4f7fffff, 0x5f000000, 0x3f000000, 0x40200000};
constexpr uint64_t kDoubles[] = {
    0x0000000000000000, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000, 0x7ff0000000000000,
    0xfff0000000000000, 0x7ff8000000000000, 0x7ff4000000000000, 0xfff8000000000001, 0x0000000000000001,
    0x41dfffffffc00000, 0x41e0000000000000, 0xc1e0000000200000, 0x43e0000000000000, 0xc3e0000000000000,
    0x43f0000000000000, 0x3fe0000000000000, 0x47efffffe0000000};

}  // namespace

void BodyGenerator::want(const Letters& types) {
  const size_t count = types.size();
  if (count <= available() && entropy_.chance(70) &&
      std::equal(types.begin(), types.end(), stack_.end() - static_cast<ptrdiff_t>(count))) {
    return;
  }
  for (const TypeLetter type : types) push_value(type);
}

void BodyGenerator::push_value(TypeLetter type) {
  const uint32_t source = entropy_.below(3);
  const auto local = std::find(locals_.begin(), locals_.end(), type);
  if (source == 0 && local != locals_.end()) {
    out_.opcode(Opcode::local_get);
    const bool from_the_end = entropy_.chance(50);
    const auto last = std::find(locals_.rbegin(), locals_.rend(), type).base() - 1;
    out_.unsigned_leb(static_cast<uint64_t>((from_the_end ? last : local) - locals_.begin()));
    push(type);
  } else if (source == 1) {
    const auto global = std::find_if(std::begin(ModulePlan::kGlobals), std::end(ModulePlan::kGlobals),
                                     [&](const auto& planned) { return planned.type == type; });
    out_.opcode(Opcode::global_get);
    out_.unsigned_leb(static_cast<uint64_t>(global - std::begin(ModulePlan::kGlobals)));
    push(type);
  } else {
    push_constant(type);
  }
}

void BodyGenerator::push_constant(TypeLetter type) {
  const bool known = entropy_.chance(50);
  if (type == 'i' || type == 'l') {
    const unsigned size = type == 'i' ? 4 : 8;
    uint64_t bits = known                 ? kIntegers[entropy_.below(std::size(kIntegers))]
                    : entropy_.chance(50) ? entropy_.bits(1)
                                          : entropy_.bits(size);
    if (size == 4) bits = static_cast<uint64_t>(int64_t{static_cast<int32_t>(bits)});
    out_.opcode(size == 4 ? Opcode::i32_const : Opcode::i64_const);
    out_.signed_leb(static_cast<int64_t>(bits));
  } else if (type == 'f') {
    out_.opcode(Opcode::f32_const);
    out_.fixed(known ? kFloats[entropy_.below(std::size(kFloats))] : entropy_.bits(4), 4);
  } else if (type == 'd') {
    out_.opcode(Opcode::f64_const);
    out_.fixed(known ? kDoubles[entropy_.below(std::size(kDoubles))] : entropy_.bits(8), 8);
  } else if (type == 'v') {
    out_.opcode(Opcode::v128_const);
    vector_lanes(known);
  } else {
    push_reference(type);
    return;
  }
  push(type);
}

/// 16 bytes: lanes of one width that tend to matter, or anything.
void BodyGenerator::vector_lanes(bool known) {
  const unsigned size = known ? 1u << entropy_.below(4) : 8;
  const bool floats = size >= 4 && entropy_.chance(50);
  for (unsigned i = 0; i < 16; i += size) {
    if (!known) {
      out_.fixed(entropy_.bits(8), 8);
    } else if (!floats) {
      out_.fixed(kIntegers[entropy_.below(std::size(kIntegers))], size);
    } else if (size == 4) {
      out_.fixed(kFloats[entropy_.below(std::size(kFloats))], 4);
    } else {
      out_.fixed(kDoubles[entropy_.below(std::size(kDoubles))], 8);
    }
  }
}

void BodyGenerator::push_reference(TypeLetter type) {
  if (type == 'X' && entropy_.chance(50)) return caught_reference();
  if (type == 'F' && entropy_.chance(70)) {
    out_.opcode(Opcode::ref_func);
    out_.unsigned_leb(entropy_.below(static_cast<uint32_t>(plan_.functions.size())));
  } else if (type == 'A' && entropy_.chance(80)) {
    push_plain_object();
    return;
  } else {
    out_.opcode(Opcode::ref_null);
    out_.byte(code_of(type));
  }
  push(type);
}

void BodyGenerator::push_index(bool is_64, uint32_t mask) {
  const TypeLetter type = is_64 ? 'l' : 'i';
  if (entropy_.chance(50)) {
    out_.opcode(is_64 ? Opcode::i64_const : Opcode::i32_const);
    out_.signed_leb(static_cast<int64_t>(entropy_.bits(2) & mask));
    push(type);
    return;
  }
  push_value(type);
  if (entropy_.chance(5)) return;  // rarely: whatever it is, mostly out of bounds
  out_.opcode(is_64 ? Opcode::i64_const : Opcode::i32_const);
  out_.signed_leb(mask);
  out_.opcode(is_64 ? Opcode::i64_and : Opcode::i32_and);
}

void BodyGenerator::push_small(bool is_64, uint32_t bound) {
  out_.opcode(is_64 ? Opcode::i64_const : Opcode::i32_const);
  out_.signed_leb(entropy_.below(bound));
  push(is_64 ? 'l' : 'i');
}

}  // namespace heddle::fuzz
