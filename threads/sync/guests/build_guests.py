#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds a guest of the synchronization tests: as it is, and once for each bug that is planted in the headers."""

import argparse
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
HEADERS = ROOT / "threads/guest"
FLAGS = ["--target=wasm32", "-std=c11", "-ffreestanding", "-nostdlib", "-O2", "-Wall", "-Wextra", "-Werror",
         "-matomics", "-mbulk-memory", "-Wl,--no-entry", "-Wl,--shared-memory", "-Wl,--import-memory", "-Wl,--export-memory=memory",
         "-Wl,--max-memory=16777216", "-Wl,--export=__stack_pointer", "-Wl,--export=__wasm_init_tls"]
PAUSE = "void pause(void);"  # each guest has one that lets other threads come between

# Name of the bug, header, then pairs: what stands there once (however it is wrapped), and what shall.
BUGS = [
    ("mutex_not_atomic", "mutex.h",
     "return heddle_compare_exchange(&mutex->state, heddle_mutex_free, heddle_mutex_held);",
     "if (heddle_load(&mutex->state) != heddle_mutex_free) return false;"
     "pause(); heddle_store(&mutex->state, heddle_mutex_held); return true;"),
    ("mutex_wakes_nobody", "mutex.h",
     "== heddle_mutex_contended) heddle_notify(&mutex->state, 1);",
     "== heddle_mutex_contended) {}"),
    ("mutex_forgets_the_second_sleeper", "mutex.h",
     "while (heddle_exchange(&mutex->state, heddle_mutex_contended) != heddle_mutex_free) {"
     " heddle_wait(&mutex->state, heddle_mutex_contended, HEDDLE_FOREVER);",
     "while (!heddle_mutex_try_lock(mutex)) {"
     " heddle_compare_exchange(&mutex->state, heddle_mutex_held, heddle_mutex_contended);"
     " heddle_wait(&mutex->state, heddle_mutex_contended, HEDDLE_FOREVER);"),
    ("condition_looks_after_unlocking", "condition.h",
     "const uint32_t seen = heddle_load(&condition->sequence); heddle_mutex_unlock(mutex);"
     " heddle_wait(&condition->sequence, seen, HEDDLE_FOREVER);",
     "heddle_mutex_unlock(mutex); pause(); const uint32_t seen = heddle_load(&condition->sequence);"
     " heddle_wait(&condition->sequence, seen, HEDDLE_FOREVER);"),
    ("condition_wakes_one_of_all", "condition.h",
     "heddle_condition_wake(condition, HEDDLE_EVERYBODY);",
     "heddle_condition_wake(condition, 1);"),
    ("barrier_opens_early", "barrier.h",
     "if (arrived + 1 == barrier->parties) return true;",
     "if (arrived + 2 >= barrier->parties) return true;"),
    ("barrier_forgets_the_round", "barrier.h",
     "((state >> 32) + 1) << 32", "(state >> 32) << 32"),
    ("barrier_has_many_leaders", "barrier.h",
     "if (!heddle_barrier_enter(barrier)) return false;",
     "if (!heddle_barrier_enter(barrier)) return true;"),
    ("rwlock_ignores_readers", "rwlock.h",
     "heddle_rwlock_await(lock, &lock->write, ticket);",
     "heddle_rwlock_await(lock, &lock->read, ticket);"),
    ("rwlock_lets_readers_overtake", "rwlock.h",
     "static inline void heddle_rwlock_read_lock(heddle_rwlock* lock) {",
     "static inline void heddle_rwlock_read_lock(heddle_rwlock* lock) {"
     " if (heddle_load(&lock->read) != heddle_load(&lock->write)) {"  # join those who read already
     "   heddle_subtract(&lock->write, 1); return; }"),
    ("rwlock_loses_calls", "rwlock.h",
     "if (heddle_load(turn) == ticket) break;",
     "if (heddle_load(turn) == ticket) break; pause();",
     "heddle_add(slot, 1);", ""),
    ("once_runs_twice", "once.h",
     "if (heddle_compare_exchange(&once->state, heddle_once_new, heddle_once_running)) return true;",
     "pause(); heddle_store(&once->state, heddle_once_running); return true;"),
    ("once_does_not_wait", "once.h",
     "if (state == heddle_once_done) return false;",
     "if (state != heddle_once_new) return false;"),
    ("semaphore_not_atomic", "semaphore.h",
     "if (heddle_compare_exchange(&semaphore->count, count, count - 1)) return true;",
     "pause(); heddle_store(&semaphore->count, count - 1); return true;"),
    ("semaphore_wakes_only_from_zero", "semaphore.h",
     "if (heddle_load(&semaphore->waiters) != 0) heddle_notify",
     "if (count == 0 && heddle_load(&semaphore->waiters) != 0) heddle_notify"),
    ("atomics_not_atomic", "atomics.h",
     "static inline uint64_t heddle_atomic_add64(uint64_t* cell, uint64_t value) {",
     "static inline uint64_t heddle_atomic_add64(uint64_t* cell, uint64_t value) {"
     " const uint64_t seen = heddle_load64(cell); pause();"
     " if (seen != UINT64_MAX) { heddle_store64(cell, seen + value); return seen; }"),
    ("allocator_not_atomic", "allocator.h",
     "if (heddle_compare_exchange64(used, &seen, seen | UINT64_C(1) << block)) {",
     "pause(); heddle_store64(used, seen | UINT64_C(1) << block); {"),
    ("allocator_counts_one_block_too_many", "allocator.h",
     "= {58, 32, 21, 16,", "= {58, 32, 22, 16,"),
    ("allocator_frees_twice", "allocator.h",
     "!= tag || (seen & bit) == 0) return false;", "!= tag) return false;"),
    ("slots_keep_old_values", "slots.h",
     "if (mine == NULL || mine->slots[key % HEDDLE_SLOTS].key != key || key == HEDDLE_NO_KEY) return NULL;",
     "if (mine == NULL || key == HEDDLE_NO_KEY) return NULL;"),
]


