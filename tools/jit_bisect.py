#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Finds a function that is compiled wrongly: runs a program in the interpreter and with fewer and fewer functions compiled."""

import argparse
import re
import subprocess
import sys


def run(command, seconds):
    """What a run shows: exit code and output. None: it did not end in time."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return None
    return done.returncode, done.stdout


def count_functions(heddle, file):
    listed = subprocess.run([heddle, "dump", file], stdout=subprocess.PIPE, text=True, check=True).stdout
    return len(re.findall(r"^function\[", listed, re.MULTILINE))


def bisect(is_wrong, first, end):
    """A smallest range that is wrong; several functions if each half alone is right."""
    while end - first > 1:
        middle = (first + end) // 2
        if is_wrong(first, middle):
            end = middle
        elif is_wrong(middle, end):
            first = middle
        else:
            break
    return first, end


def main():
    parser = argparse.ArgumentParser(description=__doc__, epilog="example: tools/jit_bisect.py build/release/bin/heddle "
                                     "program.wasm -- --dir . program.wasm argument")
    parser.add_argument("heddle")
    parser.add_argument("file", help="the module")
    parser.add_argument("--timeout", type=float, default=60, help="seconds for a run; longer is wrong (default: 60)")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="those of `heddle run`, after --")
    options = parser.parse_args()
    arguments = [each for each in options.arguments if each != "--"] or [options.file]

    expected = run([options.heddle, "run", "--tier", "interp", *arguments], options.timeout)
    if expected is None:
        sys.exit("the interpreter did not end in time: give a longer --timeout")

    def is_wrong(first, end):
        wrong = run([options.heddle, "run", "--tier", "jit", "--compile-only", f"{first}:{end}", *arguments],
                    options.timeout) != expected
        print(f"functions {first}:{end} {'differ' if wrong else 'are fine'}", flush=True)
        return wrong

    count = count_functions(options.heddle, options.file)
    if not is_wrong(0, count):
        print("compiled code does what the interpreter does")
        return 0
    first, end = bisect(is_wrong, 0, count)
    print(f"heddle dump --stage asm --func {first} {options.file}" if end - first == 1
          else f"it takes several of the functions {first}:{end}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
