// SPDX-License-Identifier: Apache-2.0
// A task's bytes: `heddle-task 1 HASH SIZE`, a newline, the function's name of that size, the argument.
#include "tools/remote_task.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "engine/support/escape.h"
#include "engine/support/try.h"

namespace heddle::tools {

using threads::Entry;
using threads::StoreError;
using threads::StoreErrorKind;
using threads::StoreResult;

namespace {

constexpr std::string_view kMagic = "heddle-task 1 ";
constexpr size_t kHashDigits = 32;

std::string hash_of(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return threads::stamp(hash.high64) + threads::stamp(hash.low64);
}

std::string module_key(const std::string& hash) { return "module/" + hash; }

StoreError not_a_task() {
  return {StoreErrorKind::corrupt, "what was enqueued is no task that `heddle enqueue` has made"};
}

}  // namespace

std::string RemoteTask::to_bytes() const {
  return fmt::format("{}{} {}\n{}{}", kMagic, module, function.size(), function, argument);
}

StoreResult<RemoteTask> RemoteTask::parse(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return not_a_task();
  bytes.remove_prefix(kMagic.size());
  const size_t line = bytes.find('\n');
  if (line == std::string_view::npos || line < kHashDigits + 2 || bytes[kHashDigits] != ' ')
    return not_a_task();
  size_t size = 0;
  const char* const end = bytes.data() + line;
  const auto parsed = std::from_chars(bytes.data() + kHashDigits + 1, end, size);
  if (parsed.ec != std::errc() || parsed.ptr != end || size > bytes.size() - line - 1) return not_a_task();
  return RemoteTask{std::string(bytes.substr(0, kHashDigits)), std::string(bytes.substr(line + 1, size)),
                    std::string(bytes.substr(line + 1 + size))};
}

StoreResult<std::string> store_module(threads::KeyValueStore& store, std::span<const uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::string hash = hash_of(text);
  HEDDLE_TRY_ASSIGN(std::optional<Entry> there, store.get(module_key(hash)));
  if (!there) {
    const auto put = store.put(module_key(hash), text, threads::kAbsent);
    if (put) return hash;
    if (!put.is(StoreErrorKind::exists)) return put.error();
    HEDDLE_TRY_ASSIGN(there, store.get(module_key(hash)));
  }
  // The hash tells accidents apart, not attackers.
  if (there && there->value == text) return hash;
  return StoreError{StoreErrorKind::conflict, "the store has another module under the hash " + hash};
}

StoreResult<std::vector<uint8_t>> load_module(threads::KeyValueStore& store, const std::string& hash) {
  HEDDLE_TRY_ASSIGN(const std::optional<Entry> entry, store.get(module_key(hash)));
  if (!entry) {
    return StoreError{StoreErrorKind::invalid,
                      "the store has no module " + engine::escape_for_terminal(hash) + ": was it deleted?"};
  }
  if (hash_of(entry->value) != hash)
    return StoreError{StoreErrorKind::corrupt, "the module " + hash + " does not have that hash"};
  return std::vector<uint8_t>(entry->value.begin(), entry->value.end());
}

}  // namespace heddle::tools
