# SPDX-License-Identifier: Apache-2.0
"""Tests of the benchmark of threads; run them with `python3 -m unittest discover -s bench/threads -p '*_test.py'`."""

import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent / "compare")]

import measures  # noqa: E402
import report  # noqa: E402
import threads_command  # noqa: E402
import threads_table  # noqa: E402
import ways  # noqa: E402

HEDDLE_1 = ways.Way("heddle 1", "1", [], "wasm")
HEDDLE_2 = ways.Way("heddle 2", "1", [], "wasm")
SYSTEM = ways.Way("system", "2", [], "native")
OTHER = ways.Way("other", "3", [], "wasm", {"blocked": 10})


def child(code):
    return ways.run_child([sys.executable, "-c", "import os, struct, sys\n" + code], 60)


class ChildTest(unittest.TestCase):
    def test_a_child_writes_its_times(self):
        run = child("os.write(1, struct.pack('<3Q', 1, 2, 2**40))")
        self.assertEqual(run.times, [1, 2, 2**40])
        self.assertGreater(run.peak_bytes, 1 << 20)
        self.assertGreaterEqual(run.ending, 0)

    def test_failures_say_why(self):
        self.assertEqual(child("sys.exit('oh no')").reason, "exit code 1: oh no")
        self.assertEqual(child("print('hi')").reason, "exit code 0: 3 bytes of output")
        self.assertEqual(child("").reason, "exit code 0: 0 bytes of output")
        late = ways.run_child([sys.executable, "-c", "import time; time.sleep(60)"], 0.2)
        self.assertEqual(late.reason, "not done within 0.2 s")

    def test_what_only_guests_have_is_not_run_elsewhere(self):
        self.assertEqual(SYSTEM.run(ways.Program("parallel", 1), None, 1).reason, "not measured")


class FiguresTest(unittest.TestCase):
    def test_figures_are_medians(self):
        run = ways.Run([0, 1000, 3000, 5000, 9000, 12000, 0, 2000, 2500], 2**20, 0.25)
        self.assertEqual(measures.start_latency(run, 3), 2)
        self.assertEqual(measures.spawn_and_join(run, 3), 3)
        self.assertEqual(measures.round_trip(ways.Run([0, 900, 1200, 1600], 1, 0), 300), 3)
        self.assertEqual(measures.memory(run, 64), 16)
        self.assertEqual(measures.ending(run, 1), 250)

    def test_the_least_counts_and_a_failure_counts_more(self):
        runs = [ways.Run([0, 5_000_000], 1, 0), ways.Run([0, 3_000_000], 1, 0)]
        self.assertEqual(measures.least(runs, measures.whole, 1), 3)
        self.assertEqual(measures.least([*runs, ways.Failed("no")], measures.whole, 1).reason, "no")


class TableTest(unittest.TestCase):
    def table(self):
        runs = threads_table.Runs()
        all_ways = [HEDDLE_1, HEDDLE_2, SYSTEM, OTHER]
        for way, program in threads_command.plan(all_ways):
            if way.name == "other" and program.source == "blocked":
                runs.add(way, program, ways.Failed("exit code 134: no memory"))
                continue
            step = 100 if way.name.startswith("heddle") else 1000
            runs.add(way, program, ways.Run([i * step for i in range(6000)], 10 * 2**20, 0.01))
        for program in measures.PARALLEL.values():
            for way in all_ways[:2]:
                runs.add(way, program, ways.Run([0, 600_000], 1, 0))
            runs.add_two(program, [600_000, 500_000])
        for program in (measures.FEW_SPAWNS, measures.MILLION_SPAWNS):
            runs.add(HEDDLE_1, program, ways.Run([0, 10**9], 20 * 2**20, 0))
        return threads_table.Table(all_ways, runs, 1, 0.5, 0.25, False)

    def test_costs_stand_beside_the_systems(self):
        head, rows = self.table().cost_rows()
        self.assertEqual(head, ["", "", "heddle 1", "heddle 2", "system", "other", "goal"])
        self.assertEqual(rows[0], ["spawn to first step", "µs", "0.10 (0.10×)", "0.10 (0.10×)", "1.00", "1.00 (1.00×)",
                                   "heddle 1: 5 µs, met; heddle 2: 5 µs, met"])
        self.assertEqual(rows[2][-1], "heddle 1: 200 ns, met; heddle 2: 2× system, met")
        self.assertEqual(rows[3][2:5], ["-", "1.00 (0.10×)", "-"])
        self.assertEqual(rows[4][5], "error")

    def test_speed_up_stands_beside_that_of_processes(self):
        _, rows = self.table().speed_up_rows()
        self.assertEqual(rows[0], ["fib", "0.60", "0.60", "1.00", "2.00", "1.9, MISSED"])

    def test_facts_tell_of_growth_cuts_and_errors(self):
        text = self.table().terminal()
        self.assertIn("heddle 1: a million spawns, 1.00 µs each; peak memory 20.0 MiB", text)
        self.assertIn("other: 3; threads: 10 in blocked", text)
        self.assertIn("error: blocked in other: exit code 134: no memory", text)
        self.assertEqual(self.table().verdict(), 0)
        self.assertIn("| spawn to first step | µs |", self.table().markdown())
        self.assertIn('"spawn and join"', self.table().json_text())

    def test_the_page_has_a_place_for_it(self):
        page = (HERE.parent.parent / "docs/BENCHMARKS.md").read_text(encoding="utf-8")
        replaced = report.replace_between_marks(page, "TEXT", threads_table.BEGIN_MARK, threads_table.END_MARK)
        self.assertIn(f"{threads_table.BEGIN_MARK}\n\nTEXT\n{threads_table.END_MARK}", replaced)


if __name__ == "__main__":
    unittest.main()
