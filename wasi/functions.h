// SPDX-License-Identifier: Apache-2.0
// The functions of WASI preview 1, declared from the function table.
#pragma once

#include "wasi/call.h"

namespace heddle::wasi::functions {

#define HEDDLE_WASI_PROCEDURE(name, ...) void name(Call& call, __VA_ARGS__);
#define HEDDLE_WASI_FUNCTION(name, ...) Answer name(Call& call __VA_OPT__(, ) __VA_ARGS__);
#include "wasi/functions.def"

}  // namespace heddle::wasi::functions
