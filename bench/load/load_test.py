# SPDX-License-Identifier: Apache-2.0
"""Tests of the load benchmark; run them with `python3 -m unittest discover -s bench/load -p '*_test.py'`."""

import contextlib
import io
import pathlib
import sys
import tarfile
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent / "compare")]

import load_command  # noqa: E402
import load_table  # noqa: E402
import loaders  # noqa: E402
import modules  # noqa: E402
import report  # noqa: E402


def script(code, prints=True, **more):
    return loaders.Loader("script", [sys.executable, "-c", code], 0, prints, **more)


def own_run(read=0.1, validate=0.3):
    return loaders.Run({"read": read, "decode": 0.1, "validate": validate, "translate": 1.0}, 5_000_000,
                       {"functions": 1234, "code_bytes": 1_000_000, "translated_bytes": 3_450_000})


class LoadersTest(unittest.TestCase):
    def test_a_child_prints_its_times(self):
        run = script("print('noise'); print('{\"read_seconds\": 0.5, \"functions\": 3}')").run(HERE, 60)
        self.assertEqual(run.seconds, {"read": 0.5})
        self.assertEqual(run.facts, {"functions": 3})
        self.assertGreater(run.peak_bytes, 1 << 20)

    def test_a_whole_process_is_timed(self):
        run = script("import time; time.sleep(0.1)", prints=False).run(HERE, 60)
        self.assertGreaterEqual(run.seconds["all"], 0.1)

    def test_failures_say_why(self):
        self.assertIn("exit code 3: oh no", script("print('oh no'); raise SystemExit(3)").run(HERE, 60).reason)
        self.assertIn("unexpected output: 'words'", script("print('words')").run(HERE, 60).reason)
        self.assertIn("not loaded within 0.2 s", script("import time; time.sleep(60)").run(HERE, 0.2).reason)

    def test_a_tool_that_finds_nothing_to_run_has_loaded(self):
        code = "print('failed to find function'); raise SystemExit(1)"
        self.assertIsInstance(script(code, prints=False, loaded_if="failed to find").run(HERE, 60), loaders.Run)

    def test_the_best_run_counts_and_a_failure_counts_more(self):
        slow, fast = own_run(read=0.5), own_run()
        self.assertIs(loaders.best([slow, fast]), fast)
        self.assertIsInstance(loaders.best([fast, loaders.Failed("no")]), loaders.Failed)


class ModulesTest(unittest.TestCase):
    def test_files_are_taken_as_they_are_and_others_refused(self):
        self.assertEqual(modules.select([__file__], HERE)[0].path, pathlib.Path(__file__))
        with self.assertRaisesRegex(modules.FetchError, "neither a file nor one of clang, "):
            modules.select(["nope"], HERE)

    def test_a_package_is_unpacked_once(self):
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder) / "x"
            source.write_bytes(b"\0asm")
            with tarfile.open(source.with_suffix(".tgz"), "w:gz") as archive:
                archive.add(source, "package/src/pandoc.wasm")
            path = modules.PACKAGES["pandoc"].stored(pathlib.Path(folder))
            modules.extract(source.with_suffix(".tgz"), "package/src/pandoc.wasm", path)
            self.assertEqual(path.read_bytes(), b"\0asm")
            self.assertEqual(modules.fetch("pandoc", pathlib.Path(folder)).path, path)
            with self.assertRaisesRegex(modules.FetchError, "x.tgz has no file package/gone"):
                modules.extract(source.with_suffix(".tgz"), "package/gone", path)


class TableTest(unittest.TestCase):
    def measured(self, results):
        with tempfile.NamedTemporaryFile(suffix=".wasm", delete=False) as file:
            file.write(b"x" * 2_000_000)
        self.addCleanup(pathlib.Path(file.name).unlink)
        own = loaders.heddle(pathlib.Path("heddle"))
        peers = [loaders.Loader("v8", [], 1, True, "validate"), loaders.Loader("v8 compile", [], 1, True, compiles=True)]
        module = modules.Module("app", pathlib.Path(file.name))
        return load_table.Measured([module], own, peers, {"app": results}, {"v8": "9", "v8 compile": "9"}, 3, 0.5)

    def test_rates_are_of_the_whole_module_and_of_the_code(self):
        every = own_run(validate=0.05)
        measured = self.measured({"one": own_run(), "all": every, "translate": own_run(), "compile": own_run(),
                                  "v8": loaders.Run({"load": 0.2}, 1), "v8 compile": loaders.Run({"load": 4.0}, 1)})
        _, rows = load_table.stage_rows(measured)
        self.assertEqual(rows, [["app", "2.0", "1,234", "100", "100", "300", "4", "8", "5", "1000", "1", "3.45", "5"]])
        self.assertEqual(load_table.peer_rows(measured)[1], [["app", "400", "200"]])
        self.assertEqual(load_table.compile_rows(measured)[1], [["app", "1.0", "1000", "1.00", "3.45", "5", "4000", "0.25"]])
        self.assertIn("| app | 2.0 | 1,234 |", load_table.markdown(measured))
        self.assertIn("v8: 9: validate", load_table.terminal(measured))
        self.assertIn('"translated_bytes": 3450000', load_table.json_text(measured))
        with contextlib.redirect_stdout(io.StringIO()) as out:
            self.assertEqual(load_command.verdict(measured, 1), 0)
            self.assertEqual(load_command.verdict(measured, 150), 1)
        self.assertIn("the bar is 150: MISSED", out.getvalue())

    def test_a_failure_is_a_row_and_a_line(self):
        failed = loaders.Failed("exit code 2: malformed")
        measured = self.measured({"one": failed, "all": failed, "translate": failed, "compile": failed, "v8": failed, "v8 compile": failed})
        self.assertIn("error", load_table.stage_rows(measured)[1][0])
        self.assertIn("app in v8: exit code 2: malformed", load_table.terminal(measured))
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(load_command.verdict(measured, None), 1)

    def test_the_page_has_a_place_for_it(self):
        page = (HERE.parent.parent / "docs/BENCHMARKS.md").read_text(encoding="utf-8")
        replaced = report.replace_between_marks(page, "TEXT", load_table.BEGIN_MARK, load_table.END_MARK)
        self.assertIn(f"{load_table.BEGIN_MARK}\n\nTEXT\n{load_table.END_MARK}", replaced)


if __name__ == "__main__":
    unittest.main()
