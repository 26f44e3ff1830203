#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the house rules a machine can check: first lines, lengths, names, preprocessor conditionals, forgotten notes."""

import argparse
import re
import sys
import tempfile
from pathlib import Path

MAX_FILE, MAX_TEST_FILE, MAX_FUNCTION, MAX_CONDITIONALS_PER_KLOC = 600, 800, 60, 3
BANNED_NAMES = {"util", "utils", "misc", "common", "helper", "helpers", "stuff"}
LICENCE = "SPDX-License-Identifier: Apache-2.0"

# Every exception stands here, with its reason. One that excuses nothing is itself a complaint.
EXCEPTIONS = {
    ("engine/opcodes/opcodes.def", "file length"): "one opcode, one row: the table is as long as WebAssembly is",
    ("engine/interpreter/superinstructions.def", "file length"): "written by tools/choose_superinstructions.py",
}

CPP = {".h", ".cpp", ".c", ".def"}
COMMENT = {".py": "#", ".sh": "#", ".cmake": "#", ".txt": "#", ".wat": ";;", **{suffix: "//" for suffix in CPP}}
LEFT_OUT = {"build", ".git", ".cache", "__pycache__", "testdata", "corpora", "regressions", "selftest", "seeds"}
# Written in two pieces, so that this file passes its own check.
NOTES = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX"]) + r")\b")


def comment_mark(file):
    """How the file writes comments, or None for a file this check does not read."""
    if file.suffix == ".txt" and file.name != "CMakeLists.txt":
        return None
    if file.suffix:
        return COMMENT.get(file.suffix)
    with file.open("rb") as stream:
        return "#" if stream.read(2) == b"#!" else None


def own_files(root):
    for file in sorted(root.rglob("*")):
        parts = file.relative_to(root).parts
        if file.is_file() and not LEFT_OUT & set(parts) and comment_mark(file):
            yield file


def check_first_lines(lines, mark):
    """The licence first (after #!), then a comment that says in a sentence what the file is."""
    if lines and lines[0].startswith("#!"):
        lines = lines[1:]
    if not lines or lines[0].strip() != f"{mark} {LICENCE}":
        yield 1, "first lines", f"the first line must be `{mark} {LICENCE}`"
        return
    second = lines[1].strip() if len(lines) > 1 else ""
    said = second.removeprefix(mark).strip() if second.startswith(mark) else ""
    if second.startswith('"""'):
        said = second.strip('"')
    if len(said.split()) < 3:
        yield 2, "first lines", "the line after the licence must say in one sentence what this file is"


