// SPDX-License-Identifier: Apache-2.0
// Zydis, over what the emitter made.
#include "jit/x64/disassemble.h"

#include <Zydis/Zydis.h>

#include <cstdio>
#include <map>

namespace heddle::jit::x64 {

namespace {

struct Decoded {
  ZydisDecodedInstruction instruction;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
  size_t offset;
};

/// Where a relative operand points, or SIZE_MAX.
size_t target_of(const Decoded& at) {
  for (unsigned i = 0; i < at.instruction.operand_count; ++i) {
    const ZydisDecodedOperand& operand = at.operands[i];
    if (operand.type == ZYDIS_OPERAND_TYPE_IMMEDIATE && operand.imm.is_relative) {
      return at.offset + at.instruction.length + static_cast<size_t>(operand.imm.value.s);
    }
  }
  return SIZE_MAX;
}

bool is_absolute(const Decoded& at) {
  for (unsigned i = 0; i < at.instruction.operand_count; ++i) {
    const ZydisDecodedOperand& operand = at.operands[i];
    if (operand.type != ZYDIS_OPERAND_TYPE_IMMEDIATE || operand.imm.is_relative) continue;
    const uint64_t value = operand.imm.value.u;
    // Addresses of user space beyond what a module's constants usually are.
    if (at.instruction.mnemonic == ZYDIS_MNEMONIC_MOV && operand.size == 64 && (value >> 40) != 0 &&
        (value >> 47) == 0) {
      return true;
    }
  }
  return false;
}

std::string text_of(const ZydisFormatter& formatter, const Decoded& at,
                    const std::map<size_t, unsigned>& labels) {
  char buffer[256];
  ZydisFormatterFormatInstruction(&formatter, &at.instruction, at.operands,
                                  at.instruction.operand_count_visible, buffer, sizeof buffer, at.offset,
                                  nullptr);
  std::string text = buffer;
  if (const auto label = labels.find(target_of(at)); label != labels.end()) {
    text = text.substr(0, text.find(' ')) + " L" + std::to_string(label->second);
  } else if (is_absolute(at)) {
    text = text.substr(0, text.rfind(' ')) + " address";
  } else if (const size_t at_rip = text.find("[0x");
             at_rip != std::string::npos && text.find("[0x") != std::string::npos) {
    text = text.substr(0, at_rip) + "[data]" + text.substr(text.find(']', at_rip) + 1);
  }
  return text;
}

std::string note_of(const Site& site) {
  char buffer[96];
  const char* what = site.kind == Site::Kind::call    ? "call"
                     : site.kind == Site::Kind::fault ? "may fault"
                                                      : to_string(site.trap);
  std::snprintf(buffer, sizeof buffer, "%s at 0x%x", what, site.wasm_offset);
  return buffer;
}

void add_note(std::string& line, const std::string& note) {
  constexpr size_t kColumn = 48;
  line += std::string(line.size() < kColumn ? kColumn - line.size() : 1, ' ') + "; " + note;
}

}  // namespace

std::string disassemble(const EmittedCode& code) {
  ZydisDecoder decoder;
  ZydisFormatter formatter;
  ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
  std::vector<Decoded> all;
  std::map<size_t, unsigned> labels;
  for (size_t offset = 0; offset < code.code_bytes;) {
    Decoded at;
    at.offset = offset;
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code.bytes.data() + offset, code.code_bytes - offset,
                                             &at.instruction, at.operands))) {
      break;
    }
    if (target_of(at) < code.code_bytes) labels[target_of(at)] = 0;
    offset += at.instruction.length;
    all.push_back(at);
  }
  unsigned number = 0;
  for (auto& [offset, label] : labels) label = number++;
  std::string text;
  size_t site = 0;
  size_t next_line = 0;
  uint32_t shown = 0;
  for (const Decoded& at : all) {
    if (const auto label = labels.find(at.offset); label != labels.end())
      text += "L" + std::to_string(label->second) + ":\n";
    std::string line = "  " + text_of(formatter, at, labels);
    uint32_t wasm_offset = shown;
    for (; next_line < code.lines.size() && code.lines[next_line].code_offset <= at.offset; ++next_line)
      wasm_offset = code.lines[next_line].wasm_offset;
    const size_t without_note = line.size();
    // Faults are at an instruction's beginning; the others behind it.
    while (site < code.sites.size()) {
      const Site& each = code.sites[site];
      const size_t wanted = each.kind == Site::Kind::fault ? at.offset : at.offset + at.instruction.length;
      if (each.code_offset != wanted) break;
      add_note(line, note_of(each));
      ++site;
    }
    if (line.size() == without_note && wasm_offset != shown && wasm_offset != 0) {
      char note[16];
      std::snprintf(note, sizeof note, "0x%x", wasm_offset);
      add_note(line, note);
    }
    shown = wasm_offset;
    text += line + "\n";
  }
  return text;
}

}  // namespace heddle::jit::x64
