// SPDX-License-Identifier: Apache-2.0
// EngineImpl: what an Engine shares: the run time's EngineState, the configuration, and the watchdog of
// timeouts.
#pragma once

#include <heddle/config.h>

#include <memory>

#include "engine/api/watchdog.h"
#include "engine/runtime/store.h"

namespace heddle::detail {

struct EngineImpl : engine::EngineState {
  Config config;
  Watchdog watchdog;
};

}  // namespace heddle::detail
