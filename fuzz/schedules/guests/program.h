// SPDX-License-Identifier: Apache-2.0
// What the programs of the schedule fuzzer are made of: threads, random numbers, checks, and a trace.
//
// Freestanding C over wasi-threads and the guests' headers. What a program has to say it says by its exit
// code, its output, and the engine's report of a deadlock, so that `heddle run` alone replays it.
#pragma once

#include <heddle/layout.h>
#include <heddle/word.h>

enum { kMostThreads = 24, kStackBytes = 8192 };

/// Lets others come between: a call of the host, behind which a deterministic run may switch.
void pause(void);

/// Ends the program with exit code 1 and a line that says what was seen and what should have been.
_Noreturn void fail(const char* what, uint64_t seen, uint64_t wanted);
static inline void check(const char* what, uint64_t seen, uint64_t wanted) {
  if (seen != wanted) fail(what, seen, wanted);
}

/// Prints the words, and behind each its number.
void print(const char* word, uint64_t number);
/// The same as print() of two words, in one write.
void print_two(const char* word, uint64_t number, const char* other_word, uint64_t other);

/// Notes an event: the trace that is printed at the end tells in which order they happened.
void trace(uint32_t event);

/// Starts a thread that runs `body(argument)`; what join() wants.
uint32_t start(void (*body)(uint32_t argument), uint32_t argument);
void join(uint32_t thread);
/// The line that join() sleeps on.
uint32_t line_of_join(uint32_t thread);

// Random numbers (splitmix64): a state per use, so that what one thread draws does not depend on others.

typedef struct random {
  uint64_t state;
} random;

static inline uint64_t draw(random* random) {
  uint64_t mixed = random->state += UINT64_C(0x9e3779b97f4a7c15);
  mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
  return mixed ^ mixed >> 31;
}
static inline uint32_t draw_below(random* random, uint32_t limit) {
  return (uint32_t)(draw(random) >> 32) % limit;
}
static inline uint32_t draw_between(random* random, uint32_t least, uint32_t most) {
  return least + draw_below(random, most - least + 1);
}
static inline random seeded(uint64_t seed, uint32_t use, uint32_t number) {
  random made = {seed * UINT64_C(0xd1342543de82ef95) + ((uint64_t)use << 32) + number};
  made.state = draw(&made);
  return made;
}

// The programs.

typedef struct program {
  const char* name;
  void (*run)(uint64_t seed);
} program;

/// By name, ended by one without; their seed is only for their random numbers.
extern const program kScenarios[];
void run_random_program(uint64_t seed);
/// Prints what the report must say, then all that is left waits for ever.
void run_deadlock(uint64_t seed);
