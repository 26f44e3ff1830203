// SPDX-License-Identifier: Apache-2.0
// Tag: a handle on a tag, the identity of a kind of exception; Exception: what was thrown.
#pragma once

#include <string>
#include <vector>

#include <heddle/export.h>
#include <heddle/handle.h>
#include <heddle/result.h>
#include <heddle/store.h>
#include <heddle/types.h>
#include <heddle/value.h>

namespace heddle {

/// Lives as long as its store. See handle.h for what is refused, and the thread rule.
class HEDDLE_API Tag {
 public:
  Tag() = default;
  /// Errors: usage (the type has results, or too many parameters).
  [[nodiscard]] static Result<Tag> create(const StoreRef& store, const TagType& type);

  /// Empty if the store is gone.
  [[nodiscard]] TagType type() const;
  /// For people: its name in its module, or "tag[N]", or "a tag of the host". Safe to print.
  [[nodiscard]] std::string name() const;

  [[nodiscard]] bool empty() const noexcept { return handle_.empty(); }
  explicit operator bool() const noexcept { return !empty(); }
  friend bool operator==(const Tag&,
                         const Tag&) = default;  ///< the same tag: one catches what the other throws

 private:
  friend struct detail::Access;
  explicit Tag(detail::Handle handle) : handle_(std::move(handle)) {}
  detail::Handle handle_;
};

/// An exception on its way through the host: a call that a guest's exception has ended comes to a Trap of
/// kind exception that holds one. A host function may return that Trap, and the exception goes on through the
/// guest that called it; or make one of its own: `return Trap::thrown({tag, {42}})`.
struct Exception {
  Tag tag;
  std::vector<Value> values;  ///< as the tag's type says
};

/// "name(1, 2.5)".
[[nodiscard]] HEDDLE_API std::string to_string(const Exception& exception);

}  // namespace heddle