def blank_out(text):
    """The C++ text with comments, literals, preprocessor lines and #else branches blanked; line numbers stay."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(?P<raw>[^(\s]*)\(.*?\)(?P=raw)"|"(?:\\.|[^"\\\n])*"|(?<![\w])\'(?:\\.|[^\'\\\n])+\'',
        re.DOTALL)

    def blank(match):
        newlines = "\n" * match.group().count("\n")
        # A literal leaves something behind, so that `= ""` and `extern "C"` still look like an expression.
        return newlines if match.group()[:2] in ("//", "/*") else '""' + newlines

    out, skipping, continued = [], [], False
    for line in pattern.sub(blank, text).split("\n"):
        directive = re.match(r"\s*#\s*(\w+)", line)
        if directive and not continued:
            word = directive.group(1)
            if word in ("if", "ifdef", "ifndef"):
                skipping.append(False)
            elif word in ("else", "elif") and skipping:
                skipping[-1] = True
            elif word == "endif" and skipping:
                skipping.pop()
        hidden = continued or directive or any(skipping)
        continued = bool((directive or continued) and line.rstrip().endswith("\\"))
        out.append("" if hidden else line)
    return "\n".join(out)


def kind_of_brace(head, stack):
    """What an opening brace begins, judged by the text since the last statement: scope, function, initializer or block."""
    head = re.sub(r"\[\[.*?\]\]", " ", head, flags=re.DOTALL).strip()
    bare = re.sub(r"^(?:template\s*<.*?>\s*(?=class|struct|union))+", "", head, flags=re.DOTALL)
    if any(kind == "function" for kind, _ in stack):
        return "block"
    if re.match(r"(inline\s+)?namespace\b|extern\s*\"\"\s*$|(class|struct|union)\b(?![^{]*\)\s*$)", bare):
        return "scope"
    if bare.startswith("enum") or re.search(r"(=|return|,)\s*$", head) or "(" not in head:
        return "block"
    return "function"


def functions(text):
    """Yields (first line, length) of every function body, from its opening to its closing brace."""
    stack, head, line, previous = [], "", 1, ""
    for char in blank_out(text):
        if char == "\n":
            line += 1
        if char == "{":
            in_initializers = re.search(r"\)[^;]*[^:]:[^:]", head) and (previous.isalnum() or previous in "_>")
            kind = "initializer" if in_initializers else kind_of_brace(head, stack)
            stack.append((kind, line))
            head = head if in_initializers else ""
        elif char == "}" and stack:
            kind, start = stack.pop()
            if kind == "function":
                yield start, line - start + 1
            head = head if kind == "initializer" else ""
        elif char == ";":
            head = ""
        else:
            head += char
        previous = char


def check_file(file, path):
    text = file.read_text(encoding="utf-8", errors="replace")
    lines = text.splitlines()
    yield from check_first_lines(lines, comment_mark(file))
    limit = MAX_TEST_FILE if "_test" in file.stem else MAX_FILE
    if len(lines) > limit:
        yield limit, "file length", f"{len(lines)} lines; {limit} is the limit: split it by concept"
    for part in [*Path(path).parts[:-1], file.name.split(".")[0]]:
        banned = BANNED_NAMES & set(re.split(r"[_\-.]", part))
        if banned:
            yield 1, "name", f"`{part}` says nothing about what is inside: name the concept"
    for number, line in enumerate(lines, 1):
        if NOTES.search(line):
            yield number, "note", "a note for later: do it, or open an issue and leave no trace here"
        if line != line.rstrip() or ("\t" in line and file.suffix != ".wat"):
            yield number, "whitespace", "a tab or trailing space"
    if file.suffix in CPP:
        for number, length in functions(text):
            if length > MAX_FUNCTION:
                yield number, "function length", f"{length} lines; {MAX_FUNCTION} is the limit: split it by what it does"
    if file.suffix == ".h" and "#pragma once" not in text:
        yield 1, "pragma once", "a header needs `#pragma once`"


def conditionals(files):
    """Preprocessor conditionals and lines of all C++ together; a .def table needs one per kind of row."""
    count = total = 0
    for file in files:
        if file.suffix in CPP - {".def"}:
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
            total += len(lines)
            count += sum(bool(re.match(r"\s*#\s*(if|ifdef|ifndef|elif)\b", line)) for line in lines)
    return count, total


def check(root, exceptions):
    """All complaints as (file, line, rule, text), and the number of files read."""
    complaints, used, files = [], set(), list(own_files(root))
    for file in files:
        path = file.relative_to(root).as_posix()
        for number, rule, text in check_file(file, path):
            if (path, rule) in exceptions:
                used.add((path, rule))
            else:
                complaints.append((path, number, rule, text))
    count, total = conditionals(files)
    if count * 1000 > MAX_CONDITIONALS_PER_KLOC * max(total, 1000):
        complaints.append((".", 0, "conditionals", f"{count} preprocessor conditionals in {total} lines; "
                           f"{MAX_CONDITIONALS_PER_KLOC} per thousand is the limit: platform code belongs into engine/support"))
    for path, rule in sorted(exceptions.keys() - used):
        if (root / path).exists():
            complaints.append((path, 0, rule, "the exception in tools/check_style.py excuses nothing any more: delete it"))
    return complaints, len(files)


def planted_tree():
    """A small tree and the faults in it, as {path: text} and {(path, line, rule)}."""
    head = f"// {LICENCE}\n// A file planted for the self-test.\n"
    header = head + "#pragma once\n"
    body = "  x();\n"
    constructor = "struct S {\n  S(int a) : a_{a}, b_{1} {\n" + body * 60 + "  }\n  int a_, b_;\n};\n"
    lookalikes = 'const char* kText = R"({{{)";\nconstexpr int kRows[] = {\n' + "  1,\n" * 80 + "};\n// {{{\nchar c = '{';\n"
    conditional = "#if A\nvoid f() {\n#else\nvoid g() {\n#endif\n" + body * 10 + "}\n"
    tree = {
        "good.h": header + "namespace a {\nvoid f() {\n" + body * 58 + "}\n}  // namespace a\n",
        "lookalikes.cpp": head + lookalikes,
        "conditional.cpp": head + conditional,
        "unlicensed.cpp": "// A file without a licence line.\n",
        "silent.cpp": f"// {LICENCE}\n#include <x>\n",
        "script": f"#!/bin/sh\n# {LICENCE}\n# A script that is fine.\n",
        "long_function.cpp": head + "namespace a {\nstatic int f(int b) {\n" + body * 59 + "}\n}\n",
        "constructor.cpp": head + constructor,
        "long_file.h": header + "int a;\n" * 600,
        "long_but_test_test.cpp": head + "int a;\n" * 700,
        "excused.def": head + "ROW\n" * 700,
        "string_utils.h": header,
        "folder/common/a.h": header,
        "note.cpp": head + "// TO" + "DO: later\n",
        "spaces.cpp": head + "int a; \n",
        "twice.h": head,
        "many_conditionals.cpp": head + "#if A\n#endif\n" * 9,
        "notes.md": "no licence needed\n",
        "build/ignored.cpp": "x\n",
    }
    faults = {
        ("unlicensed.cpp", 1, "first lines"), ("silent.cpp", 2, "first lines"), ("long_function.cpp", 4, "function length"),
        ("constructor.cpp", 4, "function length"), ("long_file.h", 600, "file length"), ("string_utils.h", 1, "name"),
        ("folder/common/a.h", 1, "name"), ("note.cpp", 3, "note"), ("spaces.cpp", 3, "whitespace"),
        ("twice.h", 1, "pragma once"), (".", 0, "conditionals"), ("good.h", 0, "file length"),
    }
    return tree, faults


def self_test():
    """Plants faults in a small tree and demands exactly those: a check that can't fail is a defect."""
    tree, faults = planted_tree()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, text in tree.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        complaints, _ = check(root, {("excused.def", "file length"): "planted", ("good.h", "file length"): "planted, useless"})
    found = {(path, line, rule) for path, line, rule, _ in complaints}
    if found == faults:
        print(f"self-test: all {len(faults)} planted faults found, nothing else")
        return 0
    print("self-test failed; missed:", faults - found, "invented:", found - faults)
    return 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, epilog="example: tools/check_style.py --self-test")
    parser.add_argument("--self-test", action="store_true", help="check the check itself with planted faults")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    options = parser.parse_args()
    if options.self_test:
        return self_test()
    complaints, count = check(options.root, EXCEPTIONS)
    for path, line, rule, text in complaints:
        print(f"{path}:{line}: {rule}: {text}")
    print(f"style: {count} files read, {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
