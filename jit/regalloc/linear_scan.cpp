// SPDX-License-Identifier: Apache-2.0
// Register allocation: its stages in order.
#include "jit/regalloc/linear_scan.h"

#include "jit/regalloc/intervals.h"
#include "jit/regalloc/layout.h"
#include "jit/regalloc/liveness.h"
#include "jit/regalloc/resolution.h"
#include "jit/regalloc/walk.h"

namespace heddle::jit::regalloc {

namespace {

/// So that positions fit into 32 bits.
constexpr size_t kMostInstructions = size_t{1} << 24;

}  // namespace

struct Allocator::Scratch {
  Layout layout;
  Liveness liveness;
  Intervals intervals;
  Walk walk;
  Resolution resolution;
};

Allocator::Allocator(size_t most_liveness)
    : most_liveness_(most_liveness), scratch_(std::make_unique<Scratch>()) {}
Allocator::~Allocator() = default;

bool Allocator::allocate(const x64::MachineFunction& function, x64::Allocation& allocation) {
  if (function.instructions.size() > kMostInstructions) return false;
  Scratch& s = *scratch_;
  s.layout.compute(function);
  s.liveness.compute(function, most_liveness_);
  s.intervals.build(function, s.layout, s.liveness);
  if (!s.walk.run(function, s.layout, s.intervals)) return false;
  s.resolution.run(function, s.layout, s.liveness, s.intervals, allocation);
  return true;
}

}  // namespace heddle::jit::regalloc
