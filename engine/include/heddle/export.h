// SPDX-License-Identifier: Apache-2.0
// HEDDLE_API marks what the shared library shows to its users; everything else is built with hidden
// visibility.
#pragma once

#define HEDDLE_API __attribute__((visibility("default")))
