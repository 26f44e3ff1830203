# SPDX-License-Identifier: Apache-2.0
"""Measures what threads cost: spawning, waking, blocking and ending them, and what two processors bring; beside the
operating system's own threads and other engines. Takes some minutes."""

from __future__ import annotations

import argparse
import pathlib
import random
import subprocess
import sys

import measure
import measures
import programs
import report
import threads_table
import ways

ROOT = programs.ROOT

EXAMPLES = """examples:
  python3 bench/threads --install-peers    once: a Wasmtime that still has wasi-threads, into build/peers
  python3 bench/threads                    everything
  python3 bench/threads --no-peers --rounds 9
  python3 bench/threads --update-docs      write the tables into docs/BENCHMARKS.md
"""


def parse_arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 bench/threads", description=__doc__, epilog=EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--rounds", type=int, default=5, metavar="R", help="interleaved rounds, the best of which counts (default: 5)")
    add("--heddle", type=pathlib.Path, default=ROOT / "build/release/bin/heddle", metavar="PATH",
        help="the heddle binary (default: build/release/bin/heddle)")
    add("--peers", type=pathlib.Path, default=ROOT / "build/peers", metavar="DIR",
        help="where other engines are (default: build/peers)")
    add("--no-peers", action="store_true", help="Heddle and the operating system only")
    add("--install-peers", action="store_true", help=f"install {ways.WASMTIME_PACKAGE} there, and end")
    add("--clang", metavar="PATH", help="builds the guests (default: clang-19)")
    add("--output", type=pathlib.Path, default=ROOT / "build/bench", metavar="DIR",
        help="where threads.json and threads.md go (default: build/bench)")
    add("--timeout", type=float, default=120, metavar="S", help="longest time for one run (default: 120 s)")
    add("--update-docs", action="store_true", help="write the tables into docs/BENCHMARKS.md")
    arguments = parser.parse_args(argv)
    if arguments.rounds < 1:
        parser.error("--rounds must be at least 1")
    return arguments


def plan(all_ways: list[ways.Way]) -> list[tuple[ways.Way, ways.Program]]:
    """What runs in a round: several measures share a program's run."""
    wanted = [(way, each.program) for each in measures.MEASURES for way in all_ways if each.is_for(way)]
    return [pair for i, pair in enumerate(wanted) if pair not in wanted[:i]]


def run_rounds(all_ways: list[ways.Way], builder: ways.Builder, arguments: argparse.Namespace) -> threads_table.Runs:
    runs = threads_table.Runs()
    steps = plan(all_ways)
    real_time = ways.may_use_real_time()
    progress = measure.Progress(arguments.rounds * (len(steps) + 3 * len(measures.PARALLEL)) + 4)
    for number in range(arguments.rounds):
        progress.line(f"round {number + 1} of {arguments.rounds}")
        random.shuffle(steps)
        # Those of one program one after the other, so that what is compared is seconds apart.
        for way, program in sorted(steps, key=lambda step: (step[1].source, step[1].defines)):
            progress.step(f"round {number + 1}: {program.source} {' '.join(program.defines)}, {way.name}")
            runs.add(way, program, way.run(program, builder, arguments.timeout))
        for program in measures.PARALLEL.values():
            for way in all_ways[:2]:
                progress.step(f"round {number + 1}: {program.defines[0]}, {way.name}")
                runs.add(way, program, way.run(program, builder, arguments.timeout, real_time))
            progress.step(f"round {number + 1}: {program.defines[0]}, two processes")
            runs.add_two(program, run_two(all_ways[0], program, builder, arguments.timeout, real_time))
    for way in all_ways[:2]:
        for program in (measures.FEW_SPAWNS, measures.MILLION_SPAWNS):
            progress.step(f"{program.rounds} spawns, {way.name}")
            runs.add(way, program, way.run(program, builder, arguments.timeout))
    progress.close()
    return runs


def run_two(way: ways.Way, program: ways.Program, builder: ways.Builder, timeout: float,
            real_time: bool) -> list[int] | None:
    """Nanoseconds of two processes at once, each of which does all the work alone: what two processors can give."""
    command = [*(ways.REAL_TIME if real_time else []), *way.command(program, builder)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    try:
        texts = [child.communicate(timeout=timeout)[0] for child in both]
    except subprocess.TimeoutExpired:
        for child in both:
            child.kill()
            child.wait()
        return None
    times = [[int.from_bytes(text[i:i + 8], "little") for i in range(0, len(text), 8)] for text in texts]
    return [each[-1] - each[0] for each in times] if all(len(each) == 2 for each in times) else None


def write_outputs(table: threads_table.Table, arguments: argparse.Namespace) -> None:
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / "threads.json").write_text(table.json_text(), encoding="utf-8")
    (arguments.output / "threads.md").write_text(table.markdown(), encoding="utf-8")
    print(f"written: {programs.shown(arguments.output / 'threads.json')} and threads.md beside it")
    if not arguments.update_docs:
        return
    page = ROOT / "docs/BENCHMARKS.md"
    text = report.replace_between_marks(page.read_text(encoding="utf-8"), table.markdown(), threads_table.BEGIN_MARK,
                                        threads_table.END_MARK)
    page.write_text(text, encoding="utf-8")
    print("updated: docs/BENCHMARKS.md")


def command(arguments: argparse.Namespace) -> int:
    if arguments.install_peers:
        return 0 if ways.install_peers(arguments.peers) else 1
    if not arguments.heddle.is_file():
        print(f"no binary at {programs.shown(arguments.heddle)}; './dev build release' makes build/release/bin/heddle",
              file=sys.stderr)
        return 2
    clang = programs.find_clang(arguments.clang)
    others, absent = ways.peers(arguments.peers, clang)
    if arguments.no_peers:
        others, absent = [way for way in others if way.kind == "native"], []
    for missing in absent:
        print(f"{missing.name} is absent: {missing.remedy}", file=sys.stderr)
    all_ways = [ways.heddle(arguments.heddle, 1), ways.heddle(arguments.heddle, 2), *others]
    average = measure.machine_load()
    runs = run_rounds(all_ways, ways.Builder(ROOT / "build/bench/threads", clang), arguments)
    table = threads_table.Table(all_ways, runs, arguments.rounds, average, measure.machine_load(),
                                ways.may_use_real_time())
    print(table.terminal())
    write_outputs(table, arguments)
    return table.verdict()


def main() -> int:
    try:
        return command(parse_arguments(sys.argv[1:]))
    except programs.BuildError as error:
        print(f"bench/threads: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
