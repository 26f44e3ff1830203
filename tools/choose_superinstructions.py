#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Chooses the superinstructions from operation profiles and writes engine/interpreter/superinstructions.def.

Every program counts the same, however long it ran. A superinstruction is extended one instruction at a time, the one
that saves most dispatches first, exactly as the translator will join them: from the left, the longest there is.

  ./dev profile-ops                                       records the profiles below build/profiles, then runs this
  tools/choose_superinstructions.py build/profiles/*.txt  chooses again from the profiles there are
"""

import argparse
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = ROOT / "engine" / "interpreter" / "superinstructions.def"
HEADER = """\
// SPDX-License-Identifier: Apache-2.0
// The superinstructions, most useful first; written by tools/choose_superinstructions.py.
//
// HEDDLE_SUPERINSTRUCTION(index, bodies...)
//   bodies  as in bodies_*.h; every prefix of two or more is a row of its own

"""

# What stands behind these does not run next.
MAY_END_ONLY = ("Jump<", "ReturnOne<", "ReturnNothing", "BranchTable", "Call")


def read_profile(path):
    """[[(name, count), ...]]: runs of instructions that are entered at their first one only."""
    runs = []
    for line in path.read_text().splitlines():
        address, count, from_above, name = line.split(" ", 3)
        item = (name.replace("heddle::engine::", "").replace("unsigned int", "uint32_t")
                .replace("unsigned long", "uint64_t"), int(count))
        if runs and int(from_above) == int(count) and not runs[-1][-1][0].startswith(MAY_END_ONLY):
            runs[-1].append(item)
        else:
            runs.append([item])
    total = sum(count for run in runs for _, count in run)
    return [[(name, count / total) for name, count in run] for run in runs] if total else []


def join(run, chosen):
    """The run as the translator will leave it: [(names, share of dispatches)]."""
    units = []
    names, share = (), 0.0
    for name, count in run:
        if names and names + (name,) in chosen:
            names += (name,)
        else:
            if names:
                units.append((names, share))
            names, share = (name,), count
    units.append((names, share))
    return units


def choose(programs, limit, longest, least):
    """The sequences worth most, in order of choice, with what each saves on average."""
    chosen = {}
    while len(chosen) < limit:
        gains = collections.Counter()
        for runs in programs:
            for run in runs:
                units = join(run, chosen)
                position = 0
                for names, share in units:
                    position += len(names)
                    if position < len(run) and len(names) < longest:
                        name, count = run[position]
                        gains[names + (name,)] += count
        gains = [(gain / len(programs), names) for names, gain in gains.items() if names not in chosen]
        if not gains:
            break
        gains.sort(key=lambda item: (-item[0], item[1]))
        if gains[0][0] < least:
            break
        # Many at a time, but none that shares an instruction with another choice of this round: its gain may be gone.
        touched = set()
        for gain, names in gains[:40]:
            if gain < max(least, gains[0][0] / 2) or len(chosen) >= limit:
                break
            if touched & set(names):
                continue
            touched.update(names)
            chosen[names] = gain
    return chosen


def dispatches(programs, chosen):
    """Share of dispatches that remain, for each program."""
    return [sum(share for run in runs for _, share in join(run, chosen)) for runs in programs]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("profiles", nargs="+", type=pathlib.Path)
    parser.add_argument("--limit", type=int, default=640, help="most superinstructions (%(default)s)")
    parser.add_argument("--longest", type=int, default=6, help="most instructions in one (%(default)s)")
    parser.add_argument("--least", type=float, default=0.0003, help="least share of dispatches saved (%(default)s)")
    parser.add_argument("--output", type=pathlib.Path, default=TARGET)
    options = parser.parse_args()
    programs = [runs for runs in map(read_profile, options.profiles) if runs]
    if not programs:
        sys.exit("choose_superinstructions: the profiles are empty")
    chosen = choose(programs, options.limit, options.longest, options.least)
    rows = [f"HEDDLE_SUPERINSTRUCTION({index}, {', '.join(names)})\n" for index, names in enumerate(chosen)]
    options.output.write_text(HEADER + "".join(rows) + "\n#undef HEDDLE_SUPERINSTRUCTION\n")
    for path, left in zip(options.profiles, dispatches(programs, chosen)):
        print(f"{path.stem:24} {left:6.1%} of the dispatches remain")
    print(f"{len(chosen)} superinstructions in {options.output.name}")


if __name__ == "__main__":
    main()
