// SPDX-License-Identifier: Apache-2.0
// Errors of the host under their names in WASI, from the errno table.
#include "wasi/errors.h"

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace heddle::wasi {

namespace {

struct Row {
  Errno error;
  const char* name;
  int host;
};

constexpr Row kRows[] = {
#define HEDDLE_WASI_ERRNO(name, value, host) {Errno::name, #name, host},
#include "wasi/errnos.def"
};

constexpr bool stand_in_order() {
  for (size_t i = 0; i < std::size(kRows); ++i) {
    if (static_cast<size_t>(kRows[i].error) != i) return false;
  }
  return true;
}
static_assert(stand_in_order(), "to_string takes the number for the place in the table");

}  // namespace

Errno to_errno(int host_errno) noexcept {
  const Row* const row = std::find_if(std::begin(kRows), std::end(kRows),
                                      [=](const Row& each) { return each.host == host_errno; });
  return row == std::end(kRows) ? Errno::io : row->error;
}

Errno last_error() noexcept {
  const Errno error = to_errno(errno);
  return error == Errno::success ? Errno::io : error;
}

const char* to_string(Errno error) noexcept {
  const auto number = static_cast<size_t>(error);
  return number < std::size(kRows) ? kRows[number].name : "unknown errno";
}

}  // namespace heddle::wasi
