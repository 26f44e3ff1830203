// SPDX-License-Identifier: Apache-2.0
// LatencyHistogram: durations counted in buckets whose width grows with them, so that percentiles of any
// number of them take 16 KiB.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace heddle::threads {

/// Each power of two is cut into 32 buckets: an answer is at most 1/32 too large. Threads: one at a time.
class LatencyHistogram {
 public:
  void add(uint64_t value) noexcept {
    ++counts_[index_of(value)];
    ++count_;
    max_ = std::max(max_, value);
  }

  void add(const LatencyHistogram& other) noexcept {
    for (size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
  }

  [[nodiscard]] uint64_t count() const noexcept { return count_; }
  [[nodiscard]] uint64_t max() const noexcept { return max_; }

  /// A value that `per_thousand` of a thousand are not above; 0 if there is none.
  [[nodiscard]] uint64_t percentile(uint64_t per_thousand) const noexcept {
    const uint64_t rank = std::max<uint64_t>(1, (count_ * per_thousand + 999) / 1000);
    uint64_t seen = 0;
    for (size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen >= rank) return std::min(largest_of(i), max_);
    }
    return 0;
  }

 private:
  static constexpr unsigned kBits = 5;
  static constexpr uint64_t kParts = uint64_t{1} << kBits;

  /// Values below kParts have a bucket each; of others, the highest bit and the kBits below it count.
  static size_t index_of(uint64_t value) noexcept {
    if (value < kParts) return value;
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kBits;
    return (shift + 1) * kParts + ((value >> shift) & (kParts - 1));
  }
  static uint64_t largest_of(size_t index) noexcept {
    if (index < kParts) return index;
    const uint64_t shift = index / kParts - 1;
    return (((kParts + index % kParts) + 1) << shift) - 1;
  }

  std::array<uint64_t, (64 - kBits + 1) * kParts> counts_{};
  uint64_t count_ = 0;
  uint64_t max_ = 0;
};

}  // namespace heddle::threads
