# SPDX-License-Identifier: Apache-2.0
"""The benchmark programs: found in bench/programs, built for wasm32 and natively, with their pinned results."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SOURCE_DIR = ROOT / "bench/programs"
NATIVE_MAIN = SOURCE_DIR / "native_main.c"
CHECKSUMS = SOURCE_DIR / "checksums.json"
# The amounts of work: full keeps interpreters busy for a third of a second, long does that to compiled code.
AMOUNTS = ("full", "quick", "long")

# Nothing here vectorizes: an interpreter without SIMD, and the native build beside it, run the same scalar program.
# Contraction to fused multiply-add stays off, so that natively and in wasm every rounding is the same.
COMMON_FLAGS = ["-std=c17", "-O2", "-fno-vectorize", "-fno-slp-vectorize", "-ffp-contract=off", "-Wall", "-Wextra"]
NATIVE_FLAGS = ["-fno-math-errno"]
# The feature set is the largest one that every engine compared here implements; programs that need SIMD say so, and
# engines without it skip them. Those are written with vector types, so natively and in wasm they are as wide.
WASM_FLAGS = [
    "--target=wasm32", "-mcpu=mvp", "-mbulk-memory", "-msign-ext", "-mnontrapping-fptoint", "-mmutable-globals",
    "-ffreestanding", "-nostdlib", "-Wl,--no-entry", "-Wl,--export=run", "-Wl,-z,stack-size=65536",
]


def shown(path: pathlib.Path) -> str:
    """A path as a reader of a report needs it: relative inside the project."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


class BuildError(Exception):
    """A program could not be built; the message names the remedy."""


@dataclasses.dataclass
class Program:
    """One C source with the amounts of work the comparison gives it."""

    name: str
    stresses: str
    source: pathlib.Path
    amounts: dict[str, int]  # the n of each of AMOUNTS
    needs_simd: bool = False
    wasm: pathlib.Path = pathlib.Path()
    native: pathlib.Path = pathlib.Path()


def read_program(source: pathlib.Path) -> Program:
    """Reads what a program stresses and its amounts of work from the first comment lines, and whether it needs SIMD."""
    head = source.read_text(encoding="utf-8").split("\n", 3)
    stresses = re.match(r"// Stresses (.*)", head[1])
    amounts = re.match(r"// n = (\d+), quick = (\d+), long = (\d+)$", head[2])
    if not stresses or not amounts:
        raise BuildError(f"{source.name}: lines 2 and 3 must read '// Stresses ...' and '// n = N, quick = N, long = N'")
    needs_simd = head[3].startswith("// Needs SIMD.\n")
    return Program(source.stem, stresses[1], source, dict(zip(AMOUNTS, map(int, amounts.groups()))), needs_simd)


def all_programs() -> list[Program]:
    return [read_program(path) for path in sorted(SOURCE_DIR.glob("*.c")) if path != NATIVE_MAIN]


def select(names: list[str]) -> list[Program]:
    """The named programs, in the order of the alphabet; every program when no name is given."""
    programs = all_programs()
    known = {program.name for program in programs}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise BuildError(f"no program named {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
    return [program for program in programs if not names or program.name in names]


def expected_checksum(program: Program, amount: int) -> int | None:
    """The pinned result of run(amount), or None for an amount nobody has pinned."""
    pinned = json.loads(CHECKSUMS.read_text(encoding="utf-8")) if CHECKSUMS.exists() else {}
    return pinned.get(program.name, {}).get(str(amount))


def find_clang(wanted: str | None) -> str:
    for candidate in [wanted] if wanted else [os.environ.get("CLANG"), "clang-19", "clang"]:
        path = shutil.which(candidate) if candidate else None
        if path:
            return path
    raise BuildError(f"{wanted or 'clang-19'} is not installed; './dev setup' installs clang-19 and lld-19")


def compile_if_stale(command: list[str], output: pathlib.Path, sources: list[pathlib.Path]) -> None:
    """Runs the compiler unless the output is newer than its sources and was made by the same command."""
    stamp = output.with_name(output.name + ".command")
    newest = max(source.stat().st_mtime for source in sources)
    if output.exists() and output.stat().st_mtime >= newest and stamp.exists() and stamp.read_text() == str(command):
        return
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        hint = "\n'./dev setup' installs lld-19, the wasm linker" if "wasm-ld" in made.stderr else ""
        raise BuildError(f"cannot build {output.name}:\n{made.stderr.strip()}{hint}")
    stamp.write_text(str(command))


def build(programs: list[Program], clang: str, directory: pathlib.Path, with_native: bool) -> None:
    """Builds every program into the directory and notes in it where its two forms are."""
    directory.mkdir(parents=True, exist_ok=True)
    for program in programs:
        program.wasm = directory / f"{program.name}.wasm"
        flags = [*COMMON_FLAGS, *WASM_FLAGS, *(["-msimd128"] if program.needs_simd else [])]
        command = [clang, *flags, str(program.source), "-o", str(program.wasm)]
        compile_if_stale(command, program.wasm, [program.source])
        if not with_native:
            continue
        program.native = directory / program.name
        sources = [program.source, NATIVE_MAIN]
        command = [clang, *COMMON_FLAGS, *NATIVE_FLAGS, *map(str, sources), "-o", str(program.native)]
        compile_if_stale(command, program.native, sources)
