// SPDX-License-Identifier: Apache-2.0
// Fuzz target tiers: modules, given or generated, in the interpreter and compiled; the checks are
// check_tiers_any's.
#include <cstddef>
#include <cstdint>

#include "fuzz/lib/mutator.h"
#include "fuzz/lib/oracles.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  return heddle::fuzz::mutate_module(data, size, max_size, seed, LLVMFuzzerMutate);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  heddle::fuzz::require_nothing_wrong("tiers", heddle::fuzz::check_tiers_any({data, size}));
  return 0;
}
