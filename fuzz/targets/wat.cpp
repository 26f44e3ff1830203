// SPDX-License-Identifier: Apache-2.0
// Fuzz target wat: any text through the assembler, what assembles on through check_decode.
#include <cstddef>
#include <cstdint>

#include "fuzz/lib/oracles.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  heddle::fuzz::require_nothing_wrong("wat", heddle::fuzz::check_wat(source));
  return 0;
}
