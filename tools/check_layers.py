#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that every #include points the way the layers point, and that no headers include each other in a circle."""

import argparse
import re
import sys
import tempfile
from pathlib import Path

# Lowest first. A folder may include what stands before it, and itself.
ORDER = [
    "engine/include", "engine/support", "engine/opcodes", "engine/binary", "engine/text", "engine/module",
    "engine/validation", "engine/gc", "engine/runtime", "engine/interpreter", "engine/api",
    "jit/include", "jit", "wasi/include", "wasi", "threads/include", "threads", "tools",
]
ENGINE = [layer for layer in ORDER if layer.startswith("engine/")]

# Folders whose heddle/*.h an embedder includes as <heddle/...>.
PUBLIC = [layer for layer in ORDER if layer.endswith("/include")]

# Folders beside the order, which nothing in it includes, with all they may include.
BESIDE = {
    "examples": PUBLIC,
    "bench": ENGINE + PUBLIC,
    "fuzz": ENGINE + PUBLIC + ["jit", "wasi", "threads"],
    "spec-tests": ENGINE[: ENGINE.index("engine/text") + 1] + ["jit/include", "jit", "threads"],
    "cmake": ["engine/include"],
}

# Arrows beyond the rules: (folder that includes, file or folder included, reason).
ALSO_ALLOWED = [
    ("tools", "spec-tests", "the command line links the suite runner"),
]

# Arrows the order allows but the design does not: (from, to, the files that may be included all the same).
NARROWED = [
    ("jit", "engine/interpreter", ["engine/interpreter/frame.h", "engine/interpreter/frame_layout.h"]),
]

SOURCES = {".h", ".cpp", ".c", ".cc", ".def", ".inc"}
INCLUDE = re.compile(r'^\s*#\s*include\s*(<([^>]+)>|"([^"]+)")')


def layer_of(path):
    """The layer a path from the project's root belongs to, or None for the world outside."""
    if path.startswith("engine/"):
        parts = path.split("/")
        # A header directly below engine/ (tuning.h) is for everybody, so it stands lowest.
        return "engine/" + parts[1] if len(parts) > 2 else "engine/support"
    first = path.split("/")[0]
    if path.startswith(first + "/include/") and first + "/include" in PUBLIC:
        return first + "/include"
    return first if first in ORDER or first in BESIDE else None


def allowed_layers(layer):
    if layer in BESIDE:
        return set(BESIDE[layer]) | {layer}
    if layer not in ORDER:
        return set()
    return set(ORDER[: ORDER.index(layer) + 1])


def resolve(written, bracketed, root):
    """The path from the root that an #include means, or None when it means a header of the system."""
    if written.startswith("heddle/"):
        found = [folder for folder in PUBLIC if (root / folder / written).exists()]
        return (found or PUBLIC)[0] + "/" + written
    if layer_of(written) is not None and "/" in written:
        return written
    return None if bracketed else written


def check_include(source, written, bracketed, root):
    """The complaint about one #include, or None."""
    target = resolve(written, bracketed, root)
    if target is None:
        return None
    if not (root / target).exists() and not target.startswith("engine/include/"):
        return f'"{written}" is not a path from the project\'s root: write it as "folder/…/{Path(written).name}"'
    source_layer, target_layer = layer_of(source), layer_of(target)
    for folder, included, _ in ALSO_ALLOWED:
        if source_layer == folder and target.startswith(included):
            return None
    for origin, narrow, files in NARROWED:
        if source_layer == origin and target_layer == narrow and target not in files:
            return f"{origin} may include of {narrow} only {', '.join(files)}"
    if target_layer not in allowed_layers(source_layer):
        return (f"{source_layer} may not include {target_layer}, which stands right of it: move what is needed to "
                f"the left, or pass it in through an interface that {source_layer} declares")
    return None


def read_includes(file):
    for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(2) or match.group(3), match.group(2) is not None


def source_files(root):
    for top in sorted({layer.split("/")[0] for layer in ORDER} | set(BESIDE)):
        for file in sorted((root / top).rglob("*")):
            if file.suffix in SOURCES and file.is_file():
                yield file


