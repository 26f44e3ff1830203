// SPDX-License-Identifier: Apache-2.0
// InstructionParser: immediates, one function per kind of the opcode table. (Spec 6.5)
#include <array>
#include <bit>

#include "engine/text/number.h"
#include "engine/text/parse_instructions.h"

namespace heddle::engine {

namespace {

constexpr std::string_view kOffset = "offset=";
constexpr std::string_view kAlign = "align=";

bool is_number(const Token& token) { return token.is(TokenKind::integer) || token.is(TokenKind::floating); }

/// A row's sibling has the same mnemonic and the next row.
bool has_sibling(Opcode opcode) {
  const size_t row = static_cast<size_t>(opcode);
  return row + 1 < kOpcodeCount && kOpcodes[row].text == kOpcodes[row + 1].text;
}

Opcode sibling(Opcode opcode) { return static_cast<Opcode>(static_cast<uint16_t>(opcode) + 1); }

}  // namespace

// In the order of enum Immediate.
const InstructionParser::ImmediateParser InstructionParser::kImmediateParsers[] = {
    &InstructionParser::none,
    &InstructionParser::block_type,
    &InstructionParser::catch_list,
    &InstructionParser::label_immediate,
    &InstructionParser::label_table,
    &InstructionParser::label_cast,
    &InstructionParser::index<Space::function>,
    &InstructionParser::index<Space::type>,
    &InstructionParser::type_table,
    &InstructionParser::type_field,
    &InstructionParser::type_count,
    &InstructionParser::type_and<Space::data>,
    &InstructionParser::type_and<Space::element>,
    &InstructionParser::type_and<Space::type>,
    &InstructionParser::index<Space::tag>,
    &InstructionParser::local,
    &InstructionParser::index<Space::global>,
    &InstructionParser::optional_index<Space::table>,
    &InstructionParser::two_indices<Space::table>,
    &InstructionParser::segment_and<Space::element, Space::table>,
    &InstructionParser::index<Space::element>,
    &InstructionParser::optional_index<Space::memory>,
    &InstructionParser::two_indices<Space::memory>,
    &InstructionParser::segment_and<Space::data, Space::memory>,
    &InstructionParser::index<Space::data>,
    &InstructionParser::memory_argument,
    &InstructionParser::memory_argument_lane,
    &InstructionParser::lane,
    &InstructionParser::shuffle,
    &InstructionParser::i32_constant,
    &InstructionParser::i64_constant,
    &InstructionParser::f32_constant,
    &InstructionParser::f64_constant,
    &InstructionParser::v128_constant,
    &InstructionParser::select_types,
    &InstructionParser::heap_type,
    &InstructionParser::fence,
};

/// Immediates and bytes of an instruction whose mnemonic has been read.
void InstructionParser::instruction(Opcode opcode, ByteWriter& out) {
  static_assert(std::size(kImmediateParsers) == static_cast<size_t>(Immediate::fence) + 1);
  if (opcode == Opcode::select && tokens_.at_open("result")) opcode = sibling(opcode);
  const bool picked_by_type = info(opcode).immediate == Immediate::heap_type && has_sibling(opcode);
  if (!picked_by_type) out.opcode(opcode);
  (this->*kImmediateParsers[static_cast<size_t>(info(opcode).immediate)])(opcode, out);
}

void InstructionParser::none(Opcode, ByteWriter&) {}

void InstructionParser::fence(Opcode, ByteWriter& out) { out.byte(0); }

void InstructionParser::block_type(Opcode, ByteWriter& out) { types_.block_type(out); }

template <Space kSpace>
void InstructionParser::index(Opcode, ByteWriter& out) {
  if constexpr (kSpace == Space::data) module_.sections.require_data_count();
  out.unsigned_leb(module_.parse_index(tokens_, kSpace));
}

template <Space kSpace>
void InstructionParser::optional_index(Opcode, ByteWriter& out) {
  out.unsigned_leb(at_index(tokens_) ? module_.parse_index(tokens_, kSpace) : 0);
}

/// Destination and source: both or neither.
template <Space kSpace>
void InstructionParser::two_indices(Opcode, ByteWriter& out) {
  if (!at_index(tokens_)) return out.byte(0), out.byte(0);
  out.unsigned_leb(module_.parse_index(tokens_, kSpace));
  out.unsigned_leb(module_.parse_index(tokens_, kSpace));
}

/// The text names the target first, and only if it is not the first one; the binary names it last.
template <Space kSegment, Space kTarget>
void InstructionParser::segment_and(Opcode, ByteWriter& out) {
  if constexpr (kSegment == Space::data) module_.sections.require_data_count();
  const bool has_target = at_index(tokens_) && second_is_index(tokens_);
  const uint32_t target = has_target ? module_.parse_index(tokens_, kTarget) : 0;
  out.unsigned_leb(module_.parse_index(tokens_, kSegment));
  out.unsigned_leb(target);
}

template <Space kSpace>
void InstructionParser::type_and(Opcode, ByteWriter& out) {
  if constexpr (kSpace == Space::data) module_.sections.require_data_count();
  out.unsigned_leb(module_.parse_index(tokens_, Space::type));
  out.unsigned_leb(module_.parse_index(tokens_, kSpace));
}

void InstructionParser::type_count(Opcode, ByteWriter& out) {
  out.unsigned_leb(module_.parse_index(tokens_, Space::type));
  out.unsigned_leb(tokens_.expect_unsigned(32));
}

void InstructionParser::type_field(Opcode, ByteWriter& out) {
  const uint32_t type = module_.parse_index(tokens_, Space::type);
  out.unsigned_leb(type);
  if (!tokens_.at(TokenKind::identifier)) return out.unsigned_leb(tokens_.expect_unsigned(32));
  const Token token = tokens_.next();
  const uint32_t field = module_.field_ids.find(tokens_.name_of(token), type);
  if (field == IdentifierMap::kAbsent) tokens_.fail(token, "unknown field " + std::string(token.text));
  out.unsigned_leb(field);
}

void InstructionParser::type_table(Opcode, ByteWriter& out) {
  const uint32_t table = at_index(tokens_) ? module_.parse_index(tokens_, Space::table) : 0;
  out.unsigned_leb(types_.type_use(nullptr).index);
  out.unsigned_leb(table);
}

void InstructionParser::local(Opcode, ByteWriter& out) {
  if (!tokens_.at(TokenKind::identifier)) return out.unsigned_leb(tokens_.expect_unsigned(32));
  const Token token = tokens_.next();
  const uint32_t local = local_ids_.find(tokens_.name_of(token));
  if (local == IdentifierMap::kAbsent) tokens_.fail(token, "unknown local " + std::string(token.text));
  out.unsigned_leb(local);
}

/// A label as a depth: a number, or an identifier that is in scope.
uint32_t InstructionParser::label() {
  if (!tokens_.at(TokenKind::identifier)) return static_cast<uint32_t>(tokens_.expect_unsigned(32));
  const Token token = tokens_.next();
  const uint32_t index = label_ids_.find(tokens_.name_of(token));
  if (index == IdentifierMap::kAbsent)
    return tokens_.fail(token, "unknown label " + std::string(token.text)), 0;
  return static_cast<uint32_t>(labels_.size()) - 1 - index;
}

void InstructionParser::label_immediate(Opcode, ByteWriter& out) { out.unsigned_leb(label()); }

void InstructionParser::label_table(Opcode, ByteWriter& out) {
  ByteWriter labels;
  uint32_t count = 0;
  uint32_t last = label();
  while (at_index(tokens_)) {
    labels.unsigned_leb(last);
    ++count;
    last = label();
  }
  out.unsigned_leb(count);
  out.append(labels.bytes());
  out.unsigned_leb(last);
}

void InstructionParser::label_cast(Opcode, ByteWriter& out) {
  constexpr uint8_t kFromNullable = 1, kToNullable = 2;
  const uint32_t depth = label();
  const ValueType from = types_.reference_type();
  const ValueType to = types_.reference_type();
  if (tokens_.failed()) return;
  out.byte(
      static_cast<uint8_t>((from.is_nullable() ? kFromNullable : 0) | (to.is_nullable() ? kToNullable : 0)));
  out.unsigned_leb(depth);
  write_heap_type(out, from.heap());
  write_heap_type(out, to.heap());
}

/// Behind try_table: the block type, then clauses, whose labels are counted from outside of the block.
void InstructionParser::catch_list(Opcode, ByteWriter& out) {
  types_.block_type(out);
  constexpr std::string_view kClauses[] = {"catch", "catch_ref", "catch_all", "catch_all_ref"};
  ByteWriter clauses;
  uint32_t count = 0;
  for (uint8_t code = 0; code < 4;) {
    if (!tokens_.accept_open(kClauses[code])) {
      ++code;
      continue;
    }
    clauses.byte(code);
    if (code < 2) clauses.unsigned_leb(module_.parse_index(tokens_, Space::tag));
    clauses.unsigned_leb(label());
    tokens_.expect_close();
    ++count;
    code = 0;
  }
  out.unsigned_leb(count);
  out.append(clauses.bytes());
}

void InstructionParser::memory_argument(Opcode opcode, ByteWriter& out) {
  memory_fields(opcode, at_index(tokens_) ? module_.parse_index(tokens_, Space::memory) : 0, out);
}

/// A lone number is the lane; a memory stands before another number or a field.
void InstructionParser::memory_argument_lane(Opcode opcode, ByteWriter& out) {
  const Token& second = tokens_.peek_second();
  const bool has_memory =
      tokens_.at(TokenKind::identifier) ||
      (tokens_.at(TokenKind::integer) && (second.is(TokenKind::integer) || second.text.starts_with(kOffset) ||
                                          second.text.starts_with(kAlign)));
  memory_fields(opcode, has_memory ? module_.parse_index(tokens_, Space::memory) : 0, out);
  lane(opcode, out);
}

void InstructionParser::memory_fields(Opcode opcode, uint32_t memory, ByteWriter& out) {
  uint64_t offset = 0;
  uint64_t align = uint64_t{1} << info(opcode).access_log2;
  if (Token token = tokens_.peek(); token.is(TokenKind::keyword) && token.text.starts_with(kOffset)) {
    tokens_.next();
    if (!is_known_keyword(token.text)) return tokens_.unexpected(token);
    const auto value = parse_unsigned(token.text.substr(kOffset.size()), 64);
    if (!value) return tokens_.fail(token, "i64 constant out of range");
    offset = *value;
  }
  if (Token token = tokens_.peek(); token.is(TokenKind::keyword) && token.text.starts_with(kAlign)) {
    tokens_.next();
    if (!is_known_keyword(token.text)) return tokens_.unexpected(token);
    align = parse_unsigned(token.text.substr(kAlign.size()), 64).value_or(0);
    if (!std::has_single_bit(align)) return tokens_.fail(token, "alignment must be a power of two");
  }
  constexpr uint64_t kHasMemory = 0x40;
  out.unsigned_leb(static_cast<uint64_t>(std::countr_zero(align)) | (memory != 0 ? kHasMemory : 0));
  if (memory != 0) out.unsigned_leb(memory);
  out.unsigned_leb(offset);
}

void InstructionParser::lane(Opcode, ByteWriter& out) {
  out.byte(static_cast<uint8_t>(tokens_.expect_unsigned(8)));
}

void InstructionParser::shuffle(Opcode, ByteWriter& out) {
  constexpr int kLanes = 16;
  int count = 0;
  for (; is_number(tokens_.peek()); ++count) {
    const Token token = tokens_.next();
    if (count == kLanes) return tokens_.fail(token, "invalid lane length");
    const auto value = parse_unsigned(token.text, 8);
    if (!value) return tokens_.fail(token, "i8 constant out of range");
    out.byte(static_cast<uint8_t>(*value));
  }
  if (count < kLanes && is_unknown_word(tokens_.peek())) return tokens_.unexpected(tokens_.peek());
  if (count < kLanes) tokens_.fail(tokens_.peek(), "invalid lane length");
}

void InstructionParser::i32_constant(Opcode, ByteWriter& out) {
  const Token token = tokens_.expect(TokenKind::integer);
  const auto value = parse_integer(token.text, 32);
  if (!value) return tokens_.fail(token, "constant out of range");
  out.signed_leb(*value);
}

void InstructionParser::i64_constant(Opcode, ByteWriter& out) {
  const Token token = tokens_.expect(TokenKind::integer);
  const auto value = parse_integer(token.text, 64);
  if (!value) return tokens_.fail(token, "constant out of range");
  out.signed_leb(*value);
}

void InstructionParser::f32_constant(Opcode, ByteWriter& out) {
  const Token token = tokens_.next();
  if (!is_number(token)) return tokens_.unexpected(token);
  const auto value = parse_f32(token.text);
  if (!value) return tokens_.fail(token, "constant out of range");
  out.fixed(*value, 4);
}

void InstructionParser::f64_constant(Opcode, ByteWriter& out) {
  const Token token = tokens_.next();
  if (!is_number(token)) return tokens_.unexpected(token);
  const auto value = parse_f64(token.text);
  if (!value) return tokens_.fail(token, "constant out of range");
  out.fixed(*value, 8);
}

void InstructionParser::v128_constant(Opcode, ByteWriter& out) {
  const Token name = tokens_.next();
  const LaneShape* shape = name.is(TokenKind::keyword) ? find_lane_shape(name.text) : nullptr;
  if (shape == nullptr) return tokens_.unexpected(name);
  std::array<Token, 16> lanes;
  unsigned count = 0;
  while (count < shape->lanes && is_number(tokens_.peek())) lanes[count++] = tokens_.next();
  const Token behind = tokens_.peek();
  if (count < shape->lanes && is_unknown_word(behind)) return tokens_.unexpected(behind);
  if (count < shape->lanes || is_number(behind)) return tokens_.fail(behind, "wrong number of lane literals");
  std::array<uint8_t, 16> bytes{};
  for (unsigned lane = 0; lane < count; ++lane) {
    const Token& token = lanes[lane];
    if (!shape->is_float && token.is(TokenKind::floating)) return tokens_.unexpected(token);
    if (!parse_lane(token.text, *shape, lane, bytes)) return tokens_.fail(token, "constant out of range");
  }
  out.append(bytes);
}

void InstructionParser::select_types(Opcode, ByteWriter& out) {
  ByteWriter types;
  uint32_t count = 0;
  while (tokens_.accept_open("result")) {
    while (!tokens_.accept(TokenKind::right_paren)) {
      if (tokens_.failed() || tokens_.at(TokenKind::end)) return tokens_.expect_close();
      write_value_type(types, types_.value_type());
      ++count;
    }
  }
  out.unsigned_leb(count);
  out.append(types.bytes());
}

/// ref.null takes a heap type; ref.test and the casts take a reference type, whose nullability picks the row.
void InstructionParser::heap_type(Opcode opcode, ByteWriter& out) {
  if (!has_sibling(opcode)) return write_heap_type(out, types_.heap_type());
  const ValueType type = types_.reference_type();
  if (tokens_.failed()) return;
  out.opcode(type.is_nullable() ? sibling(opcode) : opcode);
  write_heap_type(out, type.heap());
}

}  // namespace heddle::engine
