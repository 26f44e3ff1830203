# SPDX-License-Identifier: Apache-2.0
"""Turns measurements into a terminal table, Markdown, JSON, and the table inside docs/BENCHMARKS.md."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import pathlib
import platform
import re
import statistics

import engines
import measure

BEGIN_MARK = "<!-- bench:begin (written by bench/compare --update-docs) -->"
END_MARK = "<!-- bench:end -->"
# Between which marks a report of an amount of work stands.
MARKS = {
    "full": (BEGIN_MARK, END_MARK),
    "long": ("<!-- compiled:begin (written by bench/compare --long --update-docs) -->", "<!-- compiled:end -->"),
}
KINDS = {
    "whole": "load, compile and call (for heddle, wasmi and native: the whole process)",
    "call": "the call alone (the same run with n = 0 subtracted)",
}


@dataclasses.dataclass
class Report:
    """Everything a reader needs beside the bare times."""

    plan: measure.Plan
    absent: list[engines.Absent]
    results: measure.Results
    baseline: str
    clock: str
    load: float

    def compared(self) -> list[str]:
        return [engine.name for engine in self.plan.present if engine.name != self.baseline]


def machine() -> str:
    """Processor, cores, memory and system: what a figure depends on, and no name of the machine."""
    model = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n"):
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    try:
        system = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        system = platform.system()
    return f"{model}, {os.cpu_count()} logical processors, {memory:.0f} GiB, {system}"


def format_table(head: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = []
    for row in [head, ["-" * width for width in widths], *rows]:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def format_markdown(head: list[str], rows: list[list[str]]) -> str:
    rule = ["---", *["--:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, rule, *rows])


def cell(series: measure.Series, value: float | None, digits: int) -> str:
    """A figure, or why there is none: `error` for a failed run, `skipped`, `short` for one too short to tell."""
    if series.skipped:
        return "skipped"
    if series.error:
        return "error"
    return "short" if value is None else f"{value:.{digits}f}"


def ratio_rows(report: Report, kind: str) -> tuple[list[str], list[list[str]]]:
    """Head and rows: seconds of the baseline, then each engine's time as a multiple of it, geometric means last."""
    head = ["program", f"{report.baseline} s", *report.compared()]
    by_engine = {name: measure.ratios(report.results, name, report.baseline, kind, report.clock)
                 for name in report.compared()}
    rows = []
    for program, series in report.results.items():
        base = series[report.baseline]
        seconds = measure.time_of(base, kind, report.clock)
        row = [program, cell(base, seconds, 3)]
        for name in report.compared():
            ratio = by_engine[name].get(program)
            no_baseline = base.error and not series[name].error
            row.append("-" if no_baseline else cell(series[name], ratio, 2))
        rows.append(row)
    means = [measure.geometric_mean(list(by_engine[name].values())) for name in report.compared()]
    rows.append(["geometric mean", "", *["-" if mean is None else f"{mean:.3f}" for mean in means]])
    total = len(report.results)
    counted = [len(by_engine[name]) for name in report.compared()]
    if any(count != total for count in counted):
        rows.append(["programs counted", "", *[f"{count} of {total}" for count in counted]])
    return head, rows


def errors(report: Report) -> list[str]:
    return [f"{program} in {name}: {series.error}" for program, row in report.results.items()
            for name, series in row.items() if series.error and not series.skipped]


def skipped(report: Report) -> list[str]:
    """Which programs an engine skips, and why: a line for each engine."""
    by_reason: dict[str, list[str]] = {}
    for program, row in report.results.items():
        for series in row.values():
            if series.skipped:
                by_reason.setdefault(series.error, []).append(program)
    return [f"skipped, since {reason}: {', '.join(names)}" for reason, names in by_reason.items()]


def noise_line(report: Report) -> str:
    """How far a typical run was from the fastest: tells a reader how much to trust the second digit."""
    parts = []
    for engine in report.plan.present:
        values = [row[engine.name].noise(report.clock) for row in report.results.values()
                  if not row[engine.name].error]
        if values:
            parts.append(f"{engine.name} {statistics.median(values):.2f}")
    return "noise (median run / fastest run, median over the programs): " + ", ".join(parts)


def facts(report: Report) -> list[str]:
    amount = f"the {report.plan.amount} amounts of work" + " (too short to quote)" * (report.plan.amount == "quick")
    lines = [
        f"machine: {machine()}; load average at the start {report.load:.1f}",
        f"{report.plan.rounds} interleaved rounds, minima, {report.clock} time, {amount}",
        noise_line(report),
    ]
    lines += [f"{engine.name}: {engine.version}" for engine in report.plan.present]
    lines += skipped(report)
    return lines + [f"{absent.name}: absent ({absent.remedy})" for absent in report.absent]


def terminal(report: Report) -> str:
    parts = []
    for kind, meaning in KINDS.items():
        parts.append(f"{kind.upper()}: {meaning}; time as a multiple of {report.baseline}, smaller is faster")
        parts.append(format_table(*ratio_rows(report, kind)) + "\n")
    failed = errors(report)
    if failed:
        parts.append("ERRORS\n" + "\n".join(failed) + "\n")
    return "\n".join([*parts, *facts(report)])


def markdown(report: Report) -> str:
    """The same report for a page; absent engines are left out there, since they say nothing about Heddle."""
    day = datetime.date.today().isoformat()
    parts = [f"Measured {day}; time as a multiple of {report.baseline}'s, smaller is faster.\n"]
    for kind, meaning in KINDS.items():
        parts.append(f"**{kind.capitalize()}**: {meaning}.\n\n{format_markdown(*ratio_rows(report, kind))}\n")
    parts += [f"- error: {line}" for line in errors(report)]
    parts += [f"- {line}" for line in facts(report) if ": absent (" not in line]
    return "\n".join(parts) + "\n"


def series_data(series: measure.Series, clock: str) -> dict:
    if series.error:
        return {"error": series.error}
    return {
        "whole": series.whole(clock), "call": series.call(clock), "noise": series.noise(clock),
        "runs": [{"wall": run.wall, "cpu": run.cpu} for run in series.full],
        "empty_runs": [{"wall": run.wall, "cpu": run.cpu} for run in series.empty],
    }


def json_text(report: Report) -> str:
    means = {kind: {name: measure.geometric_mean(list(
        measure.ratios(report.results, name, report.baseline, kind, report.clock).values()))
        for name in report.compared()} for kind in KINDS}
    data = {
        "version": 1, "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine(), "load_average": report.load, "rounds": report.plan.rounds,
        "amount": report.plan.amount, "clock": report.clock, "baseline": report.baseline,
        "engines": {engine.name: engine.version for engine in report.plan.present},
        "absent": {absent.name: absent.remedy for absent in report.absent},
        "geometric_mean": means,
        "programs": {program.name: {
            "n": program.amounts[report.plan.amount], "stresses": program.stresses,
            "engines": {name: series_data(series, report.clock)
                        for name, series in report.results[program.name].items()},
        } for program in report.plan.selected},
    }
    return json.dumps(data, indent=1) + "\n"


def replace_between_marks(page: str, text: str, begin: str = BEGIN_MARK, end: str = END_MARK) -> str:
    """The page with the text between its marks replaced; raises when the marks are missing."""
    pattern = re.escape(begin) + r".*?" + re.escape(end)
    replaced, count = re.subn(pattern, lambda _: f"{begin}\n\n{text}\n{end}", page, flags=re.DOTALL)
    if count != 1:
        raise ValueError(f"the page must have exactly one pair of marks {begin} ... {end}, it has {count}")
    return replaced
