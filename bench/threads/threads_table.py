# SPDX-License-Identifier: Apache-2.0
"""Tables of what threads cost: for the terminal, as Markdown for docs/BENCHMARKS.md, and all figures as JSON."""

from __future__ import annotations

import dataclasses
import datetime
import json

import measures
import report
from ways import Failed, Program, Run, Way

BEGIN_MARK = "<!-- threads:begin (written by bench/threads --update-docs) -->"
END_MARK = "<!-- threads:end -->"

Head = list[str]
Rows = list[list[str]]


class Runs:
    """All runs, by way and program."""

    def __init__(self) -> None:
        self.by_way: dict[tuple[str, str, int, tuple[str, ...]], list[Run | Failed]] = {}
        self.two: dict[tuple[str, ...], list[list[int] | None]] = {}

    def add(self, way: Way, program: Program, run: Run | Failed) -> None:
        self.by_way.setdefault((way.name, program.source, program.rounds, program.defines), []).append(run)

    def add_two(self, program: Program, times: list[int] | None) -> None:
        self.two.setdefault(program.defines, []).append(times)

    def of(self, way: Way, program: Program) -> list[Run | Failed]:
        return self.by_way.get((way.name, program.source, program.rounds, program.defines), [])


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


@dataclasses.dataclass
class Table:
    """The runs, and what a reader needs to know about them."""

    ways: list[Way]
    runs: Runs
    rounds: int
    load_before: float
    load_after: float
    real_time: bool

    def figure(self, each: measures.Measure, way: Way) -> float | Failed | None:
        runs = self.runs.of(way, each.program)
        if not each.is_for(way) or not runs:
            return None
        return measures.least(runs, each.figure, way.rounds(each.program))

    def system(self, each: measures.Measure) -> float | None:
        if each.system_program is not None:
            each = dataclasses.replace(each, program=each.system_program, only=())
        values = [self.figure(each, way) for way in self.ways if way.name == "system"]
        return values[0] if values and isinstance(values[0], float) else None

    def cell(self, each: measures.Measure, way: Way) -> str:
        value = self.figure(each, way)
        if not isinstance(value, float):
            return "-" if value is None or value.reason == "not measured" else "error"
        system = self.system(each)
        if way.name == "system" or not system:
            return number(value)
        return f"{number(value)} ({number(value / system)}×)"

    def goals(self, each: measures.Measure) -> list[tuple[str, str, bool]]:
        """Way, goal, whether it was reached."""
        out = []
        for way in self.ways:
            value = self.figure(each, way)
            system = self.system(each)
            if way.name in each.goals:
                goal = each.goals[way.name]
                out.append((way.name, f"{goal:g} {each.unit}", isinstance(value, float) and value <= goal))
            if way.name in each.against_system and system:
                goal = each.against_system[way.name]
                out.append((way.name, f"{goal:g}× system", isinstance(value, float) and value <= goal * system))
        return out

    def cost_rows(self) -> tuple[Head, Rows]:
        head = ["", "", *[way.name for way in self.ways], "goal"]
        rows = []
        for each in measures.MEASURES:
            goals = [f"{name}: {goal}, {'met' if met else 'MISSED'}" for name, goal, met in self.goals(each)]
            rows.append([each.title, each.unit, *[self.cell(each, way) for way in self.ways], "; ".join(goals)])
        return head, rows

    def speed_up(self, program: Program) -> tuple[float, float, float] | None:
        """Milliseconds with one worker and with two, and how much two processes at once gain."""
        times = [measures.least(self.runs.of(way, program), measures.whole, 1) for way in self.ways[:2]]
        both = [max(pair) / 1e6 for pair in self.runs.two.get(program.defines, []) if pair is not None]
        if not all(isinstance(time, float) for time in times) or not both:
            return None
        return times[0], times[1], 2 * times[0] / min(both)

    def speed_up_rows(self) -> tuple[Head, Rows]:
        head = ["program", "1 worker ms", "2 workers ms", "speed-up", "of two processes", "goal"]
        rows = []
        for name, program in measures.PARALLEL.items():
            got = self.speed_up(program)
            if got is None:
                rows.append([name, *["error"] * 5])
                continue
            gain = got[0] / got[1]
            met = "met" if gain >= measures.SPEED_UP_GOAL else "MISSED"
            rows.append([name, number(got[0]), number(got[1]), f"{gain:.2f}", f"{got[2]:.2f}",
                         f"{measures.SPEED_UP_GOAL}, {met}"])
        return head, rows

    def growth(self, way: Way) -> str | None:
        few, many = (self.runs.of(way, program) for program in (measures.FEW_SPAWNS, measures.MILLION_SPAWNS))
        if not few or not many or isinstance(few[0], Failed) or isinstance(many[0], Failed):
            return None
        each = measures.per_thread(many[0], measures.MILLION_SPAWNS.rounds)
        return (f"{way.name}: a million spawns, {number(each)} µs each; peak memory {many[0].peak_bytes / 2**20:.1f} MiB, "
                f"after ten thousand {few[0].peak_bytes / 2**20:.1f} MiB")

    def facts(self) -> list[str]:
        lines = [f"machine: {report.machine()}; load average {self.load_before:.1f} at the start, {self.load_after:.1f} "
                 "at the end",
                 f"best of {self.rounds} interleaved rounds; in each, the median thread, or the tenth of hundred hundreds of "
                 "round trips",
                 "speed-up: " + ("with real-time priority, so that other work does not count" if self.real_time else
                                 "beside whatever else runs")]
        lines += [line for line in map(self.growth, self.ways[:2]) if line]
        lines += [f"{way.name}: {way.version}" + self.cuts(way) for way in self.ways]
        return lines + self.errors()

    def cuts(self, way: Way) -> str:
        cuts = [f"{rounds} in {source}" for source, rounds in way.most_rounds.items()]
        return f"; threads: {', '.join(cuts)}" if cuts else ""

    def errors(self) -> list[str]:
        found = {f"error: {key[1]} in {key[0]}: {run.reason}" for key, runs in self.runs.by_way.items() for run in runs
                 if isinstance(run, Failed) and run.reason != "not measured"}
        return sorted(found)

    def verdict(self) -> int:
        """1 when Heddle failed to run something; goals are only reported, since the machine may be busy."""
        return int(any(isinstance(run, Failed) for key, runs in self.runs.by_way.items() for run in runs
                       if key[0].startswith("heddle")))

    def terminal(self) -> str:
        parts = ["Threads; × system is in parentheses", report.format_table(*self.cost_rows()), "",
                 "What a second worker brings", report.format_table(*self.speed_up_rows()), ""]
        return "\n".join([*parts, *self.facts()])

    def markdown(self) -> str:
        day = datetime.date.today().isoformat()
        parts = [f"Measured {day}; in parentheses, as a multiple of the system's.\n",
                 report.format_markdown(*self.cost_rows()), "\nWhat a second worker brings, and what two processes at once "
                 "gain that each do all the work:\n", report.format_markdown(*self.speed_up_rows())]
        return "\n".join([*parts, "", *[f"- {line}" for line in self.facts()]]) + "\n"

    def json_text(self) -> str:
        figures = {each.title: {way.name: value if isinstance(value, float) else None for way in self.ways
                                for value in [self.figure(each, way)]} for each in measures.MEASURES}
        data = {
            "version": 1, "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "machine": report.machine(), "load_average": [self.load_before, self.load_after], "rounds": self.rounds,
            "ways": {way.name: way.version for way in self.ways}, "figures": figures,
            "speed_up": {name: self.speed_up(program) for name, program in measures.PARALLEL.items()},
        }
        return json.dumps(data, indent=1, ensure_ascii=False) + "\n"
