// SPDX-License-Identifier: Apache-2.0
// All of Heddle's C++ API in one include; docs/EMBEDDING.md shows how to use it.
#pragma once

#include <heddle/config.h>         // IWYU pragma: export
#include <heddle/engine.h>         // IWYU pragma: export
#include <heddle/function.h>       // IWYU pragma: export
#include <heddle/gc.h>             // IWYU pragma: export
#include <heddle/global.h>         // IWYU pragma: export
#include <heddle/host_function.h>  // IWYU pragma: export
#include <heddle/instance.h>       // IWYU pragma: export
#include <heddle/linker.h>         // IWYU pragma: export
#include <heddle/memory.h>         // IWYU pragma: export
#include <heddle/module.h>         // IWYU pragma: export
#include <heddle/outcome.h>        // IWYU pragma: export
#include <heddle/result.h>         // IWYU pragma: export
#include <heddle/store.h>          // IWYU pragma: export
#include <heddle/table.h>          // IWYU pragma: export
#include <heddle/tag.h>            // IWYU pragma: export
#include <heddle/trap.h>           // IWYU pragma: export
#include <heddle/types.h>          // IWYU pragma: export
#include <heddle/value.h>          // IWYU pragma: export
#include <heddle/value_type.h>     // IWYU pragma: export
