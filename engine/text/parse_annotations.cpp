// SPDX-License-Identifier: Apache-2.0
// ModuleParser: annotations between a module's fields: custom sections and where they go. (Spec, appendix on
// custom sections)
#include <algorithm>

#include "engine/support/utf8.h"
#include "engine/text/parse_module_fields.h"

namespace heddle::engine {

/// Takes the annotations that stand before the next field.
void ModuleParser::module_annotations() {
  for (const Annotation& annotation : tokens_.lexer().take_annotations()) {
    if (annotation.id == "custom") {
      custom_section(annotation);
    } else if (annotation.id == "name") {
      tokens_.fail(annotation.where, "misplaced @name annotation");
    } else {
      tokens_.fail(annotation.where, "@" + std::string(annotation.id) + " annotation: not in a function");
    }
  }
}

/// (@custom "name" ((before|after) section)? "bytes"*)
void ModuleParser::custom_section(const Annotation& annotation) {
  const auto fail = [&](const char* reason) {
    tokens_.fail(annotation.where, std::string("@custom annotation: ") + reason);
  };
  Lexer contents = tokens_.lexer().section(annotation.begin, annotation.end, annotation.contents_line,
                                           annotation.contents_line_start);
  if (!contents.peek().is(TokenKind::string)) return fail("missing section name");
  std::string name = decode_string(contents.next());
  if (!is_valid_utf8(name)) return fail("malformed UTF-8 encoding");
  CustomPlacement placement;
  if (contents.peek().is(TokenKind::left_paren) && !custom_placement(contents, placement)) return;
  std::string bytes;
  while (contents.peek().is(TokenKind::string)) bytes += decode_string(contents.next());
  if (contents.failed() || !contents.peek().is(TokenKind::end)) return fail("unexpected token");
  module_.sections.add_custom(placement, std::move(name), {bytes.begin(), bytes.end()});
}

bool ModuleParser::custom_placement(Lexer& contents, CustomPlacement& placement) {
  const Token open = contents.next();
  const Token direction = contents.next();
  const auto fail = [&](const char* reason) {
    tokens_.fail(open, std::string("@custom annotation: malformed ") + reason);
    return false;
  };
  placement.before = direction.is_keyword("before");
  if (!placement.before && !direction.is_keyword("after")) return fail("placement");
  const Token section = contents.next();
  if (section.is_keyword("first") && placement.before) {
    placement.rank = 0;
  } else if (section.is_keyword("last") && !placement.before) {
    placement.rank = kSectionCount - 1;
  } else {
    const auto* row = std::find_if(std::begin(kSectionOrder), std::end(kSectionOrder),
                                   [&section](const SectionRow& r) { return section.is_keyword(r.name); });
    if (row == std::end(kSectionOrder)) return fail("section kind");
    placement.rank = static_cast<size_t>(row - kSectionOrder);
  }
  return contents.next().is(TokenKind::right_paren) || fail("placement");
}

}  // namespace heddle::engine
