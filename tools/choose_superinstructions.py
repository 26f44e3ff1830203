#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Chooses the superinstructions from operation profiles and writes engine/interpreter/superinstructions.def.

Every program counts the same, however long it ran. The sequence that saves most for its size is taken, then the
next, until the budget is spent; what a sequence saves is counted as the translator will use it (Translator::
join_instructions): with those chosen before, and the least cost for each stretch of code. Groups of programs have
budgets of their own, so that programs with a few hot loops do not take everything from those whose time is spread.

  ./dev profile-ops              records the profiles below build/profiles, then runs this
  tools/choose_superinstructions.py --group 3000 build/profiles/real/*.txt --group 2000 build/profiles/bench/*.txt
                                 chooses again from the profiles there are
  tools/choose_superinstructions.py --keep --group 900 build/profiles/code/*.txt
                                 keeps the rows there are and adds some for another group
  tools/choose_superinstructions.py --held-out --group 3000 build/profiles/real/*.txt
                                 also says how each program fares with rows chosen without it
"""

import argparse
import collections
import heapq
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
//   bodies  as in bodies_*.h; Fed<Body, field, distance, ...> gets the operand in that field from the instruction
//           as many before

"""

# What stands behind these does not run next.
MAY_END_ONLY = ("Jump<", "ReturnOne<", "ReturnNothing", "BranchTable", "Call")


# What a superinstruction saves, as in join_instructions.cpp.
DISPATCH_COST = 2
FEED_GAIN = 1
MOST_DISTANCE = 15
NUMBERS = {}  # of sequences: what they are compared by
SEQUENCES = []
LEAST_SHARE = 2e-6  # of a program's instructions: what runs less is not looked at


class Operation:
    """One instruction of a profile: its body, how often it ran, and the slots it uses."""

    def __init__(self, line):
        self.address, count, from_above, fields, use, name = line.split(" ", 5)
        self.count, self.from_above = int(count), int(from_above)
        self.name = (name.replace("heddle::engine::", "").replace("unsigned int", "uint32_t")
                     .replace("unsigned long", "uint64_t"))
        slots = [int(fields, 16) >> 16 * index & 0xffff for index in range(4)]
        self.reads = [(index, slot, kind) for index, slot, kind in zip(range(4), slots, use) if kind != "-"]
        self.writes = (slots[0], use[4]) if use[4] != "-" else None

    def may_follow(self, run):
        """Always runs behind the run's last instruction, and only there?"""
        return self.count == self.from_above and not run[-1].name.startswith(MAY_END_ONLY)


def read_profile(path):
    """Runs of operations that are entered at their first one only; without those that hardly ever run."""
    lines = path.read_text().splitlines()
    least = sum(int(line.split(" ", 2)[1]) for line in lines) * LEAST_SHARE
    runs, follows = [], False
    for line in lines:
        if int(line.split(" ", 2)[1]) < least:
            follows = False
            continue
        operation = Operation(line)
        if follows and operation.may_follow(runs[-1]):
            runs[-1].append(operation)
        else:
            runs.append([operation])
        follows = True
    return runs


def number_of(sequence):
    """((name, feeds), ...) as a number."""
    number = NUMBERS.setdefault(sequence, len(SEQUENCES))
    if number == len(SEQUENCES):
        SEQUENCES.append(sequence)
    return number


def passes_on(written, read):
    return written == read or "c" in (written, read) and "f" not in (written, read)


def feeds_of(run, place):
    """((field, distance), ...): where in the run the operands of an instruction were written."""
    feeds = []
    for index, slot, kind in run[place].reads:
        for distance in range(1, min(MOST_DISTANCE, place) + 1):
            writes = run[place - distance].writes
            if writes and writes[0] == slot:
                feeds += [(index, distance)] if passes_on(writes[1], kind) else []
                break
    return tuple(feeds)


class Run:
    """Instructions that are entered at their first one only, as the translator sees them between labels."""

    def __init__(self, operations, weight):
        self.names = [operation.name for operation in operations]
        self.feeds = [feeds_of(operations, place) for place in range(len(operations))]
        self.shares = [operation.count * weight for operation in operations]
        self.spans = None

    def sequence(self, start, end):
        """((name, feeds), ...): what the instructions are as one superinstruction."""
        return tuple((self.names[place], tuple(feed for feed in self.feeds[place] if feed[1] <= place - start))
                     for place in range(start, end))

    def best(self, chosen, longest):
        """[(start, sequence's number or None)]: the cheapest way to run it."""
        count = len(self.names)
        if self.spans is None:
            self.spans = [self.spans_from(start, longest) for start in range(count)]
        cost, step = [0] * (count + 1), [(1, None)] * count
        for start in range(count - 1, -1, -1):
            cost[start] = DISPATCH_COST + cost[start + 1]
            for end, sequence, saved in self.spans[start]:
                if sequence in chosen and DISPATCH_COST + cost[end] - saved <= cost[start]:
                    cost[start], step[start] = DISPATCH_COST + cost[end] - saved, (end - start, sequence)
        place, steps = 0, []
        while place < count:
            steps.append((place, step[place][1]))
            place += step[place][0]
        return steps

    def spans_from(self, start, longest):
        """[(end, sequence's number, what its feeds save)]: all that may be chosen, with and without what they are fed."""
        spans = []
        for end in range(start + 2, min(start + longest, len(self.names)) + 1):
            fed = self.sequence(start, end)
            for sequence in dict.fromkeys((fed, unfed(fed))):
                spans.append((end, number_of(sequence), FEED_GAIN * feeds_in(sequence)))
        return spans

    def cost_with(self, chosen, longest):
        """Its share of all costs when the translator may use the chosen sequences."""
        total = 0.0
        for start, sequence in self.best(chosen, longest):
            total += DISPATCH_COST * self.shares[start]
            for place, (_, feeds) in enumerate(() if sequence is None else SEQUENCES[sequence]):
                total -= FEED_GAIN * len(feeds) * self.shares[start + place]
        return total

    def dispatches_with(self, chosen, longest):
        return sum(self.shares[start] for start, _ in self.best(chosen, longest))


def unfed(sequence):
    return tuple((name, ()) for name, _ in sequence)


def feeds_in(sequence):
    return sum(len(feeds) for _, feeds in sequence)


def all_runs(programs):
    totals = [sum(operation.count for run in program for operation in run) for program in programs]
    runs = [Run(run, 1 / len(programs) / total) for program, total in zip(programs, totals) for run in program]
    merged = {}
    for run in runs:  # those that are alike are joined alike
        known = merged.setdefault((tuple(run.names), tuple(run.feeds)), run)
        if known is not run:
            known.shares = [one + other for one, other in zip(known.shares, run.shares)]
    return list(merged.values())


def candidates(runs, longest, least):
    """{sequence's number: (the most it can save, the runs it occurs in)}."""
    savings, places = collections.Counter(), collections.defaultdict(list)
    for run in runs:
        for start in range(len(run.names)):
            saved = 0.0
            for end in range(start + 2, min(start + longest, len(run.names)) + 1):
                sequence = number_of(run.sequence(start, end))
                saved += (DISPATCH_COST + FEED_GAIN * len(SEQUENCES[sequence][-1][1])) * run.shares[end - 1]
                savings[sequence] += saved
                if not places[sequence] or places[sequence][-1] is not run:
                    places[sequence].append(run)
    return {sequence: (saved, places[sequence]) for sequence, saved in savings.items() if saved >= least}


def choose(groups, longest, least, kept=()):
    """The sequences worth most for their size, in order of choice, for [(budget, programs)]; behind those kept."""
    chosen = dict.fromkeys(kept)
    for budget, programs in groups:
        add_choices(chosen, programs, budget, longest, least)
    return chosen


def add_choices(chosen, programs, budget, longest, least):
    runs = all_runs(programs)
    for run in runs:
        run.cost = run.cost_with(chosen, longest)
    found = candidates(runs, longest, least)
    queue = [(-saved / size_of(sequence), sequence) for sequence, (saved, _) in found.items() if sequence not in chosen]
    heapq.heapify(queue)
    spent = 0.0
    while queue and spent < budget:
        _, sequence = heapq.heappop(queue)
        places = found[sequence][1]
        chosen[sequence] = None
        now = [run.cost_with(chosen, longest) for run in places]
        saved = sum(run.cost for run in places) - sum(now)
        worth = saved / size_of(sequence)
        if saved >= least and (not queue or worth >= -queue[0][0]):
            spent += size_of(sequence)
            for run, cost in zip(places, now):
                run.cost = cost
            continue
        del chosen[sequence]  # others took its place; perhaps its turn comes later
        if saved >= least:
            heapq.heappush(queue, (-worth, sequence))


def size_of(sequence):
    """Of its handler, in instructions: its own and a dispatch."""
    return len(SEQUENCES[sequence]) + 0.6


def read_rows(path):
    """The sequences of a superinstructions.def."""
    rows = re.findall(r"^HEDDLE_SUPERINSTRUCTION\(\d+, (.*)\)$", path.read_text(), re.MULTILINE)
    return [tuple(read_part(part) for part in split_arguments(row)) for row in rows]


def read_part(part):
    """(name, feeds) of what spelled() wrote."""
    if not part.startswith("Fed<"):
        return part, ()
    name, *numbers = split_arguments(part[len("Fed<"):-1])
    numbers = [int(number) for number in numbers]
    return name, tuple(zip(numbers[::2], numbers[1::2]))


def split_arguments(text):
    """At the commas that stand in no angle brackets."""
    arguments, depth = [""], 0
    for character in text:
        depth += (character == "<") - (character == ">")
        if character == "," and depth == 0:
            arguments.append("")
        else:
            arguments[-1] += character
    return [argument.strip() for argument in arguments]


def spelled(name, feeds):
    return f"Fed<{name}, {', '.join(f'{index}, {distance}' for index, distance in feeds)}>" if feeds else name


def remaining(program, chosen, longest):
    return sum(run.dispatches_with(chosen, longest) for run in all_runs([program]))


def read_groups(groups):
    """[(budget, {name: runs})] of the command line's [[budget, path, ...]]."""
    read = []
    for budget, *paths in groups:
        profiles = {path.stem: runs for path in map(pathlib.Path, paths) if (runs := read_profile(path))}
        if not profiles:
            sys.exit(f"choose_superinstructions: the profiles of the group {budget} are empty")
        read.append((int(budget), profiles))
    return read


def without(groups, left_out):
    """The groups as choose() takes them, without one program."""
    return [(budget, [runs for name, runs in profiles.items() if name != left_out]) for budget, profiles in groups]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--group", nargs="+", action="append", required=True, metavar="BUDGET PROFILE...",
                        help="programs, and the size of all handlers chosen for them, in instructions")
    parser.add_argument("--longest", type=int, default=8, help="most instructions in one (%(default)s)")
    parser.add_argument("--least", type=float, default=0.00002, help="least share of the costs saved (%(default)s)")
    parser.add_argument("--keep", action="store_true", help="keep the rows there are, and add those chosen")
    parser.add_argument("--held-out", action="store_true", help="choose once more for each program, without it")
    parser.add_argument("--output", type=pathlib.Path, default=TARGET)
    options = parser.parse_args()
    groups = read_groups(options.group)
    kept = [number_of(sequence) for sequence in read_rows(TARGET)] if options.keep else []
    chosen = choose(without(groups, None), options.longest, options.least, kept)
    rows = [f"HEDDLE_SUPERINSTRUCTION({index}, {', '.join(spelled(*part) for part in SEQUENCES[sequence])})\n"
            for index, sequence in enumerate(chosen)]
    options.output.write_text(HEADER + "".join(rows) + "\n#undef HEDDLE_SUPERINSTRUCTION\n")
    shares = collections.defaultdict(list)
    for name, runs in (item for _, profiles in groups for item in profiles.items()):
        columns = [chosen]
        if options.held_out:
            columns.append(choose(without(groups, name), options.longest, options.least, kept))
        for index, column in enumerate(columns):
            shares[index].append(remaining(runs, column, options.longest))
        print(f"{name:24}", *(f"{share[-1]:6.1%}" for share in shares.values()), "of the dispatches remain", flush=True)
    print(f"{'mean':24}", *(f"{sum(share) / len(share):6.1%}" for share in shares.values()))
    print(f"{len(chosen)} superinstructions in {options.output.name}")


if __name__ == "__main__":
    main()
