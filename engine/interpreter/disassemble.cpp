// SPDX-License-Identifier: Apache-2.0
// Disassembly: prints code by the shapes of its handlers, without anything that differs between runs.
#include "engine/interpreter/disassemble.h"

#include <algorithm>
#include <bit>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>

#include "engine/interpreter/disassemble_shapes.h"
#include "engine/interpreter/module_code.h"
#include "engine/interpreter/superinstructions.h"
#include "engine/interpreter/unwind.h"

namespace heddle::engine {

namespace {

[[gnu::format(printf, 2, 3)]] void print(std::string& out, const char* format, ...) {
  char buffer[96];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(buffer, sizeof buffer, format, arguments);
  va_end(arguments);
  out += buffer;
}

/// One instruction being printed.
struct Printer {
  const ModuleImage& module;
  std::string& out;
  const Word* ip;
  size_t position;
  unsigned next_word = 2;

  void print_slot(Word slot) { print(out, "s%" PRIu64, slot); }
  /// A NaN with its bits, since its payload matters; the shortest text that reads back otherwise.
  void print_double(double value) {
    if (value != value) {
      print(out, "nan:0x%" PRIx64, std::bit_cast<uint64_t>(value));
    } else {
      print(out, "%.17g", value);
    }
  }
  void print_float(uint32_t bits) {
    const float value = std::bit_cast<float>(bits);
    if (value != value) {
      print(out, "nan:0x%" PRIx32, bits);
    } else {
      print(out, "%.9g", static_cast<double>(value));
    }
  }
  /// Canonical type ids depend on what else the engine has loaded: the module's own index does not.
  void print_type_and_table() {
    const auto& types = module.types;
    const auto found = std::ranges::find(types, static_cast<TypeId>(ip[2]));
    print(out, "type %td, table %" PRIu64, found - types.begin(), ip[2] >> 32);
  }
  void print_type() {
    const TypeId id = reinterpret_cast<const TypeLayout*>(ip[2])->id;
    print(out, "type %td", std::ranges::find(module.types, id) - module.types.begin());
  }
  void print_directive(char directive);
  void print_pattern(std::string_view pattern);
  void print_branch_table();
  void print_stores();
  void print_region() const;
};

void Printer::print_directive(char directive) {
  const auto low = [this] { return static_cast<uint32_t>(ip[2]); };
  switch (directive) {
    case '0':
    case '1':
    case '2':
    case '3': print_slot(ip[1] >> 16 * (directive - '0') & 0xffff); break;
    case '6':
    case '7':
    case '8':
    case '9': print(out, "%" PRIu64, ip[1] >> 16 * (directive - '6') & 0xffff); break;
    case '4': print_slot(low() & 0xffff); break;
    case '5': print_slot(low() >> 16); break;
    case 'i': print(out, "%" PRId32, distance(ip)); break;
    case 'u': print(out, "%" PRIu32, immediate32(ip)); break;
    case 'f': print_float(immediate32(ip)); break;
    case '@': print(out, "%" PRId64, static_cast<int64_t>(position) + distance(ip)); break;
    case 'l': print(out, "%" PRId32, static_cast<int32_t>(low())); break;
    case 'h': print(out, "%" PRId32, static_cast<int32_t>(ip[2] >> 32)); break;
    case 'a': print(out, "%" PRIu32, low()); break;
    case 'b': print(out, "%" PRIu64, ip[2] >> 32); break;
    case 'k': print_slot(low()); break;
    case 'q': print_slot(ip[2] >> 32); break;
    case 'L': print_float(low()); break;
    case 'H': print_float(static_cast<uint32_t>(ip[2] >> 32)); break;
    case 'd': print_double(std::bit_cast<double>(ip[2])); break;
    case 'c': print(out, "function %" PRIu32, reinterpret_cast<const FunctionCode*>(ip[2])->index); break;
    case 't':
      print_type_and_table();
      ++next_word;
      break;
    case 'y':
      print_type();
      ++next_word;
      break;
    case 's': print(out, "%" PRId64, static_cast<int64_t>(ip[next_word++])); break;
    case 'n': print(out, "%" PRIu64, ip[next_word++]); break;
    case 'w': print(out, "0x%" PRIx64, ip[next_word++]); break;
    case 'r': print_slot(ip[next_word++]); break;
    default: out += directive;
  }
}

void Printer::print_pattern(std::string_view pattern) {
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '%' && i + 1 < pattern.size()) {
      print_directive(pattern[++i]);
    } else {
      out += pattern[i];
    }
  }
}

void Printer::print_branch_table() {
  const uint32_t count = immediate32(ip);
  for (uint32_t i = 0; i <= count; ++i) {
    const int32_t target = static_cast<int32_t>(ip[2 + i / 2] >> i % 2 * 32);
    print(out, "%s %s%" PRId64, i == 0 ? " ->" : ",", i == count ? "else " : "",
          static_cast<int64_t>(position) + target);
  }
}

