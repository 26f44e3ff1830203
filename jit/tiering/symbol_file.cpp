// SPDX-License-Identifier: Apache-2.0
// The ELF file about a piece of code: its place as section .text, one symbol, and how its frame is unwound.
#include <elf.h>

#include <cstring>
#include <string_view>

#include "jit/tiering/code_reports.h"

namespace heddle::jit {

namespace {

/// In the order of the file's sections.
enum SectionIndex : uint16_t { kNull, kText, kFrames, kSymbols, kStrings, kSectionCount };
/// Of the sections too, and the symbol's name comes last.
constexpr std::string_view kNames("\0.text\0.eh_frame\0.symtab\0.strtab\0", 34);

class Bytes {
 public:
  template <class T>
  void add(const T& value) {
    const auto* const begin = reinterpret_cast<const uint8_t*>(&value);
    bytes_.insert(bytes_.end(), begin, begin + sizeof value);
  }
  void add(std::initializer_list<uint8_t> bytes) { bytes_.insert(bytes_.end(), bytes); }
  void add_text(std::string_view text) { bytes_.insert(bytes_.end(), text.begin(), text.end()); }
  void align(size_t to) { bytes_.resize((bytes_.size() + to - 1) / to * to); }
  [[nodiscard]] size_t size() const { return bytes_.size(); }
  template <class T>
  void write(size_t at, const T& value) {
    std::memcpy(bytes_.data() + at, &value, sizeof value);
  }
  [[nodiscard]] std::vector<uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
};

// DWARF: operations on the call frame, and registers as it numbers them.
constexpr uint8_t kDefineFrame = 0x0c, kDefineRegister = 0x0d, kDefineOffset = 0x0e, kAdvance = 0x40,
                  kSavedAt = 0x80, kNop = 0;
constexpr uint8_t kRbp = 6, kRsp = 7, kReturnAddress = 16;

/// `push rbp; mov rbp, rsp` is how every function begins that has a frame. What an epilogue has undone
/// already is not told.
void add_frames(Bytes& out, const NamedCode& code) {
  constexpr uint8_t kPushRbp = 0x55;
  const size_t common = out.size();
  out.add(uint32_t{0});
  out.add(uint32_t{0});
  out.add({1, 0, 1, 0x78, kReturnAddress});  // version, no augmentation, factors 1 and -8
  out.add({kDefineFrame, kRsp, 8, kSavedAt | kReturnAddress, 1});
  out.align(8);
  out.write(common, static_cast<uint32_t>(out.size() - common - 4));
  const size_t description = out.size();
  out.add(uint32_t{0});
  out.add(static_cast<uint32_t>(description + 4 - common));
  out.add(reinterpret_cast<uint64_t>(code.begin));
  out.add(uint64_t{code.size});
  if (code.size > 0 && *code.begin == kPushRbp)
    out.add({kAdvance | 1, kDefineOffset, 16, kSavedAt | kRbp, 2, kAdvance | 3, kDefineRegister, kRbp});
  while (out.size() % 8 != 0) out.add({kNop});
  out.write(description, static_cast<uint32_t>(out.size() - description - 4));
  out.add(uint32_t{0});
}

[[nodiscard]] Elf64_Ehdr header() {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_REL;
  header.e_machine = EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_ehsize = sizeof(Elf64_Ehdr);
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = kSectionCount;
  header.e_shstrndx = kStrings;
  return header;
}

[[nodiscard]] Elf64_Shdr section(std::string_view name, uint32_t type, size_t begin, size_t end) {
  Elf64_Shdr section{};
  section.sh_name = static_cast<uint32_t>(kNames.find(name));
  section.sh_type = type;
  section.sh_offset = begin;
  section.sh_size = end - begin;
  section.sh_addralign = 8;
  return section;
}

}  // namespace

std::vector<uint8_t> make_symbol_file(const NamedCode& code) {
  Bytes out;
  Elf64_Ehdr elf = header();
  out.add(elf);
  const size_t frames = out.size();
  add_frames(out, code);
  const size_t frames_end = out.size();
  out.align(8);
  const size_t symbols = out.size();
  out.add(Elf64_Sym{});
  Elf64_Sym symbol{};
  symbol.st_name = static_cast<uint32_t>(kNames.size());
  symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
  symbol.st_shndx = kText;
  symbol.st_size = code.size;
  out.add(symbol);
  const size_t strings = out.size();
  out.add_text(kNames);
  out.add_text(code.name);
  out.add({0});
  const size_t strings_end = out.size();
  out.align(8);
  elf.e_shoff = out.size();
  out.write(0, elf);

  out.add(Elf64_Shdr{});
  Elf64_Shdr text = section(".text", SHT_NOBITS, 0, code.size);
  text.sh_flags = SHF_ALLOC | SHF_EXECINSTR;
  text.sh_addr = reinterpret_cast<uint64_t>(code.begin);
  out.add(text);
  Elf64_Shdr frame_section = section(".eh_frame", SHT_PROGBITS, frames, frames_end);
  frame_section.sh_flags = SHF_ALLOC;
  out.add(frame_section);
  Elf64_Shdr symbol_section = section(".symtab", SHT_SYMTAB, symbols, strings);
  symbol_section.sh_link = kStrings;
  symbol_section.sh_info = 1;  // the first that is not local
  symbol_section.sh_entsize = sizeof(Elf64_Sym);
  out.add(symbol_section);
  out.add(section(".strtab", SHT_STRTAB, strings, strings_end));
  return out.take();
}

}  // namespace heddle::jit
