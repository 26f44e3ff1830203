#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the suite runner itself: the scripts in selftest/ must give exactly the planned failures, crashes and exit codes."""

import json
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCRIPTS = HERE / "selftest"
HEDDLE = None  # the program under test, from the command line

# path: (pass, fail, skip, crash, lines of the failures)
PLAN = {
    "passes.wast": (3, 0, 0, 0, []),
    "messages.wast": (1, 0, 0, 0, []),
    "failures.wast": (1, 28, 0, 0, list(range(10, 38))),
    "crash.wast": (1, 0, 0, 1, [6]),
    "hang.wast": (1, 0, 0, 1, [4]),
    "hang_host.wast": (0, 0, 0, 1, [3]),
    "unreadable.wast": (1, 1, 0, 0, [4]),
    "threads.wast": (2, 3, 0, 0, [9, 13, 14]),
    "listed.wast": (1, 2, 1, 0, [4, 5]),
    "listed_whole.wast": (1, 0, 1, 0, []),
    "listed_passes.wast": (1, 1, 0, 0, [0]),
}


def run(*arguments, expect=None):
    done = subprocess.run([HEDDLE, "wast", *map(str, arguments)], capture_output=True, text=True, timeout=120)
    if expect is not None and done.returncode != expect:
        raise AssertionError(f"exit status {done.returncode}, not {expect}: {done.stdout}\n{done.stderr}")
    return done


def run_json(*arguments, expect):
    return json.loads(run("--report", "json", "--self-test", *arguments, expect=expect).stdout)