/// Which instructions stand in the code, one after the other.
class Reader {
 public:
  Reader(const ModuleCode& code, std::span<const Word> words) : code_(code), words_(words) {}

  /// Goes to the instruction at `position`; gives its own handler.
  Word enter(size_t position) {
    position_ = position;
    if (parts_.empty()) {
      const Word handler = code_.handler_at(&words_[position]);
      const Superinstruction* row = superinstructions().find(reinterpret_cast<Handler>(handler));
      is_taken_in_ = false;
      if (row == nullptr) return handler;
      parts_ = row->parts;
    } else {
      is_taken_in_ = true;
      if (!parts_.front().keeps_handler) --position_;
    }
    const Word handler = word_of(*parts_.front().handler);
    parts_ = parts_.subspan(1);
    return handler;
  }
  /// Where its ip stands.
  [[nodiscard]] size_t position() const { return position_; }
  /// Does the superinstruction before do it?
  [[nodiscard]] bool is_taken_in() const { return is_taken_in_; }

 private:
  const ModuleCode& code_;
  std::span<const Word> words_;
  std::span<const SuperinstructionPart> parts_;  ///< of the present superinstruction, still to come
  size_t position_ = 0;
  bool is_taken_in_ = false;
};

/// Of struct.new: which slot goes to which offset.
void Printer::print_stores() {
  for (uint32_t i = 0; i < field<3>(ip); ++i) {
    const auto store = static_cast<uint32_t>(ip[3 + i / 2] >> i % 2 * 32);
    const uint32_t offset = store >> 16 & ((1u << GcHandlers::kOffsetBits) - 1);
    print(out, " +%" PRIu32 " = s%" PRIu32, offset, store & 0xffff);
  }
}

[[nodiscard]] bool is_structure_new(Word handler) {
  const GcHandlers& gc = handlers().gc;
  if (handler == word_of(gc.structure_new_tight)) return true;
  return std::ranges::any_of(gc.structure_new, [&](Handler each) { return word_of(each) == handler; });
}

/// What a region catches, and the region around it.
void Printer::print_region() const {
  for (uint32_t i = 0; i < static_cast<uint32_t>(ip[1]); ++i) {
    const Word* clause = ip + kRegionWords + i * kClauseWords;
    const uint32_t tag = immediate32(clause);
    out += i == 0 ? "" : ", ";
    out += tag == kEveryTag ? "all" : "tag " + std::to_string(tag);
    print(out, " -> %" PRId64 " (s%" PRIu32, static_cast<int64_t>(position) + static_cast<int64_t>(*clause),
          field<0>(clause));
    if (field<1>(clause) != kNoReferenceSlot) print(out, ", exception s%" PRIu32, field<1>(clause));
    out += ')';
  }
}

/// Does the instruction's upper half say where its exceptions are caught?
[[nodiscard]] bool is_site(Word handler) {
  const SingleHandlers& single = handlers().single;
  return handler == word_of(single.reload) || handler == word_of(single.throw_tag) ||
         handler == word_of(single.throw_reference) || handler == word_of(single.catch_region);
}

}  // namespace

std::string disassemble(const ModuleImage& module, uint32_t function, bool marks_joined) {
  ModuleCode& code = ModuleCode::of(module);
  if (!code.translate(function)) return "frame too large\n";
  const auto words = code.words(function);
  const Word branch_table = word_of(handlers().single.branch_table);
  std::string out;
  Reader reader(code, words);
  for (size_t position = 0; position < words.size();) {
    const Word handler = reader.enter(position);
    position = reader.position();
    const Word* ip = &words[position];
    const Shape* shape = find_shape(handler);
    if (shape == nullptr) {  // cannot be: every handler has a shape
      print(out, "%6zu  ? 0x%" PRIx64 "\n", position++, handler);
      continue;
    }
    print(out, "%6zu %c%-28s ", position, reader.is_taken_in() && marks_joined ? '+' : ' ',
          shape->name.c_str());
    Printer printer = {module, out, ip, position};
    printer.print_pattern(shape->pattern);
    position += shape->words;
    if (handler == branch_table) {
      printer.print_branch_table();
      position += (size_t{immediate32(ip)} + 2) / 2;
    } else if (is_structure_new(handler)) {
      printer.print_stores();
      position += (size_t{field<3>(ip)} + 1) / 2;
    }
    if (handler == word_of(handlers().single.catch_region)) {
      printer.print_region();
      position += size_t{static_cast<uint32_t>(ip[1])} * kClauseWords;
    }
    if (is_site(handler) && distance(ip) != 0) {
      print(out, ", catch by %" PRId64, static_cast<int64_t>(printer.position) + distance(ip));
    }
    while (out.ends_with(' ')) out.pop_back();
    out += '\n';
  }
  return out;
}

}  // namespace heddle::engine
