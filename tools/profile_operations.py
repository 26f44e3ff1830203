#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records which instructions programs run: one operation profile for each, below build/profiles.

The programs are those of bench/programs, and any FILE:EXPORT[:ARGUMENT...] named. `./dev profile-ops` builds the
heddle that records, runs this, and then tools/choose_superinstructions.py.

  ./dev profile-ops
  ./dev profile-ops mandelbrot.wasm:render:400 parser.wasm:parse
"""

import argparse
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench" / "compare"))
import programs as bench  # noqa: E402

HEDDLE = ROOT / "build" / "profile" / "bin" / "heddle"
PROFILES = ROOT / "build" / "profiles"
RECORDING_SLOWDOWN = 4  # the quick amounts of work are for engines that do not record


def all_runs(named):
    """(name, file, export, arguments) of everything to run."""
    found = bench.all_programs()
    bench.build(found, bench.find_clang(None), ROOT / "build" / "bench" / "programs", with_native=False)
    for program in found:
        yield program.name, program.wasm, "run", [str(program.quick // RECORDING_SLOWDOWN + 1)]
    for text in named:
        file, _, rest = text.partition(":")
        export, *arguments = rest.split(":")
        if not export:
            sys.exit(f"profile_operations: {text}: write FILE:EXPORT[:ARGUMENT...]")
        yield pathlib.Path(file).stem, pathlib.Path(file), export, arguments


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", metavar="FILE:EXPORT[:ARGUMENT...]")
    options = parser.parse_args()
    PROFILES.mkdir(parents=True, exist_ok=True)
    for old in PROFILES.glob("*.txt"):
        old.unlink()
    runs = list(all_runs(options.modules))
    for index, (name, file, export, arguments) in enumerate(runs, 1):
        print(f"\r[{index}/{len(runs)}] {name:24}", end="", file=sys.stderr, flush=True)
        command = [HEDDLE, "run", "--tier", "interp", "--invoke", export, file, *arguments]
        environment = dict(os.environ, HEDDLE_OPERATION_PROFILE=str(PROFILES / f"{name}.txt"))
        made = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            sys.exit(f"\nprofile_operations: {name} ended with {made.returncode}: {made.stderr.strip()}")
    print(file=sys.stderr)


if __name__ == "__main__":
    main()
