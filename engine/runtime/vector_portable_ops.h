// SPDX-License-Identifier: Apache-2.0
// Vector semantics on processors that no file here knows: the reference ones. Included by vector_ops.h only.
#pragma once

#include "engine/runtime/vector_lanewise.h"

namespace heddle::engine::ops {

using reference::AllTrue;
using reference::Bitmask;
using reference::ConvertLow;
using reference::DemoteZero;
using reference::Dot;
using reference::DotAdd;
using reference::DotSaturating;
using reference::ExtendAddPairwise;
using reference::ExtendHigh;
using reference::ExtendLow;
using reference::ExtendMulHigh;
using reference::ExtendMulLow;
using reference::LaneSelect;
using reference::LanewiseShift;
using reference::Narrow;
using reference::NativeSwizzle;
using reference::NativeTruncZero;
using reference::PromoteLow;
using reference::shuffle;
using reference::Swizzle;
using reference::TruncSatZero;

}  // namespace heddle::engine::ops
