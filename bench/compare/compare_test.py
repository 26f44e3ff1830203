# SPDX-License-Identifier: Apache-2.0
"""Tests of the comparison itself; run them with `python3 -m unittest discover -s bench/compare -p '*_test.py'`."""

import contextlib
import io
import pathlib
import re
import sys
import tempfile
import unittest

import command_line
import engines
import instructions
import measure
import programs
import report


def series(full, empty, error=""):
    return measure.Series([measure.Run(1, t, t) for t in full], [measure.Run(1, t, t) for t in empty], error)


def script_engine(code):
    """An engine whose whole process is a line of Python."""
    return engines.Engine("script", "1", [sys.executable, "-c", code], timed_inside=False)


def sample_report(results, present=("heddle", "wasm3")):
    selected = [programs.Program(name, "nothing", pathlib.Path("x.c"), {"full": 2, "quick": 1, "long": 4}) for name in results]
    found = [engines.Engine(name, "1", [], timed_inside=False) for name in present]
    plan = measure.Plan(selected, found, rounds=2, amount="full", timeout=5, seed=1)
    absent = [engines.Absent("wasmi", "install it")]
    return report.Report(plan, absent, results, "wasm3", "wall", 0.5)


class ProgramsTest(unittest.TestCase):
    def test_every_program_is_small_described_and_pinned(self):
        found = programs.all_programs()
        self.assertGreaterEqual(len(found), 14)
        for program in found:
            self.assertLess(len(program.source.read_text().split("\n")), 120, program.name)
            for amount in (0, *program.amounts.values()):
                self.assertIsNotNone(programs.expected_checksum(program, amount), f"{program.name} {amount}: --bless")

    def test_an_unknown_name_is_refused_with_the_known_ones(self):
        with self.assertRaisesRegex(programs.BuildError, "no program named nope; there are: .*fib"):
            programs.select(["nope"])

    def test_a_program_without_its_two_lines_is_refused(self):
        with tempfile.TemporaryDirectory() as scratch:
            source = pathlib.Path(scratch) / "x.c"
            source.write_text("// licence\n// Does something.\n// n = many\n\n")
            with self.assertRaisesRegex(programs.BuildError, "x.c: lines 2 and 3"):
                programs.read_program(source)


class MeasureTest(unittest.TestCase):
    def test_a_result_is_the_last_number_as_unsigned(self):
        self.assertEqual(engines.parse_result("run(3)\n-1\n"), 0xFFFFFFFF)
        self.assertIsNone(engines.parse_result("nothing\n"))

    def test_a_wrong_checksum_is_an_error(self):
        run = measure.run_once(script_engine(""), [sys.executable, "-c", "print(41)"], 30)
        self.assertEqual(measure.check(run, 41), "")
        self.assertIn("wrong checksum", measure.check(run, 42))

    def test_a_crash_and_a_hang_are_errors(self):
        crashed = measure.run_once(script_engine(""), [sys.executable, "-c", "raise SystemExit('out of yarn')"], 30)
        self.assertIn("out of yarn", measure.check(crashed, 1))
        hung = measure.run_once(script_engine(""), [sys.executable, "-c", "import time; time.sleep(60)"], 0.2)
        self.assertIn("no result within 0.2 s", measure.check(hung, 1))

    def test_minima_are_taken_and_the_empty_run_subtracted(self):
        taken = series([3.0, 2.5, 9.0], [0.5, 0.75])
        self.assertEqual(taken.whole("wall"), 2.5)
        self.assertEqual(taken.call("wall"), 2.0)
        self.assertEqual(taken.noise("wall"), 1.2)

    def test_a_call_that_drowns_in_the_start_up_is_no_figure(self):
        self.assertIsNone(series([1.0], [1.5]).call("wall"))
        self.assertIsNone(series([1.2], [1.0]).call("wall"))
        self.assertIsNotNone(series([1.3], [1.0]).call("wall"))

    def test_ratios_leave_out_programs_with_an_error(self):
        results = {
            "a": {"heddle": series([1.0], [0.0]), "wasm3": series([2.0], [0.0])},
            "b": {"heddle": series([1.0], [0.0]), "wasm3": series([8.0], [0.0])},
            "c": {"heddle": series([], [], "trap"), "wasm3": series([1.0], [0.0])},
        }
        found = measure.ratios(results, "heddle", "wasm3", "call", "wall")
        self.assertEqual(found, {"a": 0.5, "b": 0.125})
        self.assertAlmostEqual(measure.geometric_mean(list(found.values())), 0.25)
        self.assertIsNone(measure.geometric_mean([]))


