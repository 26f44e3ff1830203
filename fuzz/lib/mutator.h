// SPDX-License-Identifier: Apache-2.0
// The mutator: changes a binary module without breaking its frame of sections, bodies and their sizes.
//
// Plain mutation of bytes nearly always breaks a length, and never gets beyond the decoder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace heddle::fuzz {

/// Mutates `size` bytes in place, with room for `max_size`; returns the new size. LLVMFuzzerMutate is one.
using MutateBytes = size_t (*)(uint8_t* data, size_t size, size_t max_size);

/// As LLVMFuzzerCustomMutator. What is no module, and some modules, go to `mutate` as they are.
size_t mutate_module(uint8_t* data, size_t size, size_t max_size, uint32_t seed, MutateBytes mutate);

}  // namespace heddle::fuzz
