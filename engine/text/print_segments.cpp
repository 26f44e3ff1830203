// SPDX-License-Identifier: Apache-2.0
// ModulePrinter: tables, memories, segments, and functions with their bodies.
#include "engine/text/module_printer.h"

namespace heddle::engine {

void ModulePrinter::tables(Cursor& cursor) {
  constexpr uint8_t kWithInitializer = 0x40;
  const uint32_t count = cursor.read_count(3);
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    open("table", Space::table, defined(Space::table)++);
    const bool has_initializer = cursor.peek_byte() == kWithInitializer;
    if (has_initializer) {
      cursor.read_byte();
      if (cursor.read_byte() != 0) {
        return cursor.fail_at(cursor.offset() - 1, ErrorKind::malformed, "zero byte expected");
      }
    }
    types_.table_type(cursor);
    if (has_initializer) instructions_.expression(cursor, {});
    out_ << ")";
  }
}

void ModulePrinter::memories(Cursor& cursor) {
  const uint32_t count = cursor.read_count(2);
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    open("memory", Space::memory, defined(Space::memory)++);
    types_.memory_type(cursor);
    out_ << ")";
  }
}

void ModulePrinter::elements(Cursor& cursor) {
  const uint32_t count = cursor.read_count(2);
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    element_segment(cursor, defined(Space::element)++);
  }
}

void ModulePrinter::element_segment(Cursor& cursor, uint32_t index) {
  constexpr uint32_t kNotActive = 1, kExplicit = 2, kExpressions = 4;
  const uint64_t start = cursor.offset();
  const uint32_t flags = cursor.read_u32();
  if (flags > 7) return cursor.fail_at(start, ErrorKind::malformed, "malformed elements segment kind");
  open("elem", Space::element, index);
  const bool active = (flags & kNotActive) == 0;
  const bool is_explicit = (flags & kExplicit) != 0;
  const bool has_expressions = (flags & kExpressions) != 0;
  if (!active && is_explicit) out_ << " declare";
  if (active && is_explicit) {
    out_ << " (table";
    reference(Space::table, cursor.read_u32());
    out_ << ")";
  }
  if (active) instructions_.expression(cursor, "offset");
  ValueType type = ValueType::funcref();
  if (!active || is_explicit) {
    if (has_expressions) {
      type = cursor.read_reference_type();
    } else if (cursor.read_byte() != 0) {
      return cursor.fail_at(cursor.offset() - 1, ErrorKind::malformed, "malformed element kind");
    }
  }
  out_ << " ";
  if (has_expressions) {
    types_.value_type(type);
  } else {
    out_ << "func";
  }
  const uint32_t items = cursor.read_count();
  for (uint32_t i = 0; i < items && !cursor.failed(); ++i) {
    if (has_expressions) {
      instructions_.expression(cursor, "item");
    } else {
      reference(Space::function, cursor.read_u32());
    }
    check_size(cursor);
  }
  out_ << ")";
}

void ModulePrinter::data_segments(Cursor& cursor) {
  const uint32_t count = cursor.read_count(2);
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    const uint64_t start = cursor.offset();
    const uint32_t flags = cursor.read_u32();
    if (flags > 2) return cursor.fail_at(start, ErrorKind::malformed, "malformed data segment kind");
    open("data", Space::data, defined(Space::data)++);
    if (flags == 2) {
      out_ << " (memory";
      reference(Space::memory, cursor.read_u32());
      out_ << ")";
    }
    if (flags != 1) instructions_.expression(cursor, "offset");
    const uint32_t size = cursor.read_u32();
    strings(cursor.read_bytes(size));
    out_ << ")";
  }
}

/// The function section: types only; the functions are printed with their bodies.
void ModulePrinter::functions(Cursor& cursor) {
  const uint32_t count = cursor.read_count();
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) indices_.functions.push_back(cursor.read_u32());
  bodies_expected_ = count;
}

void ModulePrinter::bodies(Cursor& cursor) {
  const uint64_t start = cursor.offset();
  const uint32_t count = cursor.read_count(2);
  if (!cursor.failed() && count != bodies_expected_) {
    return cursor.fail_at(start, ErrorKind::malformed, "function and code section have inconsistent lengths");
  }
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    const uint32_t size = cursor.read_u32();
    const uint64_t offset = cursor.offset();
    Cursor inside(cursor.read_bytes(size), offset);
    inside.accept(FeatureSet::all());
    inside.set_section("code", i);
    if (cursor.failed()) return;
    const uint32_t function = defined(Space::function)++;
    body(inside, function, indices_.functions[function]);
    if (inside.failed()) {
      cursor.set_section("code", i);
      return cursor.fail_at(inside.error().offset, inside.error().kind, inside.error().message);
    }
  }
}

void ModulePrinter::body(Cursor& cursor, uint32_t function, uint32_t type) {
  const uint64_t start = cursor.offset();
  open("func", Space::function, function);
  types_.function_type_use(function, type);
  const Signature* signature = types_.signature(type);
  uint64_t next_local = signature == nullptr ? 0 : signature->parameters.size();
  out_.indent();
  if (locals(cursor, function, next_local)) {
    instructions_.begin_function(function, next_local);
    if (options_.folded) {
      folded_.function_body(cursor, function, start);
    } else {
      instructions_.function_body(cursor, start);
    }
  }
  out_.outdent();
  out_ << ")";
}

/// What one more local takes at least: " i32".
constexpr uint64_t kLeastLocalText = 4;

/// Declares the locals; false after an error. `next_local` becomes their count, parameters included.
bool ModulePrinter::locals(Cursor& cursor, uint32_t function, uint64_t& next_local) {
  const uint32_t runs = cursor.read_count(2);
  bool in_list = false;
  bool any = false;
  for (uint32_t run = 0; run < runs && !cursor.failed(); ++run) {
    const uint32_t count = cursor.read_u32();
    const ValueType type = cursor.read_value_type();
    // A few bytes may declare billions: say so before the first of those that would not fit is written.
    if (out_.full(uint64_t{count} * kLeastLocalText)) cursor.fail(ErrorKind::limit, kTextTooLong);
    for (uint32_t i = 0; i < count && !cursor.failed(); ++i, ++next_local) {
      check_size(cursor);
      const bool nameable = next_local <= UINT32_MAX;
      const std::string_view name =
          nameable ? names_.local(function, static_cast<uint32_t>(next_local)) : std::string_view();
      if (!any) out_.line();
      if (in_list && !name.empty()) out_ << ")";
      if (!name.empty()) {
        out_ << (any ? " (local " : "(local ") << name << " ";
      } else {
        out_ << (in_list ? " " : any ? " (local " : "(local ");
      }
      any = true;
      in_list = name.empty();
      types_.value_type(type);
      if (!in_list) out_ << ")";
    }
  }
  if (in_list) out_ << ")";
  return !cursor.failed();
}

}  // namespace heddle::engine