def planted(bug):
    """The header's text with the bug in it; every text to replace must be there exactly once."""
    name, header, *texts = bug
    text = (HEADERS / "heddle" / header).read_text(encoding="utf-8")
    for right, wrong in zip(texts[::2], texts[1::2]):
        pattern = re.compile(r"\s+".join(re.escape(word) for word in right.split()))
        text, count = pattern.subn(lambda _: wrong, text)
        if count != 1:
            sys.exit(f"build_guests.py: {name}: this stands {count} times in {header}, not once:\n  {right}")
    return text.replace("#pragma once", "#pragma once\n" + PAUSE, 1)


def compile_guest(clang, includes, sources, output):
    command = [clang, *FLAGS, *(f"-I{folder}" for folder in [*includes, ROOT]), *map(str, sources), "-o", str(output)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        sys.exit(f"build_guests.py: cannot build {output.name}:\n{' '.join(command)}\n{made.stderr}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clang", default="clang-19")
    parser.add_argument("output", type=pathlib.Path, help="the folder that gets the guest and BUG.wasm for each bug")
    parser.add_argument("name", help="the guest's name, without .wasm")
    parser.add_argument("sources", type=pathlib.Path, nargs="+", help="its .c files")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    compile_guest(options.clang, [HEADERS], options.sources, options.output / f"{options.name}.wasm")
    for bug in BUGS:
        folder = options.output / "planted" / bug[0]
        (folder / "heddle").mkdir(parents=True, exist_ok=True)
        (folder / "heddle" / bug[1]).write_text(planted(bug), encoding="utf-8")
        compile_guest(options.clang, [folder, HEADERS], options.sources, options.output / f"{bug[0]}.wasm")


if __name__ == "__main__":
    main()
