#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records which instructions programs run, or consist of: one operation profile for each, below build/profiles.

Two groups: the programs of bench/programs, and the real ones that a list names, one a line: a name, a colon and what
stands behind `heddle run`. The profiles of real programs stay until a list is given again. `./dev profile-ops` builds
the heddle that records, runs this, and then tools/choose_superinstructions.py.

  ./dev profile-ops
  ./dev profile-ops --real programs.txt      with lines such as
                                               zstd: --dir . zstd.wasm -19 corpus.tar
                                               parse: --invoke parse parser.wasm 1000

Of modules whose code is to be small and that nothing here can run, the code itself can be the profile: each instruction
of every 100th function counts as if it had run once.

  tools/profile_operations.py --code app.wasm    leaves build/profiles/code/app.txt and does nothing else
"""

import argparse
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench" / "compare"))
import programs as bench  # noqa: E402

HEDDLE = ROOT / "build" / "profile" / "bin" / "heddle"
PROFILES = ROOT / "build" / "profiles"
EVERY = 100  # of a module's functions, one in so many is looked at
RECORDING_SLOWDOWN = 4  # the quick amounts of work are for engines that do not record


def bench_runs():
    """(name, arguments of heddle run) of the programs of bench/programs."""
    found = bench.all_programs()
    bench.build(found, bench.find_clang(None), ROOT / "build" / "bench" / "programs", with_native=False)
    return [(program.name, ["--invoke", "run", str(program.wasm), str(program.quick // RECORDING_SLOWDOWN + 1)])
            for program in found]


def real_runs(path):
    """(name, arguments of heddle run) of a list's lines."""
    runs = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        name, colon, arguments = line.partition(":")
        if not line.strip():
            continue
        if not colon or not name.strip().isidentifier():
            sys.exit(f"profile_operations: {path}:{number}: write NAME: ARGUMENTS, as in zstd: --dir . zstd.wasm -19 x")
        runs.append((name.strip(), shlex.split(arguments)))
    return runs


def record(group, runs, folder):
    """Runs everything from `folder` and leaves the profiles below build/profiles/GROUP."""
    profiles = PROFILES / group
    profiles.mkdir(parents=True, exist_ok=True)
    for old in profiles.glob("*.txt"):
        old.unlink()
    for index, (name, arguments) in enumerate(runs, 1):
        print(f"\r{group} [{index}/{len(runs)}] {name:24}", end="", file=sys.stderr, flush=True)
        record_one(profiles / f"{name}.txt", ["run", "--tier", "interp", *arguments], folder)
    print(file=sys.stderr)


def record_code(module):
    """Leaves the profile of what a module consists of in build/profiles/code."""
    profiles = PROFILES / "code"
    profiles.mkdir(parents=True, exist_ok=True)
    record_one(profiles / f"{module.stem}.txt", ["validate", "--translate", str(module.resolve())], ROOT,
               HEDDLE_PROFILE_TRANSLATED=str(EVERY))


def record_one(profile, arguments, folder, **settings):
    environment = dict(os.environ, HEDDLE_OPERATION_PROFILE=str(profile), **settings)
    made = subprocess.run([HEDDLE, *arguments], env=environment, cwd=folder, capture_output=True, text=True,
                          errors="replace", check=False)
    if made.returncode != 0:
        sys.exit(f"\nprofile_operations: {profile.stem} ended with {made.returncode}: {made.stderr.strip()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=pathlib.Path, metavar="FILE", help="list of real programs, run in its folder")
    parser.add_argument("--code", type=pathlib.Path, nargs="+", metavar="MODULE", help="only profiles of code")
    options = parser.parse_args()
    if options.code:
        for module in options.code:
            record_code(module)
        return
    record("bench", bench_runs(), ROOT)
    if options.real:
        record("real", real_runs(options.real), options.real.resolve().parent)


if __name__ == "__main__":
    main()
