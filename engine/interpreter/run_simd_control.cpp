// SPDX-License-Identifier: Apache-2.0
// Handlers that move vectors: copies, constants, globals, select, returns, shuffles.
#include "engine/interpreter/run_simd.h"

namespace heddle::engine {

namespace {

HEDDLE_HANDLER void copy(HEDDLE_STATE) {
  write_vector(fp + field<0>(ip), read_vector(fp + field<1>(ip)));
  HEDDLE_NEXT(2);
}

HEDDLE_HANDLER void constant(HEDDLE_STATE) {
  write_vector(fp + field<0>(ip), read_vector(ip + 2));
  HEDDLE_NEXT(4);
}

HEDDLE_HANDLER void store_accumulator(HEDDLE_STATE) {
  write_vector(fp + field<0>(ip), v);
  HEDDLE_NEXT(2);
}

HEDDLE_HANDLER void global_get(HEDDLE_STATE) {
  const Vector value = read_vector(instance->globals[immediate32(ip)]->value);
  write_vector_result<Target::slot>(value, ip, fp, v);
  HEDDLE_NEXT(2);
}

template <Source kSource>
HEDDLE_HANDLER void global_set(HEDDLE_STATE) {
  write_vector(instance->globals[immediate32(ip)]->value, read_vector_operand<kSource, 1>(ip, fp, v));
  HEDDLE_NEXT(2);
}

template <Source kCondition>
HEDDLE_HANDLER void select(HEDDLE_STATE) {
  const uint32_t condition = read_operand<uint32_t, kCondition, 1>(ip, fp, a, f, d);
  const uint32_t chosen = condition != 0 ? field<2>(ip) : field<3>(ip);
  write_vector_result<Target::slot>(read_vector(fp + chosen), ip, fp, v);
  HEDDLE_NEXT(2);
}

template <Source kSource>
HEDDLE_HANDLER void return_one(HEDDLE_STATE) {
  v = read_vector_operand<kSource, 0>(ip, fp, v);
  const Slot* header = fp + field<1>(ip);
  write_vector(fp, v);
  ip = reinterpret_cast<const Word*>(header[0]);
  fp = reinterpret_cast<Slot*>(header[1]);
  HEDDLE_DISPATCH();
}

template <Source kLeft, Source kRight, Target kTarget>
HEDDLE_HANDLER void shuffle(HEDDLE_STATE) {
  const Vector left = read_vector_operand<kLeft, 1>(ip, fp, v);
  const Vector right = read_vector_operand<kRight, 2>(ip, fp, v);
  write_vector_result<kTarget>(ops::shuffle(left, right, read_vector(ip + 2)), ip, fp, v);
  HEDDLE_NEXT(4);
}

/// All lanes of one vector; their numbers are below 16.
template <Source kSource, Target kTarget>
HEDDLE_HANDLER void shuffle_one(HEDDLE_STATE) {
  const Vector value = read_vector_operand<kSource, 1>(ip, fp, v);
  write_vector_result<kTarget>(ops::NativeSwizzle::apply(value, read_vector(ip + 2)), ip, fp, v);
  HEDDLE_NEXT(4);
}

template <Source kLeft, Source kRight>
void fill_shuffle(SimdTable& simd) {
  auto& form = simd.shuffle[static_cast<unsigned>(kLeft)][static_cast<unsigned>(kRight)];
  form[0] = shuffle<kLeft, kRight, Target::slot>;
  form[1] = shuffle<kLeft, kRight, Target::accumulator>;
}

template <Source kSource>
void fill_shuffle_one(SimdTable& simd) {
  auto& form = simd.shuffle_one[static_cast<unsigned>(kSource)];
  form[0] = shuffle_one<kSource, Target::slot>;
  form[1] = shuffle_one<kSource, Target::accumulator>;
}

}  // namespace

void add_simd_control_handlers(HandlerTable& table) {
  SimdTable& simd = table.simd;
  simd.copy = copy;
  simd.constant = constant;
  fill_shuffle<Source::slot, Source::slot>(simd);
  fill_shuffle<Source::slot, Source::accumulator>(simd);
  fill_shuffle<Source::accumulator, Source::slot>(simd);
  fill_shuffle_one<Source::slot>(simd);
  fill_shuffle_one<Source::accumulator>(simd);
  constexpr unsigned vector = static_cast<unsigned>(Register::vector);
  SingleHandlers& single = table.single;
  single.return_one[vector][0] = return_one<Source::slot>;
  single.return_one[vector][1] = return_one<Source::accumulator>;
  single.store_accumulator[vector] = store_accumulator;
  single.global_get[vector] = global_get;
  single.global_set[vector][0] = global_set<Source::slot>;
  single.global_set[vector][1] = global_set<Source::accumulator>;
  single.select[vector][0] = select<Source::slot>;
  single.select[vector][1] = select<Source::accumulator>;
}

}  // namespace heddle::engine
