// SPDX-License-Identifier: Apache-2.0
// Stresses br_table and call_indirect: a bytecode interpreter with a table of built-ins, n loop rounds.
// n = 800000, quick = 50000, long = 8000000
#include <stdint.h>

typedef enum { kPush, kLoad, kStore, kAdd, kSub, kMul, kXor, kLess, kJump, kJumpIfZero, kBuiltin, kHalt } Op;

typedef int32_t (*Builtin)(int32_t);

static int32_t square(int32_t x) { return (int32_t)((uint32_t)x * (uint32_t)x); }
static int32_t negate(int32_t x) { return (int32_t)(0u - (uint32_t)x); }
static int32_t halve(int32_t x) { return x >> 1; }
static int32_t scramble(int32_t x) { return (int32_t)(((uint32_t)x ^ (uint32_t)x >> 15) * 2246822519u); }
static int32_t bits_set(int32_t x) { return __builtin_popcount((uint32_t)x); }
static int32_t leading_zeros(int32_t x) { return x ? __builtin_clz((uint32_t)x) : 32; }

static const Builtin kBuiltins[6] = {square, negate, halve, scramble, bits_set, leading_zeros};

static int32_t code[96], stack[16], variables[4];
static int32_t length;

static int32_t emit(int32_t word) {
  code[length] = word;
  return length++;
}

static int32_t emit_with(Op op, int32_t operand) {
  emit(op);
  return emit(operand);
}

// while (v0 < v1) { v2 = builtin[v0 % 6](v2 + v0) ^ v3; v3 = v3 * 5 - v2; v0 = v0 + 1; }
static void assemble(void) {
  length = 0;
  emit_with(kLoad, 0);
  emit_with(kLoad, 1);
  emit(kLess);
  int32_t exit = emit_with(kJumpIfZero, 0);
  emit_with(kLoad, 2);
  emit_with(kLoad, 0);
  emit(kAdd);
  emit_with(kLoad, 0);
  emit(kBuiltin);
  emit_with(kLoad, 3);
  emit(kXor);
  emit_with(kStore, 2);
  emit_with(kLoad, 3);
  emit_with(kPush, 5);
  emit(kMul);
  emit_with(kLoad, 2);
  emit(kSub);
  emit_with(kStore, 3);
  emit_with(kLoad, 0);
  emit_with(kPush, 1);
  emit(kAdd);
  emit_with(kStore, 0);
  emit_with(kJump, 0);
  code[exit] = length;
  emit(kHalt);
}

static void execute(void) {
  int32_t* top = stack;
  const int32_t* pc = code;
  for (;;) {
    switch ((Op)*pc++) {
      case kPush: *++top = *pc++; break;
      case kLoad: *++top = variables[*pc++]; break;
      case kStore: variables[*pc++] = *top--; break;
      case kAdd: top--, *top = (int32_t)((uint32_t)top[0] + (uint32_t)top[1]); break;
      case kSub: top--, *top = (int32_t)((uint32_t)top[0] - (uint32_t)top[1]); break;
      case kMul: top--, *top = (int32_t)((uint32_t)top[0] * (uint32_t)top[1]); break;
      case kXor: top--, *top = top[0] ^ top[1]; break;
      case kLess: top--, *top = top[0] < top[1]; break;
      case kJump: pc = code + *pc; break;
      case kJumpIfZero: pc = *top-- ? pc + 1 : code + *pc; break;
      case kBuiltin: top--, *top = kBuiltins[(uint32_t)top[1] % 6](*top); break;
      case kHalt: return;
    }
  }
}

int32_t run(int32_t n) {
  variables[0] = 0;
  variables[1] = n;
  variables[2] = 1;
  variables[3] = 0x1234567;
  assemble();
  execute();
  return variables[3] ^ variables[2];
}
