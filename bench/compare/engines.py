# SPDX-License-Identifier: Apache-2.0
"""The engines that can be compared: how each is found, started, and installed where it is missing."""

from __future__ import annotations

import dataclasses
import pathlib
import re
import shutil
import subprocess
import sys

import programs

HERE = pathlib.Path(__file__).resolve().parent


@dataclasses.dataclass
class Engine:
    """One engine that is present. `timed_inside`: its child process takes the times around load and call itself
    and prints them as JSON; otherwise the whole process is timed from outside and prints the result."""

    name: str
    version: str
    prefix: list[str]
    timed_inside: bool
    is_native: bool = False
    has_simd: bool = True

    def command(self, program: programs.Program, amount: int) -> list[str]:
        if self.is_native:
            return [str(program.native), str(amount)]
        return [*self.prefix, str(program.wasm), str(amount)]


@dataclasses.dataclass
class Absent:
    """An engine that is not installed, with the command that installs it."""

    name: str
    remedy: str


@dataclasses.dataclass
class Options:
    """Where to look for engines."""

    heddle: list[str]
    tiers: list[str]
    peers: pathlib.Path
    clang: str


def first_line(command: list[str]) -> str | None:
    """The first line a command prints, or None when it cannot be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip().split("\n")[0] if done.returncode == 0 else None


def heddle(options: Options) -> list[Engine | Absent]:
    """One engine for each binary and tier asked for; a binary may carry a label, as in before=PATH."""
    found: list[Engine | Absent] = []
    for given in options.heddle:
        label, _, path = given.rpartition("=")
        binary = pathlib.Path(path)
        for tier in options.tiers:
            name = "heddle" + (f":{label}" if label else "") + (f"-{tier}" if len(options.tiers) > 1 else "")
            if not binary.is_file():
                where = programs.shown(binary)
                remedy = f"no binary at {where}; './dev build release' makes build/release/bin/heddle"
                found.append(Absent(name, remedy))
                continue
            version = first_line([str(binary), "--version"]) or "unknown version"
            prefix = [str(binary.resolve()), "run", "--tier", tier, "--invoke", "run"]
            found.append(Engine(name, f"{version}, --tier {tier}", prefix, timed_inside=False))
    return found


def python_peer(options: Options, name: str, module: str, package: str) -> Engine | Absent:
    """A peer that is a Python module: looked for in the peers' virtual environment, then in this Python."""
    query = f"import importlib.metadata, {module}; print(importlib.metadata.version('{package}'))"
    for python in [options.peers / "venv/bin/python", pathlib.Path(sys.executable)]:
        version = first_line([str(python), "-c", query])
        if version:
            prefix = [str(python), str(HERE / f"child_{name}.py")]
            return Engine(name, f"{package} {version}", prefix, timed_inside=True)
    return Absent(name, f"install it with --install-peers, or: pip install {package}")


def wasm3(options: Options) -> list[Engine | Absent]:
    found = python_peer(options, "wasm3", "wasm3", "pywasm3")
    if isinstance(found, Engine):
        found.has_simd = False
    return [found]


def wasmtime(options: Options) -> list[Engine | Absent]:
    return [python_peer(options, "wasmtime", "wasmtime", "wasmtime")]


def wasmi(options: Options) -> list[Engine | Absent]:
    for binary in [str(options.peers / "bin" / "wasmi"), shutil.which("wasmi")]:
        version = first_line([binary, "--version"]) if binary else None
        if binary and version:
            return [Engine("wasmi", version, [binary, "run", "--invoke", "run"], timed_inside=False)]
    return [Absent("wasmi", f"install it with --install-peers, or: cargo install wasmi_cli --root build/peers")]


def node(options: Options) -> list[Engine | Absent]:
    del options
    version = first_line(["node", "--version"])
    if not version:
        return [Absent("node", "install it with: apt-get install nodejs")]
    return [Engine("node", f"node {version}", ["node", str(HERE / "child_node.mjs")], timed_inside=True)]


def native(options: Options) -> list[Engine | Absent]:
    version = first_line([options.clang, "--version"]) or "clang"
    return [Engine("native", f"{version} -O2, scalar", [], timed_inside=False, is_native=True)]


FINDERS = {"heddle": heddle, "wasm3": wasm3, "wasmi": wasmi, "wasmtime": wasmtime, "node": node, "native": native}
DEFAULT = ["heddle", "wasm3", "wasmi", "native"]


def find(names: list[str], options: Options) -> tuple[list[Engine], list[Absent]]:
    """Splits the engines asked for into those present and those absent."""
    found = [entry for name in names for entry in FINDERS[name](options)]
    return [e for e in found if isinstance(e, Engine)], [e for e in found if isinstance(e, Absent)]


# Pinned, so that figures of different days compare with the same peers. pywasm3 is built from its source package
# with clang, because wasm3 built by clang is a little faster than built by GCC: the harder baseline.
PYTHON_PACKAGES = ["pywasm3==0.5.0", "wasmtime==50.0.1"]
WASMI_PACKAGE = ["wasmi_cli", "--version", "2.0.0", "--locked"]


def install_peers(peers: pathlib.Path, clang: str) -> bool:
    """Installs wasm3, Wasmtime and wasmi under the peers' folder; says what failed and goes on."""
    python = str(peers / "venv/bin/python")
    pip = [python, "-m", "pip", "install", "--quiet"]
    steps = [
        ("a Python environment", [sys.executable, "-m", "venv", str(peers / "venv")]),
        ("wasm3", ["env", f"CC={clang}", *pip, "--no-cache-dir", "--no-binary", "pywasm3", PYTHON_PACKAGES[0]]),
        ("wasmtime", [*pip, PYTHON_PACKAGES[1]]),
        ("wasmi", ["nice", "cargo", "install", *WASMI_PACKAGE, "--root", str(peers)]),
    ]
    good = True
    for what, command in steps:
        print(f"installing {what}: {' '.join(command)}", flush=True)
        try:
            worked = subprocess.run(command, check=False).returncode == 0
        except OSError as error:
            print(f"  {error}", file=sys.stderr)
            worked = False
        if not worked:
            print(f"  {what} could not be installed; the comparison works without it", file=sys.stderr)
        good = good and worked
    return good


def parse_result(output: str) -> int | None:
    """The last integer an engine printed, as the unsigned 32-bit number that all engines agree on."""
    numbers = re.findall(r"-?\d+", output)
    return int(numbers[-1]) & 0xFFFFFFFF if numbers else None
