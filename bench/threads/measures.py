# SPDX-License-Identifier: Apache-2.0
"""What is measured of threads: programs, the figure that each run gives, and the goals."""

from __future__ import annotations

import dataclasses
import statistics
from typing import Callable

from ways import Failed, Program, Run, Way

MIB = 2**20


@dataclasses.dataclass
class Measure:
    """One row: `figure` makes of a run with so many rounds a number in `unit`; the least of all runs counts."""

    title: str
    unit: str
    program: Program
    figure: Callable[[Run, int], float]
    goals: dict[str, float] = dataclasses.field(default_factory=dict)  # way -> at most so much
    against_system: dict[str, float] = dataclasses.field(default_factory=dict)  # way -> at most so many times that
    only: tuple[str, ...] = ()  # ways; none: all
    system_program: Program | None = None  # what the system's figure is of, if it is not the same

    def is_for(self, way: Way) -> bool:
        return not self.only or way.name in self.only


def start_latency(run: Run, rounds: int) -> float:
    """The median thread's, from the call to its first step."""
    return statistics.median(run.times[3 * i + 1] - run.times[3 * i] for i in range(rounds)) / 1e3


def spawn_and_join(run: Run, rounds: int) -> float:
    return statistics.median(run.times[3 * i + 2] - run.times[3 * i] for i in range(rounds)) / 1e3


def round_trip(run: Run, rounds: int) -> float:
    """Of the hundred that a tenth of all hundreds were not slower than: most of them see what others do on a machine."""
    del rounds
    hundreds = sorted(after - before for before, after in zip(run.times, run.times[1:]))
    return hundreds[len(hundreds) // 10] / 100


def memory(run: Run, rounds: int) -> float:
    """The whole process's."""
    return run.peak_bytes / rounds / 1024


def ending(run: Run, rounds: int) -> float:
    """From the moment when all are blocked to the end of the process."""
    del rounds
    return run.ending * 1e3


def per_thread(run: Run, rounds: int) -> float:
    return (run.times[1] - run.times[0]) / rounds / 1e3


def whole(run: Run, rounds: int) -> float:
    del rounds
    return (run.times[-1] - run.times[0]) / 1e6


SPAWN = Program("spawn", 2000, (), "spawn")
PAIR = Program("pair", 10_000, (), "pair")
SPIN = Program("pair", 10_000, ("SPINS",))
BLOCKED = Program("blocked", 10_000, (), "blocked")
VERY_MANY = Program("blocked", 100_000)
MEASURES = [
    Measure("spawn to first step", "µs", SPAWN, start_latency, {"heddle 1": 5, "heddle 2": 5}),
    Measure("spawn and join", "µs", SPAWN, spawn_and_join),
    Measure("wait/notify round trip", "ns", PAIR, round_trip, {"heddle 1": 200}, {"heddle 2": 2}),
    Measure("the same, between two workers", "ns", SPIN, round_trip, {}, {"heddle 2": 2}, only=("heddle 2", "wasmtime"),
            system_program=PAIR),
    Measure("memory of a blocked thread", "KiB", BLOCKED, memory, {"heddle 1": 16.384, "heddle 2": 16.384}),
    Measure("the same, of 100,000", "KiB", VERY_MANY, memory, only=("heddle 1", "heddle 2")),
    Measure("spawning those that block", "µs", BLOCKED, per_thread),
    Measure("ending them all", "ms", BLOCKED, ending, {"heddle 1": 50, "heddle 2": 50}),
]
# One run of each is enough: what is asked for is whether memory grows.
FEW_SPAWNS = Program("many_spawns", 10_000)
MILLION_SPAWNS = Program("many_spawns", 1_000_000)
PARALLEL = {name: Program("parallel", rounds, (f"WORK={name}",))
            for name, rounds in {"fib": 120, "mandelbrot": 200, "collatz": 120, "sort": 80}.items()}
SPEED_UP_GOAL = 1.9


def least(runs: list[Run | Failed], figure: Callable[[Run, int], float], rounds: int) -> float | Failed:
    for run in runs:
        if isinstance(run, Failed):
            return run
    return min(figure(run, rounds) for run in runs if isinstance(run, Run))
