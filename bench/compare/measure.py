# SPDX-License-Identifier: Apache-2.0
"""Takes the times: engines interleaved in shuffled order, round after round, minima kept."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import random
import resource
import statistics
import subprocess
import sys
import time

import engines
import programs


# A call must take at least this share of the empty run's time, or the difference of the two is not a measurement.
LEAST_SHARE = 0.25


@dataclasses.dataclass
class Run:
    """One finished child process: the result it printed and what it cost, in seconds."""

    result: int | None
    wall: float
    cpu: float
    error: str = ""


@dataclasses.dataclass
class Series:
    """All runs of one engine on one program: with the full amount of work, and with none (n = 0)."""

    full: list[Run] = dataclasses.field(default_factory=list)
    empty: list[Run] = dataclasses.field(default_factory=list)
    error: str = ""
    skipped: bool = False  # the engine lacks what the program needs; `error` says what

    def whole(self, clock: str) -> float:
        """The fastest run: load, compile and call, and for a command line tool its process too."""
        return min(getattr(run, clock) for run in self.full)

    def call(self, clock: str) -> float | None:
        """The fastest run less the fastest empty one: what is left is the call alone. None where the work drowned
        in the start-up that is subtracted: such a difference would be noise with a number's looks."""
        empty = min(getattr(run, clock) for run in self.empty)
        spent = self.whole(clock) - empty
        return spent if spent > LEAST_SHARE * empty else None

    def noise(self, clock: str) -> float:
        """Median over minimum: 1.0 on a quiet machine."""
        return statistics.median(getattr(run, clock) for run in self.full) / self.whole(clock)


Results = dict[str, dict[str, Series]]  # program name -> engine name -> series


def run_once(engine: engines.Engine, command: list[str], timeout: float) -> Run:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = time.perf_counter()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False,
                              stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return Run(None, timeout, timeout, f"no result within {timeout:g} s")
    except OSError as error:
        return Run(None, 0, 0, str(error))
    wall = time.perf_counter() - wall
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().split("\n")
        return Run(None, wall, cpu, f"exit code {done.returncode}: {lines[-1][:160]}")
    if not engine.timed_inside:
        return Run(engines.parse_result(done.stdout), wall, cpu)
    try:
        told = json.loads(done.stdout)
        return Run(int(told["result"]) & 0xFFFFFFFF, told["wall"], told["cpu"])
    except (ValueError, KeyError, TypeError):
        return Run(None, wall, cpu, f"unexpected output: {done.stdout[:80]!r}")


def check(run: Run, expected: int | None) -> str:
    """Why a run does not count, or an empty string."""
    if run.error:
        return run.error
    if run.result is None:
        return "printed no result"
    if expected is not None and run.result != expected & 0xFFFFFFFF:
        return f"wrong checksum {run.result:#010x}, expected {expected & 0xFFFFFFFF:#010x}"
    return ""


class Progress:
    """A line on a terminal that says what is running; nothing when the output goes elsewhere."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.shown = total, 0, sys.stderr.isatty()
        self.start = time.monotonic()

    def step(self, text: str) -> None:
        if self.shown:
            elapsed = time.monotonic() - self.start
            left = elapsed / self.done * (self.total - self.done) if self.done else 0
            sys.stderr.write(f"\r\x1b[K[{self.done}/{self.total}] {text} (about {left:.0f} s left)")
            sys.stderr.flush()
        self.done += 1

    def line(self, text: str) -> None:
        if not self.shown:
            print(text, file=sys.stderr, flush=True)

    def close(self) -> None:
        if self.shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


@dataclasses.dataclass
class Plan:
    """What is to be measured."""

    selected: list[programs.Program]
    present: list[engines.Engine]
    rounds: int
    amount: str  # of programs.AMOUNTS
    timeout: float
    seed: int


def measure_pair(engine: engines.Engine, program: programs.Program, series: Series, plan: Plan) -> None:
    """One run with the full amount and one with none; the first failure ends this engine's part in the program."""
    for runs, work in ((series.full, program.amounts[plan.amount]), (series.empty, 0)):
        run = run_once(engine, engine.command(program, work), plan.timeout)
        series.error = check(run, programs.expected_checksum(program, work))
        if series.error:
            return
        runs.append(run)


def start(program: programs.Program, engine: engines.Engine) -> Series:
    if program.needs_simd and not engine.has_simd:
        return Series(error=f"{engine.name} has no SIMD", skipped=True)
    return Series()


def measure(plan: Plan) -> Results:
    """All rounds. A round visits every program; engines take turns within a program, so that a pair of
    figures that becomes a ratio is seconds apart. Interrupting keeps the rounds that are complete enough."""
    results: Results = {p.name: {e.name: start(p, e) for e in plan.present} for p in plan.selected}
    order = random.Random(plan.seed)
    progress = Progress(plan.rounds * len(plan.selected) * len(plan.present))
    try:
        for number in range(plan.rounds):
            progress.line(f"round {number + 1} of {plan.rounds}")
            for program in plan.selected:
                for engine in order.sample(plan.present, len(plan.present)):
                    progress.step(f"round {number + 1}: {program.name} in {engine.name}")
                    series = results[program.name][engine.name]
                    if not series.error:
                        measure_pair(engine, program, series, plan)
    except KeyboardInterrupt:
        print("\ninterrupted; reporting what was measured so far", file=sys.stderr)
    progress.close()
    for row in results.values():
        for series in row.values():
            if not series.error and not (series.full and series.empty):
                series.error = "not measured"
    return results


def ratios(results: Results, engine: str, baseline: str, kind: str, clock: str) -> dict[str, float]:
    """program -> time of the engine over time of the baseline, where both have one. kind: whole or call."""
    found = {}
    for program, row in results.items():
        times = [time_of(row.get(name), kind, clock) for name in (engine, baseline)]
        if times[0] is not None and times[1] is not None:
            found[program] = times[0] / times[1]
    return found


def time_of(series: Series | None, kind: str, clock: str) -> float | None:
    """A series' time of that kind; None after an error or where it was too short to tell."""
    return getattr(series, kind)(clock) if series and not series.error else None


def geometric_mean(values: list[float]) -> float | None:
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def machine_load() -> float:
    return os.getloadavg()[0]
