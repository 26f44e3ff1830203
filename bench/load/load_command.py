# SPDX-License-Identifier: Apache-2.0
"""Measures how fast real modules are read, decoded, validated and translated, and what memory that takes, beside
other engines. Modules come from npm, fetched once into build/modules, or are files."""

from __future__ import annotations

import argparse
import pathlib
import sys

import load_table
import loaders
import measure
import modules
import programs
import report

ROOT = programs.ROOT

EXAMPLES = """examples:
  python3 bench/load                               clang, pandoc and yosys; fetches 60 MB the first time
  python3 bench/load yosys --rounds 9              one of them, more rounds
  python3 bench/load app.wasm lib.wasm             any modules
  python3 bench/load --no-peers --at-least 150     1 unless heddle validates every module at 150 MB/s on one core
  python3 bench/load --update-docs                 write the tables into docs/BENCHMARKS.md
"""


def parse_arguments(argv: list[str]) -> argparse.Namespace:
    known = ", ".join(f"{name} ({package.what})" for name, package in modules.PACKAGES.items())
    parser = argparse.ArgumentParser(prog="python3 bench/load", description=__doc__, epilog=EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("modules", nargs="*", metavar="MODULE",
        help=f"files, or of {known} (default: {', '.join(modules.DEFAULT)})")
    add("--rounds", type=int, default=5, metavar="R", help="interleaved rounds, the best of which counts (default: 5)")
    add("--heddle", type=pathlib.Path, default=ROOT / "build/release/bin/heddle", metavar="PATH",
        help="the heddle binary (default: build/release/bin/heddle)")
    add("--peers", type=pathlib.Path, default=ROOT / "build/peers", metavar="DIR",
        help="where other engines are (default: build/peers, where bench/compare --install-peers puts them)")
    add("--no-peers", action="store_true", help="heddle only")
    add("--modules-in", type=pathlib.Path, default=ROOT / "build/modules", metavar="DIR",
        help="where fetched modules are kept (default: build/modules)")
    add("--output", type=pathlib.Path, default=ROOT / "build/bench", metavar="DIR",
        help="where load.json and load.md go (default: build/bench)")
    add("--timeout", type=float, default=120, metavar="S", help="longest time for one load (default: 120 s)")
    add("--at-least", type=float, metavar="MB/S",
        help="exit with 1 unless every module is read, decoded and validated that fast on one core")
    add("--update-docs", action="store_true", help="write the tables into docs/BENCHMARKS.md")
    arguments = parser.parse_args(argv)
    if arguments.rounds < 1:
        parser.error("--rounds must be at least 1")
    if arguments.update_docs and arguments.modules:
        parser.error("--update-docs wants the default modules; name none")
    return arguments


def run_rounds(arguments: argparse.Namespace, selected: list[modules.Module],
               ways: list[loaders.Loader]) -> dict[str, dict[str, loaders.Run | loaders.Failed]]:
    """Rounds visit every module and way in turn, so that figures that are compared are seconds apart."""
    runs: dict[str, dict[str, list]] = {m.name: {way.name: [] for way in ways} for m in selected}
    progress = measure.Progress(arguments.rounds * len(selected) * len(ways))
    for number in range(arguments.rounds):
        progress.line(f"round {number + 1} of {arguments.rounds}")
        for module in selected:
            for way in ways:
                progress.step(f"round {number + 1}: {module.name}, {way.name}")
                runs[module.name][way.name].append(way.run(module.path, arguments.timeout))
    progress.close()
    return {name: {way: loaders.best(series) for way, series in row.items()} for name, row in runs.items()}


def write_outputs(measured: load_table.Measured, arguments: argparse.Namespace) -> None:
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / "load.json").write_text(load_table.json_text(measured), encoding="utf-8")
    (arguments.output / "load.md").write_text(load_table.markdown(measured), encoding="utf-8")
    print(f"written: {programs.shown(arguments.output / 'load.json')} and load.md beside it")
    if not arguments.update_docs:
        return
    page = ROOT / "docs/BENCHMARKS.md"
    text = report.replace_between_marks(page.read_text(encoding="utf-8"), load_table.markdown(measured),
                                        load_table.BEGIN_MARK, load_table.END_MARK)
    page.write_text(text, encoding="utf-8")
    print("updated: docs/BENCHMARKS.md")


def verdict(measured: load_table.Measured, at_least: float | None) -> int:
    """1 when Heddle failed to load a module, or missed the bar; other engines' failures are only reported."""
    status = 0
    for module in measured.selected:
        row = measured.results[module.name]
        if any(isinstance(row[way.name], loaders.Failed) for way in measured.own):
            print(f"heddle failed to load {module.name}, see above", file=sys.stderr)
            status = 1
        elif at_least is not None:
            speed = module.path.stat().st_size / 1e6 / load_table.seconds(row["one"])
            good = speed >= at_least
            print(f"{module.name}: {speed:.0f} MB/s; the bar is {at_least:g}: {'met' if good else 'MISSED'}")
            status = status if good else 1
    return status


def load(arguments: argparse.Namespace) -> int:
    if not arguments.heddle.is_file():
        print(f"no binary at {programs.shown(arguments.heddle)}; './dev build release' makes build/release/bin/heddle",
              file=sys.stderr)
        return 2
    selected = modules.select(arguments.modules or modules.DEFAULT, arguments.modules_in)
    own = loaders.heddle(arguments.heddle)
    others, absent, versions = ([], [], {}) if arguments.no_peers else loaders.peers(arguments.peers)
    for missing in absent:
        print(f"{missing.name} is absent: {missing.remedy}", file=sys.stderr)
    average = measure.machine_load()
    results = run_rounds(arguments, selected, [*own, *others])
    measured = load_table.Measured(selected, own, others, results, versions, arguments.rounds, average)
    print(load_table.terminal(measured))
    write_outputs(measured, arguments)
    return verdict(measured, arguments.at_least)


def main() -> int:
    try:
        return load(parse_arguments(sys.argv[1:]))
    except modules.FetchError as error:
        print(f"bench/load: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
