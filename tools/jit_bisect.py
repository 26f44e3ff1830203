#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Finds a function that is compiled wrongly: runs a program in the interpreter and with fewer and fewer functions compiled."""

import argparse
import re
import shlex
import stat
import subprocess
import sys
import tempfile
from pathlib import Path


def run(command, seconds):
    """What a run shows: exit code, output, and errors, which have a trap's frames. None: it did not end in time."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return None
    return done.returncode, done.stdout, done.stderr


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
            return trim(is_wrong, first, end)
    return first, end


def trim(is_wrong, first, end):
    """The smallest range within one that is wrong although each of its halves is right."""
    low, high = first + 1, end
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if is_wrong(first, middle) else (middle + 1, high)
    end = low
    low, high = first, end - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if is_wrong(middle, end) else (low, middle - 1)
    return low, end


def search(options):
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
    if end - first == 1:
        print(f"it is function {first}; look at it with: heddle dump --stage ir --func {first} {shlex.quote(options.file)}")
    else:
        print(f"it takes several of the functions {first}:{end} together")
    return 1


# Stands for heddle: a module of 100 functions that goes wrong if all of WRONG are compiled.
FAKE = """#!/usr/bin/env python3
import sys
if sys.argv[1] == "dump":
    print("".join(f"function[{i}] f{i} () -> ()\\n" for i in range(100)), end="")
elif "--compile-only" in sys.argv:
    first, end = sys.argv[sys.argv.index("--compile-only") + 1].split(":")
    print("wrong" if all(int(first) <= each < int(end) for each in WRONG) else "right")
else:
    print("right")
"""


def self_test():
    for wrong, expected in [([], "compiled code does what"), ([0], "it is function 0;"), ([37], "it is function 37;"),
                            ([99], "it is function 99;"), ([30, 70], "functions 30:71 together")]:
        with tempfile.TemporaryDirectory() as folder:
            fake = Path(folder) / "heddle"
            fake.write_text(FAKE.replace("WRONG", str(wrong)) if wrong else FAKE.replace("WRONG", "[100]"))
            fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
            done = subprocess.run([sys.executable, __file__, str(fake), "module.wasm"], stdout=subprocess.PIPE, text=True,
                                  check=False)
            if expected not in done.stdout or done.returncode != bool(wrong):
                sys.exit(f"with {wrong} compiled wrongly it says:\n{done.stdout}")
    print("jit_bisect: the self-test passed")


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return 0
    parser = argparse.ArgumentParser(description=__doc__, epilog="example: tools/jit_bisect.py build/release/bin/heddle "
                                     "program.wasm -- --dir . program.wasm argument")
    parser.add_argument("heddle")
    parser.add_argument("file", help="the module")
    parser.add_argument("--timeout", type=float, default=60, help="seconds for a run; longer is wrong (default: 60)")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="those of `heddle run`, after --")
    return search(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
