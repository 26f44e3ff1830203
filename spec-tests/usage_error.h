// SPDX-License-Identifier: Apache-2.0
// The error of whoever asked for something that cannot be: a wrong argument, name or path.
#pragma once

#include <heddle/result.h>

#include <string>
#include <utility>

namespace heddle::spec {

[[nodiscard]] inline Error usage(std::string message) {
  Error error;
  error.kind = ErrorKind::usage;
  error.message = std::move(message);
  return error;
}

}  // namespace heddle::spec
