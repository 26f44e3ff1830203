// SPDX-License-Identifier: Apache-2.0
// Vector semantics as they run: what the SIMD rows of opcodes.def compute, in few instructions.
//
// Every type has a namesake in vector_reference.h, which says what it means. vector_integer_ops.h and
// vector_float_ops.h hold what x86-64-v2 (SSE4.2) has instructions for; elsewhere the reference runs.
#pragma once

#include "engine/runtime/vector_lanewise.h"

#if defined(__SSE4_2__)
#include "engine/runtime/vector_float_ops.h"
#include "engine/runtime/vector_integer_ops.h"
#else
#include "engine/runtime/vector_portable_ops.h"
#endif
