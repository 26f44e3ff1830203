# SPDX-License-Identifier: Apache-2.0
"""Compares Heddle with other engines on the C programs of bench/programs."""

from __future__ import annotations

import argparse
import json
import pathlib
import sys

import engines
import instructions
import measure
import programs
import report

ROOT = programs.ROOT

EXAMPLES = """examples:
  python3 bench/compare --install-peers            install wasm3, wasmi and wasmtime under build/peers, once
  python3 bench/compare                            heddle, wasm3, wasmi and native, 5 rounds
  python3 bench/compare --quick                    one short round: does everything work?
  python3 bench/compare --engines heddle,wasm3 --programs fib,sieve --rounds 15
  python3 bench/compare --tiers interp,jit --engines heddle,wasmtime,node,native --baseline native
  python3 bench/compare --long --tiers jit,auto --engines heddle,wasmtime,node,native --baseline wasmtime --update-docs
  python3 bench/compare --heddle old=/tmp/old/heddle --heddle new=build/release/bin/heddle --programs vm
  python3 bench/compare --callgrind --quick --programs fib --engines heddle
  python3 bench/compare --update-docs --at-most 0.6
"""


def names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def parse_arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python3 bench/compare", description=__doc__, epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--engines", type=names, default=engines.DEFAULT, metavar="A,B",
        help=f"of {', '.join(engines.FINDERS)} (default: {','.join(engines.DEFAULT)})")
    add("--programs", type=names, default=[], metavar="A,B", help="only these programs (default: all)")
    add("--rounds", type=int, metavar="R", help="interleaved rounds (default: 5, with --quick 1)")
    add("--quick", dest="amount", action="store_const", const="quick", default="full",
        help="small amounts of work, one round; not for quoting")
    add("--long", dest="amount", action="store_const", const="long",
        help="ten times the work, for compilers: interpreters would need seconds for each run")
    add("--baseline", default="wasm3", metavar="E", help="engine that the ratios divide by (default: wasm3)")
    add("--clock", choices=["wall", "cpu"], default="wall",
        help="wall time, or processor time, which other busy processes disturb less (default: wall)")
    add("--heddle", action="append", metavar="[LABEL=]PATH",
        help="the heddle binary; repeat it with labels for an A/B comparison (default: build/release/bin/heddle)")
    add("--tiers", type=names, default=["interp"], metavar="A,B", help="heddle's tiers (default: interp)")
    add("--peers", type=pathlib.Path, default=ROOT / "build/peers", metavar="DIR",
        help="where other engines are installed (default: build/peers)")
    add("--install-peers", action="store_true", help="install wasm3, wasmtime and wasmi there, then stop")
    add("--output", type=pathlib.Path, default=ROOT / "build/bench", metavar="DIR",
        help="where programs, results.json and results.md go (default: build/bench)")
    add("--clang", metavar="PATH", help="the compiler (default: clang-19)")
    add("--timeout", type=float, default=60, metavar="S", help="longest time for one run (default: 60 s)")
    add("--seed", type=int, default=1, help="seed of the engines' order (default: 1)")
    add("--at-most", type=float, metavar="X",
        help="exit with 1 unless heddle's geometric mean of 'call' is at most X times the baseline")
    add("--update-docs", action="store_true", help="write the tables into docs/BENCHMARKS.md")
    add("--callgrind", action="store_true", help="count instructions with valgrind instead of taking times")
    add("--perf", action="store_true", help="count instructions with perf stat instead of taking times")
    add("--bless", action="store_true", help="pin the native builds' results as checksums, then stop")
    add("--list", action="store_true", help="list the programs and what they stress, then stop")
    arguments = parser.parse_args(argv)
    unknown = [name for name in arguments.engines if name not in engines.FINDERS]
    if unknown:
        parser.error(f"no engine named {', '.join(unknown)}; there are: {', '.join(engines.FINDERS)}")
    if arguments.rounds is not None and arguments.rounds < 1:
        parser.error("--rounds must be at least 1")
    if arguments.amount == "quick" and (arguments.update_docs or arguments.at_most is not None):
        parser.error("quick amounts are too short to quote or to judge; leave --quick out")
    if arguments.update_docs and arguments.programs:
        parser.error("--update-docs wants all programs; leave --programs out")
    return arguments