class EnginesTest(unittest.TestCase):
    def test_an_absent_engine_comes_with_its_remedy(self):
        options = engines.Options(["old=nowhere/heddle"], ["interp"], pathlib.Path("nowhere"), "clang-19")
        present, absent = engines.find(["heddle"], options)
        self.assertEqual(present, [])
        self.assertEqual(absent[0].name, "heddle:old")
        self.assertIn("./dev build", absent[0].remedy)


class ReportTest(unittest.TestCase):
    def test_the_table_has_ratios_errors_and_means(self):
        made = sample_report({
            "a": {"heddle": series([1.0, 1.0], [0.0]), "wasm3": series([2.0, 2.0], [0.0])},
            "b": {"heddle": series([], [], "wrong checksum"), "wasm3": series([8.0], [0.0])},
        })
        text = report.terminal(made)
        self.assertRegex(text, r"a +2\.000 +0\.50")
        self.assertRegex(text, r"b +8\.000 +error")
        self.assertRegex(text, r"geometric mean +0\.500")
        self.assertIn("1 of 2", text)
        self.assertIn("b in heddle: wrong checksum", text)
        self.assertIn("wasmi: absent", text)

    def test_the_page_is_replaced_between_its_marks_only(self):
        page = f"before\n{report.BEGIN_MARK}\nold\n{report.END_MARK}\nafter\n"
        once = report.replace_between_marks(page, "new \\1")
        self.assertEqual(once, report.replace_between_marks(once, "new \\1"))
        self.assertTrue(re.fullmatch(r"before\n.*new \\1.*after\n", once, re.DOTALL))
        self.assertNotIn("old", once)
        with self.assertRaises(ValueError):
            report.replace_between_marks("no marks", "text")

    def test_the_documentation_has_its_marks(self):
        page = (programs.ROOT / "docs/BENCHMARKS.md").read_text()
        self.assertIn(report.BEGIN_MARK, page)
        self.assertIn(report.END_MARK, page)


class VerdictTest(unittest.TestCase):
    GOOD = {"heddle": series([1.0], [0.0]), "wasm3": series([2.0], [0.0])}

    def judge(self, results, at_most, baseline="wasm3", present=("heddle", "wasm3")):
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return command_line.verdict(sample_report(results, present), at_most, baseline)

    def test_the_bar_is_met_or_missed(self):
        self.assertEqual(self.judge({"a": self.GOOD}, 0.6), 0)
        self.assertEqual(self.judge({"a": self.GOOD}, 0.4), 1)
        self.assertEqual(self.judge({"a": self.GOOD}, None), 0)
        unable = {"heddle": self.GOOD["heddle"], "wasm3": measure.Series(error="wasm3 has no SIMD", skipped=True)}
        self.assertEqual(self.judge({"a": self.GOOD, "b": unable}, 0.6), 0)
        self.assertEqual(self.judge({"b": unable}, 0.6), 1)

    def test_what_was_not_measured_does_not_meet_the_bar(self):
        short = {"heddle": series([1.0], [1.0]), "wasm3": series([2.0], [0.0])}
        failed = {"heddle": series([], [], "trap"), "wasm3": series([2.0], [0.0])}
        self.assertEqual(self.judge({"a": self.GOOD, "b": short}, 0.6), 1)
        self.assertEqual(self.judge({"a": self.GOOD, "b": failed}, None), 1)
        self.assertEqual(self.judge({"a": {"wasm3": series([2.0], [0.0])}}, 0.6, present=("wasm3",)), 1)
        self.assertEqual(self.judge({"a": self.GOOD}, 0.6, baseline="native"), 1)


class InstructionsTest(unittest.TestCase):
    def test_a_process_that_fails_has_no_count(self):
        if instructions.shutil.which("valgrind"):
            self.assertIsInstance(instructions.count_once("callgrind", ["false"]), str)
            self.assertIsInstance(instructions.count_once("callgrind", ["true"]), int)

    def test_counts_are_read_from_the_tools_output(self):
        self.assertEqual(instructions.parse_callgrind("==1== Collected : 12345\n"), 12345)
        self.assertEqual(instructions.parse_perf("678,,instructions:u,1,100.00,,\n"), 678)
        self.assertIsNone(instructions.parse_perf("<not supported>,,instructions:u,0,100.00,,\n"))


if __name__ == "__main__":
    unittest.main()
