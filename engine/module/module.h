// SPDX-License-Identifier: Apache-2.0
// ModuleImage: the immutable description of one decoded module, shared by everything that runs it.
//
// All ValueTypes and TypeIds in here are canonical (engine-wide). Spans and offsets point into the module's
// bytes, which it owns unless it was decoded only to be looked at (decode_borrowed). Thread-safe after
// decoding because nothing changes; what tiers attach (translated code) lives behind `tier_data`.
// (Spec 2.5, 5.5)
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/module/types.h"
#include "engine/opcodes/opcode.h"
#include "heddle/result.h"
#include "heddle/value_type.h"

namespace heddle::engine {

enum class ExternKind : uint8_t { function = 0, table = 1, memory = 2, global = 3, tag = 4 };

/// "function", "table", ... as error messages name them.
[[nodiscard]] const char* to_string(ExternKind kind) noexcept;

struct Limits {
  uint64_t min = 0;
  std::optional<uint64_t> max;
  bool is_64 = false;  ///< address type i64
};

struct TableType {
  ValueType element;
  Limits limits;
};

struct MemoryType {
  Limits limits;  ///< in pages
  bool is_shared = false;
  uint8_t page_size_log2 = 16;  ///< custom page sizes: 0 or 16
};

struct GlobalType {
  ValueType type;
  bool is_mutable = false;
};

struct TagType {
  TypeId type = kNoType;
};

/// A module larger than this is refused: what points into it, of which a large module has hundreds of
/// thousands, is half as large for it.
inline constexpr uint64_t kMaxModuleBytes = UINT32_MAX;

/// Bytes inside the module: [offset, offset + size), which ends at kMaxModuleBytes or before.
struct ByteRange {
  constexpr ByteRange() = default;
  constexpr ByteRange(uint64_t first, uint64_t count)
      : offset(static_cast<uint32_t>(first)), size(static_cast<uint32_t>(count)) {}
  uint32_t offset = 0;
  uint32_t size = 0;
};

/// A constant expression: its bytes, up to and including `end`. Evaluated by runtime/const_expr.
struct ConstantExpression {
  ByteRange bytes;
};

struct Import {
  std::string module;
  std::string name;
  ExternKind kind;
  uint32_t index;       ///< in the index space of its kind
  uint64_t offset = 0;  ///< of the declaration in the module
};

struct Export {
  std::string name;
  ExternKind kind;
  uint32_t index;
  uint64_t offset = 0;  ///< of the declaration in the module
};

/// A function of the index space; imported ones have an empty body.
struct FunctionDeclaration {
  TypeId type = kNoType;
  ByteRange body;  ///< the code entry after its size: locals, instructions, end
  /// Its type is `type` and no subtype of it: so for all but imports that don't ask for that.
  bool is_exact = true;
};

struct TableDeclaration {
  TableType type;
  std::optional<ConstantExpression> init;  ///< function references: table with an initializer
  uint64_t offset = 0;                     ///< of the declaration in the module
};

struct GlobalDeclaration {
  GlobalType type;
  ConstantExpression init;  ///< empty for imports
};

enum class SegmentMode : uint8_t { active, passive, declarative };

struct ElementSegment {
  SegmentMode mode = SegmentMode::passive;
  ValueType type;
  uint32_t table = 0;         ///< active
  ConstantExpression offset;  ///< active
  /// Either plain function indices or one expression per element.
  std::vector<uint32_t> functions;
  std::vector<ConstantExpression> expressions;
  bool uses_expressions = false;
  uint64_t declaration_offset = 0;  ///< in the module
  [[nodiscard]] size_t size() const { return uses_expressions ? expressions.size() : functions.size(); }
};

struct DataSegment {
  SegmentMode mode = SegmentMode::passive;
  uint32_t memory = 0;
  ConstantExpression offset;
  ByteRange bytes;
  uint32_t declaration_offset = 0;  ///< in the module
};

struct CustomSection {
  std::string name;
  ByteRange bytes;  ///< contents after the name
};

/// Function or tag names of the name section, sorted by index; views into the module's bytes (not escaped,
/// maybe not UTF-8).
struct FunctionName {
  uint32_t index;
  std::string_view name;
};

/// What a tier attaches to a module (translated code); destroyed with it.
class TierData {
 public:
  virtual ~TierData() = default;
  /// Of all code made so far, for statistics.
  [[nodiscard]] virtual uint64_t code_bytes() const { return 0; }
};

/// Decoding limits; documented in docs/EMBEDDING.md and refused with ErrorKind::limit.
struct DecodeLimits {
  uint32_t types = HeapType::kMaxTypes;
  uint32_t functions = 1'000'000 * 4;
  uint32_t imports = 1'000'000;
  uint32_t exports = 1'000'000;
  uint32_t globals = 1'000'000;
  uint32_t tables = 100'000;
  uint32_t memories = 10'000;
  uint32_t tags = 1'000'000;
  uint32_t segments = 1'000'000;
  uint32_t locals = 50'000;  ///< per function, parameters included
  uint32_t parameters = 1'000;
  uint32_t results = 1'000;
  uint32_t body_bytes = 128u << 20;
  uint32_t fields = 10'000;
  uint32_t subtype_depth = TypeRegistry::kMaxDepth;
  FeatureSet features;  ///< what a module may use
};

struct ModuleImage {
  std::vector<uint8_t> storage;      ///< empty if the bytes are borrowed
  std::span<const uint8_t> bytes;    ///< the whole binary module
  DecodeLimits limits;               ///< what it was decoded with; validation of bodies goes by them too
  TypeRegistry* registry = nullptr;  ///< outlives the module
  std::vector<std::shared_ptr<TypeRegistry::Group>> groups;
  std::vector<TypeId> types;  ///< type section index -> canonical id

