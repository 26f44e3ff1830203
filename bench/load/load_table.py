# SPDX-License-Identifier: Apache-2.0
"""Tables of load times: for the terminal, as Markdown for docs/BENCHMARKS.md, and the measurements as JSON."""

from __future__ import annotations

import dataclasses
import datetime
import json

import loaders
import modules
import report

BEGIN_MARK = "<!-- load:begin (written by bench/load --update-docs) -->"
END_MARK = "<!-- load:end -->"

Result = loaders.Run | loaders.Failed
Head = list[str]
Rows = list[list[str]]


@dataclasses.dataclass
class Measured:
    """The best runs: module -> loader -> run; and what a reader needs to know about them."""

    selected: list[modules.Module]
    own: list[loaders.Loader]
    peers: list[loaders.Loader]
    results: dict[str, dict[str, Result]]
    versions: dict[str, str]
    rounds: int
    load: float


def seconds(run: Result, *stages: str) -> float | None:
    """What a run spent in these stages; in all, if none is named."""
    if isinstance(run, loaders.Failed):
        return None
    return sum(run.seconds[stage] for stage in stages or run.seconds)


def milliseconds(value: float | None) -> str:
    return "error" if value is None else f"{value * 1e3:.0f}"


def rate(size: float, value: float | None) -> str:
    return "error" if value is None else f"{size / 1e6 / value:.0f}" if value else "-"


def precise_rate(size: float, value: float | None) -> str:
    return "error" if value is None else f"{size / 1e6 / value:.2f}" if value else "-"


def megabytes(run: Result) -> str:
    return "error" if isinstance(run, loaders.Failed) else f"{run.peak_bytes / 1e6:.0f}"


def stage_rows(measured: Measured) -> tuple[Head, Rows]:
    """Heddle by stages. MB are those of the whole module; for translation, of its code."""
    head = ["module", "MB", "functions", "read ms", "decode ms", "validate ms", "MB/s", "all cores: MB/s", "peak MB",
            "translate ms", "MB/s of code", "bytes per byte", "peak MB"]
    rows = []
    for module in measured.selected:
        one, every, translate = (measured.results[module.name][name] for name in ("one", "all", "translate"))
        size = module.path.stat().st_size
        row = [module.name, f"{size / 1e6:.1f}"]
        if isinstance(one, loaders.Failed) or isinstance(translate, loaders.Failed):
            rows.append(row + ["error"] * (len(head) - len(row)))
            continue
        code = translate.facts["code_bytes"]
        row += [f"{one.facts['functions']:,}", *[milliseconds(one.seconds[s]) for s in ("read", "decode", "validate")]]
        row += [rate(size, seconds(one, "read", "decode", "validate"))]
        row += [rate(size, seconds(every, "read", "decode", "validate")), megabytes(one)]
        row += [milliseconds(translate.seconds["translate"]), rate(code, translate.seconds["translate"])]
        row += [f"{translate.facts['translated_bytes'] / code:.2f}" if code else "-", megabytes(translate)]
        rows.append(row)
    return head, rows


def peer_rows(measured: Measured) -> tuple[Head, Rows]:
    """Milliseconds beside other engines, one core, the file in memory already (but see wasmi)."""
    peers = [peer for peer in measured.peers if not peer.compiles]
    head = ["module", "heddle", *[peer.name for peer in peers]]
    rows = []
    for module in measured.selected:
        row = measured.results[module.name]
        cells = [milliseconds(seconds(row["one"], "decode", "validate"))]
        rows.append([module.name, *cells, *[milliseconds(seconds(row[peer.name])) for peer in peers]])
    return head, rows


def compile_rows(measured: Measured) -> tuple[Head, Rows]:
    """Compiling every function on one core. MB are those of the code."""
    peers = [peer for peer in measured.peers if peer.compiles]
    head = ["module", "MB of code", "ms", "MB/s", "bytes per byte", "peak MB"]
    head += [f"{peer.name} {what}" for peer in peers for what in ("ms", "MB/s")]
    rows = []
    for module in measured.selected:
        own = measured.results[module.name]["compile"]
        if isinstance(own, loaders.Failed):
            rows.append([module.name] + ["error"] * (len(head) - 1))
            continue
        code = own.facts["code_bytes"]
        row = [module.name, f"{code / 1e6:.1f}", milliseconds(own.seconds["translate"])]
        row += [precise_rate(code, own.seconds["translate"]), f"{own.facts['translated_bytes'] / code:.2f}" if code else "-"]
        row += [megabytes(own)]
        for peer in peers:
            taken = seconds(measured.results[module.name][peer.name])
            row += [milliseconds(taken), precise_rate(code, taken)]
        rows.append(row)
    return head, rows


def errors(measured: Measured) -> list[str]:
    return [f"{module} in {name}: {run.reason}" for module, row in measured.results.items()
            for name, run in row.items() if isinstance(run, loaders.Failed)]


def facts(measured: Measured) -> list[str]:
    lines = [f"machine: {report.machine()}; load average at the start {measured.load:.1f}",
             f"best of {measured.rounds} interleaved rounds, wall time"]
    lines += [f"{peer.name}: {measured.versions[peer.name]}: {peer.what}" for peer in measured.peers]
    return lines + [f"error: {line}" for line in errors(measured)]


STAGES = "Heddle by stages, on one core unless it says otherwise. MB/s are of the whole module, from file to valid"
BESIDE = "Beside other engines, milliseconds on one core"
COMPILED = "Compiling every function to machine code on one core (Heddle without, wasmtime with validating). MB are those of the code"


def terminal(measured: Measured) -> str:
    parts = [STAGES, report.format_table(*stage_rows(measured)), ""]
    if measured.peers:
        parts += [BESIDE, report.format_table(*peer_rows(measured)), ""]
    parts += [COMPILED, report.format_table(*compile_rows(measured)), ""]
    return "\n".join([*parts, *facts(measured)])


def markdown(measured: Measured) -> str:
    parts = [f"Measured {datetime.date.today().isoformat()}. {STAGES}.\n", report.format_markdown(*stage_rows(measured))]
    if measured.peers:
        parts += [f"\n{BESIDE}:\n", report.format_markdown(*peer_rows(measured))]
    parts += [f"\n{COMPILED}:\n", report.format_markdown(*compile_rows(measured))]
    return "\n".join([*parts, "", *[f"- {line}" for line in facts(measured)]]) + "\n"


def json_text(measured: Measured) -> str:
    runs = {module: {name: dataclasses.asdict(run) for name, run in row.items()}
            for module, row in measured.results.items()}
    data = {
        "version": 1, "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": report.machine(), "load_average": measured.load, "rounds": measured.rounds,
        "engines": measured.versions, "modules": runs,
    }
    return json.dumps(data, indent=1) + "\n"