def bless(selected: list[programs.Program]) -> None:
    """Pins run(n) of the native builds for all amounts and none."""
    pinned = json.loads(programs.CHECKSUMS.read_text(encoding="utf-8")) if programs.CHECKSUMS.exists() else {}
    for program in selected:
        pinned[program.name] = {}
        for amount in sorted({0, *program.amounts.values()}):
            native = engines.Engine("native", "", [], timed_inside=False, is_native=True)
            run = measure.run_once(native, native.command(program, amount), timeout=60)
            pinned[program.name][str(amount)] = run.result
    programs.CHECKSUMS.write_text(json.dumps(pinned, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"pinned {len(selected)} programs in {programs.CHECKSUMS.name}")


def count_instructions(arguments: argparse.Namespace, selected: list[programs.Program],
                       present: list[engines.Engine]) -> int:
    counter = "callgrind" if arguments.callgrind else "perf"
    if not instructions.available(counter):
        print(f"{counter} does not work here; {instructions.REMEDIES[counter]}", file=sys.stderr)
        return 2
    print(instructions.report(counter, selected, present, arguments.amount, arguments.output / "profiles"))
    return 0


def choose_baseline(wanted: str, present: list[engines.Engine]) -> str:
    if any(engine.name == wanted for engine in present):
        return wanted
    instead = present[-1].name
    print(f"the baseline {wanted} is absent; ratios are to {instead}", file=sys.stderr)
    return instead


def write_outputs(made: report.Report, directory: pathlib.Path, update_docs: bool) -> None:
    (directory / "results.json").write_text(report.json_text(made), encoding="utf-8")
    (directory / "results.md").write_text(report.markdown(made), encoding="utf-8")
    print(f"written: {programs.shown(directory / 'results.json')} and results.md beside it")
    needed = {"heddle", "wasmtime" if made.plan.amount == "long" else "wasm3"} - {engine.name.split(":")[0].split("-")[0] for engine in made.plan.present}
    if update_docs and needed:
        print(f"docs/BENCHMARKS.md is left as it was: {', '.join(sorted(needed))} is absent", file=sys.stderr)
    elif update_docs:
        page = ROOT / "docs/BENCHMARKS.md"
        text = report.replace_between_marks(page.read_text(encoding="utf-8"), report.markdown(made),
                                            *report.MARKS[made.plan.amount])
        page.write_text(text, encoding="utf-8")
        print("updated: docs/BENCHMARKS.md")


def verdict(made: report.Report, at_most: float | None, wanted_baseline: str) -> int:
    """1 when Heddle failed a program or missed the bar; other engines' failures are only reported. A bar is met only
    by figures of every program that the baseline can run."""
    mine = [engine.name for engine in made.plan.present if engine.name.startswith("heddle")]
    status = 0
    if any(row[name].error for row in made.results.values() for name in mine):
        print("heddle failed a program, see ERRORS", file=sys.stderr)
        status = 1
    if at_most is None:
        return status
    if not mine or made.baseline != wanted_baseline:
        print(f"the bar is {at_most} x {wanted_baseline}: not judged, an engine is absent", file=sys.stderr)
        return 1
    for name in mine:
        values = measure.ratios(made.results, name, made.baseline, "call", made.clock)
        mean = measure.geometric_mean(list(values.values()))
        wanted = sum(not row[made.baseline].skipped for row in made.results.values())
        complete = len(values) == wanted
        good = complete and mean is not None and mean <= at_most
        told = f"takes {mean:.3f} x {made.baseline}" if mean is not None else "was not measured"
        counted = "" if complete else f" on {len(values)} of {wanted} programs"
        print(f"{name} {told}{counted}; the bar is {at_most}: {'met' if good else 'MISSED'}")
        status = status if good else 1
    return status


def compare(arguments: argparse.Namespace) -> int:
    selected = programs.select(arguments.programs)
    if arguments.list:
        print("\n".join(f"{program.name:12} {program.stresses}" for program in selected))
        return 0
    clang = programs.find_clang(arguments.clang)
    if arguments.install_peers:
        return 0 if engines.install_peers(arguments.peers, clang) else 1
    with_native = arguments.bless or "native" in arguments.engines
    programs.build(selected, clang, arguments.output / "programs", with_native)
    if arguments.bless:
        bless(selected)
        return 0
    binaries = arguments.heddle or [str(ROOT / "build/release/bin/heddle")]
    options = engines.Options(binaries, arguments.tiers, arguments.peers, clang)
    present, absent = engines.find(arguments.engines, options)
    for missing in absent:
        print(f"{missing.name} is absent: {missing.remedy}", file=sys.stderr)
    if not present:
        print("none of the engines asked for is here; nothing to measure")
        return 0
    if arguments.callgrind or arguments.perf:
        return count_instructions(arguments, selected, present)
    rounds = arguments.rounds or (1 if arguments.amount == "quick" else 5)
    plan = measure.Plan(selected, present, rounds, arguments.amount, arguments.timeout, arguments.seed)
    load = measure.machine_load()
    baseline = choose_baseline(arguments.baseline, present)
    made = report.Report(plan, absent, measure.measure(plan), baseline, arguments.clock, load)
    print(report.terminal(made))
    write_outputs(made, arguments.output, arguments.update_docs)
    return verdict(made, arguments.at_most, arguments.baseline)


def main() -> int:
    try:
        return compare(parse_arguments(sys.argv[1:]))
    except programs.BuildError as error:
        print(f"bench/compare: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