  // Index spaces, imports first.
  std::vector<FunctionDeclaration> functions;
  std::vector<TableDeclaration> tables;
  std::vector<MemoryType> memories;
  std::vector<GlobalDeclaration> globals;
  std::vector<TagType> tags;
  uint32_t imported_functions = 0;
  uint32_t imported_tables = 0;
  uint32_t imported_memories = 0;
  uint32_t imported_globals = 0;
  uint32_t imported_tags = 0;

  std::vector<Import> imports;
  std::vector<Export> exports;
  std::optional<uint32_t> start;
  std::vector<ElementSegment> elements;
  std::vector<DataSegment> data;
  std::optional<uint32_t> data_count;
  ByteRange code_section;  ///< contents of the code section; empty if there is none
  std::array<uint64_t, 14>
      section_offsets{};  ///< by section id: where its contents begin; for error messages
  std::vector<CustomSection> customs;
  std::vector<FunctionName> function_names;
  std::vector<FunctionName> tag_names;
  std::string_view module_name;
  std::vector<uint32_t> exports_by_name;  ///< indices into `exports`, sorted by name

  /// Functions that may become references (ref.func in code must name one; exports, elements, globals), one
  /// flag each. Filled by validate_declarations.
  std::vector<bool> declared_references;

  // What any of the bodies does. Filled by validate_module.
  bool has_tail_calls = false;

  std::unique_ptr<TierData> tier_data;
  std::unique_ptr<TierData> compiler_data;  ///< of a compiler above that tier; destroyed before it

  [[nodiscard]] const TypeDefinition& function_type(uint32_t function) const {
    return registry->get(functions[function].type);
  }
  [[nodiscard]] std::span<const uint8_t> view(ByteRange range) const {
    return bytes.subspan(range.offset, range.size);
  }
  [[nodiscard]] const Export* find_export(std::string_view name) const noexcept;
  /// Name from the name section (escaped for printing), else an export's name, else "func[N]".
  [[nodiscard]] std::string function_name(uint32_t function) const;
  /// The same for a tag; else "tag[N]".
  [[nodiscard]] std::string tag_name(uint32_t tag) const;
};

/// Decodes a whole binary module (all sections; bodies are only delimited) and registers its types. The image
/// owns the bytes: those it is given, or a copy.
/// Types are checked as they are registered; everything else is validated by validation/validate_module.h.
/// Errors name byte offset, section and reason.
[[nodiscard]] Result<std::unique_ptr<ModuleImage>> decode_module(std::vector<uint8_t>&& bytes,
                                                                 TypeRegistry& registry,
                                                                 const DecodeLimits& limits = {});
[[nodiscard]] Result<std::unique_ptr<ModuleImage>> decode_module(std::span<const uint8_t> bytes,
                                                                 TypeRegistry& registry,
                                                                 const DecodeLimits& limits = {});
/// The same, but the image points into `bytes`, which must outlive it unchanged.
[[nodiscard]] Result<std::unique_ptr<ModuleImage>> decode_borrowed(std::span<const uint8_t> bytes,
                                                                   TypeRegistry& registry,
                                                                   const DecodeLimits& limits = {});

}  // namespace heddle::engine
