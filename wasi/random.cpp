// SPDX-License-Identifier: Apache-2.0
// Random numbers: random_get, and the two sources of its bytes.
#include <sys/random.h>

#include <algorithm>
#include <cerrno>

#include "wasi/functions.h"

namespace heddle::wasi {

namespace {

/// Between two looks for an interrupt.
constexpr size_t kMostAtOnce = size_t{1} << 20;

Answer fill_from_host(std::span<uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = getrandom(bytes.data(), bytes.size(), 0);
    if (got < 0 && errno != EINTR) return last_error();
    bytes = bytes.subspan(got < 0 ? 0 : static_cast<size_t>(got));
  }
  return {};
}

}  // namespace

/// SplitMix64: every seed gives a good sequence.
uint64_t RandomSource::next() {
  uint64_t mixed = state_ += 0x9e3779b97f4a7c15;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

Answer RandomSource::fill(std::span<uint8_t> bytes) {
  if (!is_seeded_) return fill_from_host(bytes);
  const engine::MutexLock lock(mutex_);
  for (size_t at = 0; at < bytes.size(); at += sizeof(uint64_t)) {
    const uint64_t number = next();
    std::memcpy(bytes.data() + at, &number, std::min(sizeof number, bytes.size() - at));
  }
  return {};
}

namespace functions {

Answer random_get(Call& call, Address buffer, Size size) {
  HEDDLE_TRY_ASSIGN(const auto bytes, call.memory().range(buffer, size));
  for (size_t at = 0; at < bytes.size(); at += kMostAtOnce) {
    if (at != 0) HEDDLE_TRY(call.check_interrupt());
    const size_t size_now = std::min(kMostAtOnce, bytes.size() - at);
    HEDDLE_TRY(call.state().random.fill(bytes.subspan(at, size_now)));
  }
  return {};
}

}  // namespace functions
}  // namespace heddle::wasi
