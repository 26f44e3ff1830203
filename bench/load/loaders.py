# SPDX-License-Identifier: Apache-2.0
"""What is measured: ways of loading a module, each in a process of its own, in Heddle and in other engines."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import re
import subprocess
import threading
import time

import engines

HERE = pathlib.Path(__file__).resolve().parent


@dataclasses.dataclass
class Run:
    """One load that worked: seconds by stage (Heddle), or in all (other engines), and the process's peak memory."""

    seconds: dict[str, float]
    peak_bytes: int
    facts: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Failed:
    """One that did not, and why."""

    reason: str


@dataclasses.dataclass
class Loader:
    """A way to load a module. `prints`: the child prints its times as JSON; else the whole process is timed."""

    name: str
    command: list[str]
    cores: int  # 0: all
    prints: bool
    what: str = ""
    compiles: bool = False  # to machine code, everything
    loaded_if: str = ""  # of a tool that can't stop there: what it says when it has loaded and finds nothing to run

    def run(self, module: pathlib.Path, timeout: float) -> Run | Failed:
        start = time.perf_counter()
        with subprocess.Popen([*self.command, str(module)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, preexec_fn=self.restrict) as child:
            alarm = threading.Timer(timeout, child.kill)
            alarm.start()
            output = child.stdout.read().decode(errors="replace").strip()  # until the child ends
            # Not child.wait(): only this tells what this one child used.
            _, status, usage = os.wait4(child.pid, 0)
            wall = time.perf_counter() - start
            child.returncode = os.waitstatus_to_exitcode(status)
            alarm.cancel()
        if wall >= timeout:
            return Failed(f"not loaded within {timeout:g} s")
        lines = output.split("\n")
        if child.returncode != 0 and not (self.loaded_if and re.search(self.loaded_if, output)):
            reason = lines[-1 if self.prints else 0]  # a script's last line, a tool's first
            reason = re.sub(r"(?:/[^/\s\"']+)+/", "", reason)  # paths say nothing on another machine
            return Failed(f"exit code {child.returncode}: {reason[:160]}")
        return self.judge(lines[-1], wall, usage.ru_maxrss * 1024)

    def restrict(self) -> None:
        """In the child: only so many processors. The last ones, since the first take the interrupts."""
        if self.cores:
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-self.cores:])

    def judge(self, line: str, wall: float, peak: int) -> Run | Failed:
        if not self.prints:
            return Run({"all": wall}, peak)
        try:
            told = json.loads(line)
            seconds = {key.removesuffix("_seconds"): told.pop(key) for key in list(told) if key.endswith("_seconds")}
            return Run(seconds, told.pop("peak_resident_bytes", peak), told)
        except (ValueError, AttributeError):
            return Failed(f"unexpected output: {line[:80]!r}")


def heddle(binary: pathlib.Path) -> list[Loader]:
    command = [str(binary.resolve()), "validate", "--stats=json"]
    return [
        Loader("one", [*command, "--threads", "1"], 1, True, "read, decode, validate on one core"),
        Loader("all", [*command], 0, True, "read, decode, validate on all cores"),
        Loader("translate", [*command, "--threads", "1", "--translate"], 1, True, "the same, and translate all"),
        Loader("compile", [*command, "--threads", "1", "--compile"], 1, True, "the same, and compile all"),
    ]


def peers(folder: pathlib.Path) -> tuple[list[Loader], list[engines.Absent], dict[str, str]]:
    """Other engines on one core: those present, those absent, and the versions."""
    found, absent = engines.find(["wasmtime", "node", "wasmi", "wasm3"], engines.Options([], [], folder, ""))
    loaders = []
    for engine in found:
        if engine.name == "wasmi":
            command = [engine.prefix[0], "run", "--invoke", "no such function"]
            loaders.append(Loader("wasmi", command, 1, False, "load: validate, translate on first call (whole process)",
                                  loaded_if="failed to find function"))
            continue
        child = HERE / ("child_load.mjs" if engine.name == "node" else "child_load.py")
        arguments = [] if engine.name == "node" else [engine.name]
        what = {"wasm3": "parse; wasm3 does not validate", "node": "WebAssembly.validate"}.get(engine.name, "validate")
        loaders.append(Loader(engine.name, [engine.prefix[0], str(child), *arguments], 1, True, what))
        if engine.name == "wasmtime":
            command = [engine.prefix[0], str(child), "wasmtime-compile"]
            loaders.append(Loader("wasmtime compile", command, 1, True, "compile, optimized as it does by itself", compiles=True))
    versions = {engine.name: engine.version for engine in found}
    versions |= {loader.name: versions["wasmtime"] for loader in loaders if loader.compiles}
    return loaders, absent, versions


def best(runs: list[Run | Failed]) -> Run | Failed:
    """The run that took least in all; noise only adds. A failure if any failed."""
    for run in runs:
        if isinstance(run, Failed):
            return run
    return min((run for run in runs if isinstance(run, Run)), key=lambda run: sum(run.seconds.values()))
