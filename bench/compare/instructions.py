# SPDX-License-Identifier: Apache-2.0
"""Counts executed instructions instead of time: repeatable to a fraction of a percent, for deciding between A and B."""

from __future__ import annotations

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import engines
import programs

REMEDIES = {
    "callgrind": "install it with: apt-get install valgrind",
    "perf": "install it with: apt-get install linux-perf (and the processor must offer its counters to this system)",
}


def callgrind_command(command: list[str], keep: str | None) -> list[str]:
    return ["valgrind", "--tool=callgrind", f"--callgrind-out-file={keep or '/dev/null'}", *command]


def perf_command(command: list[str]) -> list[str]:
    return ["perf", "stat", "-x", ",", "-e", "instructions:u", *command]


def parse_callgrind(text: str) -> int | None:
    found = re.search(r"Collected : (\d+)", text)
    return int(found[1]) if found else None


def parse_perf(text: str) -> int | None:
    found = re.search(r"^(\d+),[^,]*,instructions", text, re.MULTILINE)
    return int(found[1]) if found else None


def without_debug_info(binary: str, directory: pathlib.Path) -> str:
    """A copy of a binary that keeps its symbols only: Debian 12's valgrind gives up on clang-19's debug info."""
    objcopy = shutil.which("llvm-objcopy-19") or shutil.which("objcopy")
    copy = directory / f"{pathlib.Path(binary).name}-{hashlib.sha256(binary.encode()).hexdigest()[:8]}"
    command = [objcopy, "--strip-debug", binary, str(copy)]
    if not objcopy or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        return binary
    return str(copy.resolve())


def count_once(counter: str, command: list[str], keep: str | None = None) -> int | str:
    """Instructions of one process, or the last line of why there is no count."""
    wrapped = callgrind_command(command, keep) if counter == "callgrind" else perf_command(command)
    environment = {**os.environ, "PYTHONHASHSEED": "0", "LC_ALL": "C"}
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(wrapped, capture_output=True, text=True, check=False, env=environment, cwd=scratch)
    counted = parse_callgrind(done.stderr) if counter == "callgrind" else parse_perf(done.stderr)
    if done.returncode != 0 or counted is None:
        return done.stderr.strip().split("\n")[-1] or f"exit code {done.returncode}"
    return counted


def available(counter: str) -> bool:
    tool = "valgrind" if counter == "callgrind" else "perf"
    return shutil.which(tool) is not None and isinstance(count_once(counter, ["true"]), int)


def report(counter: str, selected: list[programs.Program], present: list[engines.Engine], amount: str,
           profiles: pathlib.Path) -> str:
    """A table of instructions per engine and program, the empty run subtracted. Under callgrind the profile of
    each run is kept, for callgrind_annotate."""
    profiles.mkdir(parents=True, exist_ok=True)
    lines = []
    for program in selected:
        work = program.amounts[amount]
        first = None
        for engine in present:
            keep = str((profiles / f"{program.name}.{engine.name}.callgrind").resolve())
            command = engine.command(program, work)
            if counter == "callgrind" and not engine.timed_inside:
                command[0] = without_debug_info(command[0], profiles)
            full = count_once(counter, command, keep)
            empty = count_once(counter, [*command[:-1], "0"])
            if isinstance(full, str) or isinstance(empty, str):
                lines.append(f"{program.name:12} {engine.name:20} failed: {full if isinstance(full, str) else empty}")
                continue
            spent = full - empty
            first = first or spent
            lines.append(f"{program.name:12} {engine.name:20} {spent:>16,} instructions  {spent / first:8.4f} x")
    if counter == "callgrind":
        lines.append(f"profiles are in {profiles}; read one with callgrind_annotate")
    return "\n".join(lines)
