// SPDX-License-Identifier: Apache-2.0
// Similarity of names by edit distance with transpositions.
#include "engine/api/suggest.h"

#include <algorithm>
#include <array>
#include <span>

namespace heddle::detail {

namespace {

constexpr size_t kLongestName = 64;
constexpr size_t kMostCandidates = 10'000;

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. REQUIRES: short names.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::array<std::array<size_t, kLongestName + 1>, 3> rows{};  // the last three, used in turn
  for (size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], rows[(i + 1) % 3][j - 2] + 1);
      }
    }
  }
  return rows[a.size() % 3][b.size()];
}

}  // namespace

std::string_view closest_name(std::string_view wanted, const std::vector<std::string_view>& known) {
  if (wanted.size() > kLongestName) return {};
  std::string_view best;
  size_t best_distance = std::max<size_t>(1, wanted.size() / 3) + 1;
  for (const std::string_view name : std::span(known).first(std::min(known.size(), kMostCandidates))) {
    if (name.size() > kLongestName) continue;
    if (const size_t distance = edit_distance(wanted, name); distance < best_distance) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace heddle::detail
