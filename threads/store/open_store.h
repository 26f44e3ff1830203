// SPDX-License-Identifier: Apache-2.0
// open_store: a store by its URL.
#pragma once

#include <memory>
#include <string_view>

#include "threads/store/store.h"

namespace heddle::threads {

struct StoreOptions {
  bool append_only = false;              ///< see KeyValueStore; a ?append-only in the URL does the same
  std::shared_ptr<StoreHost> host = {};  ///< null: StoreHost::standard()
};

/// The forms of a URL, for people.
inline constexpr const char* kStoreUrls =
    "lmdb:PATH, temporary: or redis://[[USER]:PASSWORD@]HOST[:PORT][/DB]";

/// Errors: invalid (the URL, with the forms there are), unavailable (the folder or the server, with the
/// reason), corrupt.
[[nodiscard]] StoreResult<std::shared_ptr<KeyValueStore>> open_store(std::string_view url,
                                                                     const StoreOptions& options = {});

}  // namespace heddle::threads