class WholeRun(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.report = run_json("--timeout", 8, "--expectations", SCRIPTS / "expectations.txt", SCRIPTS, expect=1)
        cls.files = {Path(f["path"]).name: f for f in cls.report["files"]}

    def test_exactly_the_planned_results(self):
        self.assertEqual(set(self.files), set(PLAN))
        for name, (passed, failed, skipped, crashed, lines) in PLAN.items():
            with self.subTest(name):
                row = self.files[name]
                self.assertEqual((row["pass"], row["fail"], row["skip"], row["crash"]), (passed, failed, skipped, crashed),
                                 json.dumps(row, indent=1))
                self.assertEqual(sorted(f["line"] for f in row["failures"]), lines)

    def test_totals_are_sums(self):
        for column, key in enumerate(("pass", "fail", "skip", "crash")):
            self.assertEqual(self.report["totals"]["interp"][key], sum(plan[column] for plan in PLAN.values()))

    def test_the_form_of_the_json_is_as_documented(self):
        self.assertEqual(set(self.report), {"files", "totals"})
        for row in self.report["files"]:
            self.assertEqual(set(row), {"path", "tier", "pass", "fail", "skip", "crash", "seconds", "failures"})
            for failure in row["failures"]:
                self.assertEqual(set(failure), {"line", "directive", "message"})

    def message(self, name, line):
        return next(f["message"] for f in self.files[name]["failures"] if f["line"] == line)

    def test_messages_say_what_was_expected_and_what_came(self):
        for name, line, words in [
            ("failures.wast", 10, ["expected i32 1 (0x1)", "got i32 -1 (0xffffffff)"]),
            ("failures.wast", 11, ["expected f32 nan:canonical", "nan:0x200000", "0x7fa00000"]),
            ("failures.wast", 12, ["result 1", "expected i64 3", "got i64 2"]),
            ("failures.wast", 13, ["expected 1 result, got 2"]),
            ("failures.wast", 14, ["trap: unreachable"]),
            ("failures.wast", 19, ["expected ref.extern 2, got ref.extern 1"]),
            ("failures.wast", 20, ["either i32 1 (0x1) or i32 2 (0x2)"]),
            ("failures.wast", 21, ['expected trap "integer overflow"', "unreachable"]),
            ("failures.wast", 22, ["it returned nothing"]),
            ("failures.wast", 24, ["it was instantiated"]),
            ("failures.wast", 26, ["the module was accepted"]),
            ("failures.wast", 27, ["got malformed"]),
            ("failures.wast", 28, ["got invalid"]),
            ("failures.wast", 36, ["unknown directive"]),
            ("crash.wast", 6, ["SIGSEGV"]),
            ("hang.wast", 4, ["killed"]),
            ("threads.wast", 13, ["thread $T failed"]),
            ("listed.wast", 5, ["unexpected pass", "expectations.txt:3"]),
        ]:
            with self.subTest(f"{name}:{line}"):
                for word in words:
                    self.assertIn(word, self.message(name, line))

    def test_the_directive_that_killed_the_child_is_named(self):
        self.assertIn('(assert_return (invoke "crash"))', self.files["crash.wast"]["failures"][0]["directive"])


class ExitCodes(unittest.TestCase):
    def test_as_expected_is_0(self):
        run("--expectations", "none", SCRIPTS / "passes.wast", expect=0)

    def test_only_expected_failures_is_0(self):
        run("--expectations", SCRIPTS / "expectations.txt", SCRIPTS / "listed_whole.wast", expect=0)

    def test_an_unexpected_pass_is_1(self):
        run("--expectations", SCRIPTS / "expectations.txt", SCRIPTS / "listed_passes.wast", expect=1)

    def test_a_stale_entry_is_1(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "selftest").mkdir()
            (Path(folder) / "selftest" / "a.wast").write_text("(module)")
            (Path(folder) / "known.txt").write_text("selftest/gone.wast gone\n")
            done = run("--expectations", Path(folder) / "known.txt", Path(folder) / "selftest", expect=1)
            self.assertIn("there is no selftest/gone.wast", done.stdout)

    def test_usage_is_2(self):
        run("no-such-file.wast", expect=2)
        run("--tier", "warp", SCRIPTS / "passes.wast", expect=2)
        run("--filter", "(", SCRIPTS, expect=2)
        run("--filter", "matches nothing", SCRIPTS, expect=2)
        run("--no-such-option", expect=2)
        run("--report", "poem", SCRIPTS / "passes.wast", expect=2)
        run("--output", "/no/such/folder/x", SCRIPTS / "passes.wast", expect=2)
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("spec/i32.wast\n")
            file.flush()
            self.assertIn("needs a reason", run("--expectations", file.name, SCRIPTS, expect=2).stderr)

    def test_the_table_in_a_document(self):
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "page.md"
            page.write_text("before\n<!-- suites:begin (written by ./dev table) -->\n<!-- suites:end -->\nafter\n")
            quiet = ("--expectations", "none", SCRIPTS / "passes.wast")
            self.assertIn("./dev table writes it anew", run("--check-table", page, "--report", "json", *quiet, expect=1).stderr)
            run("--update-table", page, *quiet, expect=0)
            self.assertRegex(page.read_text(), r"(?s)before\n.*\| total \| [1-9]\d* \| 0 \| 0 \| 0 \|\n.*after\n")
            run("--check-table", page, *quiet, expect=0)
            written = page.read_text()
            run("--update-table", page, "--expectations", "none", SCRIPTS / "failures.wast", expect=1)
            self.assertEqual(page.read_text(), written)  # unexpected results are no table
            for less in (("--filter", "passes"), ("--line", "1"), ("--repeat", "2")):
                self.assertIn("goes with none of", run("--update-table", page, *less, *quiet, expect=2).stderr)
            page.write_text("no markers")
            run("--update-table", page, *quiet, expect=2)

    def test_tier_takes_one_word(self):
        run("--expectations", "none", "--tier", "interp", SCRIPTS / "passes.wast", expect=0)
        run("--expectations", "none", "--tier=interp,interp", SCRIPTS / "passes.wast", expect=0)
        run("--expectations", "none", "--tier", "all", SCRIPTS / "passes.wast", expect=0)

    def test_help_is_0(self):
        self.assertIn("--shuffle", run("--help", expect=0).stdout)


class Options(unittest.TestCase):
    def one(self, name, *options, expect=0):
        return run_json("--expectations", "none", *options, SCRIPTS / name, expect=expect)["files"][0]

    def test_strict_messages(self):
        self.assertEqual(self.one("messages.wast", "--strict-messages", expect=1)["fail"], 1)
        table = run("--expectations", "none", SCRIPTS / "messages.wast", expect=0).stdout
        self.assertIn("1 messages differ", table)

    def test_line_judges_one_directive(self):
        row = self.one("failures.wast", "--line", "12", expect=1)
        self.assertEqual((row["pass"], row["fail"]), (0, 1))
        row = self.one("failures.wast", "--line", "38")
        self.assertEqual((row["pass"], row["fail"]), (1, 0))

    def test_repeat_sums(self):
        self.assertEqual(self.one("passes.wast", "--repeat", "5")["pass"], 15)

    def test_the_time_limit_is_per_repetition(self):
        row = self.one("hang.wast", "--repeat", "2", "--timeout", "4", expect=1)
        self.assertEqual((row["pass"], row["crash"]), (1, 1))

    def test_no_isolate_gives_the_same(self):
        row = self.one("failures.wast", "--no-isolate", expect=1)
        self.assertEqual(row["fail"], PLAN["failures.wast"][1])

    def test_ways_of_running_give_the_same(self):
        for ways in (["--checked-memory"], ["--fuel"], ["--eager"], ["--fuel", "--eager", "--checked-memory"]):
            self.assertEqual(self.one("failures.wast", *ways, expect=1)["fail"], PLAN["failures.wast"][1], ways)

    def test_self_test_modules_need_the_flag(self):
        done = run("--expectations", "none", SCRIPTS / "crash.wast", expect=1)
        self.assertIn("unknown import", done.stdout)

    def test_list_filter_exclude_shuffle(self):
        listed = run("--list", "--filter", "listed", "--exclude", "whole", SCRIPTS, expect=0).stdout.split()
        self.assertEqual([Path(path).name for path in listed], ["listed.wast", "listed_passes.wast"])
        plain, first, again = (run("--list", *seed, SCRIPTS, expect=0).stdout for seed in ([], ["--shuffle", 7], ["--shuffle", 7]))
        self.assertEqual(first, again)
        self.assertNotEqual(plain, first)
        self.assertEqual(sorted(plain.split()), sorted(first.split()))

    def test_repro_fails_in_the_same_way(self):
        with tempfile.TemporaryDirectory() as folder:
            whole = self.one("failures.wast", "--repro", folder, expect=1)
            self.assertEqual(len(list(Path(folder).iterdir())), PLAN["failures.wast"][1])
            for failure in whole["failures"]:
                # Actions before it that trap fail in the repro, too; the directive itself comes last.
                row = run_json("--expectations", "none", Path(folder) / f"failures-{failure['line']}.wast", expect=1)["files"][0]
                last = row["failures"][-1]
                self.assertEqual(last["directive"], failure["directive"])
                place = re.compile(r"\d+:\d+")
                self.assertEqual(place.sub("", last["message"]), place.sub("", failure["message"]))

    def test_table_and_machine_line(self):
        out = run("--expectations", "none", SCRIPTS / "passes.wast", SCRIPTS / "failures.wast", expect=1).stdout
        self.assertRegex(out, r"failures\.wast:10:1 \[interp\] FAIL")
        self.assertRegex(out, r"heddle-wast: tier=interp files=2 pass=4 fail=28 skip=0 crash=0 seconds=\d")
        self.assertNotIn("\x1b", out)

    def test_junit_is_xml(self):
        out = run("--expectations", "none", "--report", "junit", SCRIPTS / "failures.wast", expect=1).stdout
        case = xml.etree.ElementTree.fromstring(out).find("testsuite/testcase")
        self.assertIsNotNone(case.find("failure"))

    def test_html_is_one_page(self):
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "report.html"
            done = run("--expectations", "none", "--report", "html", "--output", page, SCRIPTS / "failures.wast", expect=1)
            self.assertIn("heddle-wast: tier=interp", done.stdout)
            text = page.read_text(encoding="utf-8")
            self.assertIn("expected i32 1 (0x1), got i32 -1", text)
            self.assertIsNone(re.search(r"(src|href)=\"http", text))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: selftest.py HEDDLE [unittest options]")
    HEDDLE = sys.argv.pop(1)
    unittest.main()