def find_circles(graph):
    """One circle per group of files that include each other, each as the list of its files."""
    # Files that include nothing, or only files already peeled off, can't be on a circle.
    left = {node: set(targets) for node, targets in graph.items()}
    while True:
        peeled = [node for node, targets in left.items() if not targets & left.keys()]
        if not peeled:
            break
        for node in peeled:
            del left[node]
    circles, seen = [], set()
    for start in sorted(left):
        path = [start]
        while path[-1] not in path[:-1]:
            path.append(min(left[path[-1]] & left.keys()))
        circle = path[path.index(path[-1]):]
        if not seen & set(circle):
            circles.append(circle)
        seen |= set(path)
    return circles


def check(root):
    """All complaints about the tree below root as (file, line, text), and the number of includes read."""
    complaints, count, graph = [], 0, {}
    for file in source_files(root):
        source = file.relative_to(root).as_posix()
        for number, written, bracketed in read_includes(file):
            count += 1
            complaint = check_include(source, written, bracketed, root)
            if complaint:
                complaints.append((source, number, complaint))
            target = resolve(written, bracketed, root)
            if target and target.endswith(".h"):
                graph.setdefault(source, set()).add(target)
    for circle in find_circles(graph):
        complaints.append((circle[0], 1, "headers include each other in a circle: " + " -> ".join(circle)))
    return complaints, count


PLANTED = {
    "engine/include/heddle/value.h": '#include <cstdint>\n#include "engine/support/bits.h"\n',
    "engine/support/bits.h": "#include <heddle/value.h>\n",
    "engine/binary/cursor.h": '#include "engine/support/bits.h"\n#include "engine/module/module.h"\n',
    "engine/module/module.h": '#include "engine/binary/cursor.h"\n#include "cursor.h"\n',
    "engine/runtime/tier.h": '#include "jit/jit_tier.h"\n',
    "engine/runtime/store.h": '#include <threads/fiber.h>\n#include "heddle/value.h"\n',
    "engine/interpreter/code.h": "// nothing\n",
    "engine/interpreter/frame.h": "// nothing\n",
    "engine/tuning.h": "// nothing\n",
    "jit/jit_tier.h": '#include "engine/interpreter/frame.h"\n#include "engine/interpreter/code.h"\n',
    "threads/fiber.h": '#include "jit/jit_tier.h"\n#include "engine/tuning.h"\n',
    "spec-tests/script.cpp": '#include "engine/text/lexer.h"\n#include "engine/runtime/store.h"\n',
    "engine/text/lexer.h": "#include <string>\n",
    "tools/main.cpp": '#include "spec-tests/script.h"\n#include "threads/fiber.h"\n',
    "spec-tests/script.h": "// nothing\n",
    "examples/embed.cpp": '#include <heddle/value.h>\n#include "engine/api/engine.h"\n',
    "engine/api/engine.h": "// nothing\n",
    "wasi/include/heddle/wasi.h": '#include <heddle/value.h>\n#include "wasi/errors.h"\n',
    "wasi/errors.h": "// nothing\n",
    "jit/tiering.h": '#include <heddle/wasi.h>\n',
    "examples/wasi.cpp": '#include <heddle/wasi.h>\n',
}
PLANTED_FAULTS = {
    ("engine/include/heddle/value.h", 2), ("engine/binary/cursor.h", 2), ("engine/module/module.h", 2),
    ("engine/runtime/tier.h", 1), ("engine/runtime/store.h", 1), ("jit/jit_tier.h", 2),
    ("spec-tests/script.cpp", 2), ("examples/embed.cpp", 2), ("wasi/include/heddle/wasi.h", 2), ("jit/tiering.h", 1),
}
PLANTED_CIRCLES = 2


def self_test():
    """Plants faults in a small tree and demands exactly those: a check that can't fail is a defect."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, text in PLANTED.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        complaints, _ = check(root)
    circles = [c for c in complaints if "circle" in c[2]]
    found = {(file, line) for file, line, text in complaints if "circle" not in text}
    if found == PLANTED_FAULTS and len(circles) == PLANTED_CIRCLES:
        print(f"self-test: all {len(PLANTED_FAULTS) + PLANTED_CIRCLES} planted faults found, nothing else")
        return 0
    print("self-test failed", "missed:", PLANTED_FAULTS - found, "invented:", found - PLANTED_FAULTS, "circles:", circles)
    return 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, epilog="example: tools/check_layers.py --self-test")
    parser.add_argument("--self-test", action="store_true", help="check the check itself with planted faults")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    options = parser.parse_args()
    if options.self_test:
        return self_test()
    complaints, count = check(options.root)
    for file, line, text in complaints:
        print(f"{file}:{line}: {text}")
    print(f"layers: {count} includes read, {len(complaints)} against the order")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
