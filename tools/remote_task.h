// SPDX-License-Identifier: Apache-2.0
// RemoteTask: what `heddle enqueue` puts into a work queue and `heddle worker` takes out: a function of a
// module in the same store, and bytes for it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "threads/store/store.h"

namespace heddle::tools {

struct RemoteTask {
  std::string module;    ///< what store_module() gave
  std::string function;  ///< the export to call
  std::string argument;

  [[nodiscard]] std::string to_bytes() const;
  /// Errors: corrupt.
  [[nodiscard]] static threads::StoreResult<RemoteTask> parse(std::string_view bytes);
};

/// Stores a module under the hash of its bytes, unless it is there; gives the hash.
threads::StoreResult<std::string> store_module(threads::KeyValueStore& store, std::span<const uint8_t> bytes);
/// Errors: invalid, if there is none; corrupt, if its bytes do not have that hash.
threads::StoreResult<std::vector<uint8_t>> load_module(threads::KeyValueStore& store,
                                                       const std::string& hash);

}  // namespace heddle::tools
