#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests heddle worker and heddle enqueue as their users run them: several processes, a real Redis server, kills and signals."""

import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TASKS = Path(__file__).resolve().parent / "testdata" / "tasks.wat"
HEDDLE = None  # the program under test, from the command line
PATIENCE = 120  # seconds after which something hangs


class RedisServer:
    """A server on a free port of the loopback that writes nothing to the disk."""

    def __init__(self):
        for _ in range(10):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            self.process = subprocess.Popen(
                ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            self.url = f"redis://127.0.0.1:{port}/0"
            if any("Ready to accept" in line for line in self.process.stdout):
                return
        raise AssertionError("redis-server does not start")

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Workers:
    """What the tests of each kind of store share."""

    def setUp(self):
        self.processes = []
        self.url = self.make_store()

    def tearDown(self):
        for process in self.processes:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream:
                    stream.close()

    def start(self, *arguments, stdin=None):
        process = subprocess.Popen([HEDDLE, *arguments], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.processes.append(process)
        return process

    def worker(self, *options, queue="tasks"):
        return self.start("worker", "--store", self.url, "--queue", queue, "--visibility", "1s", *options)

    def submit(self, function, *arguments, queue="tasks", options=(), stdin=None):
        return self.start("enqueue", "--store", self.url, "--queue", queue, "--invoke", function, *options, str(TASKS), *arguments,
                          stdin=stdin)

    def finish(self, process, expected=0):
        output, errors = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, expected, errors)
        return output, errors

    def result(self, function, *arguments, expected=0, **more):
        return self.finish(self.submit(function, *arguments, **more), expected)

    def test_two_workers_one_of_them_killed_do_each_task_once(self):
        doomed, other = self.worker("--quiet"), self.worker("--tasks", "100000", "--idle", "5s")
        submitter = self.submit("work", options=["--lines"], stdin=subprocess.PIPE)
        submitter.stdin.write("".join(f"{n}\n" for n in range(200)))
        submitter.stdin.close()
        results = []
        for line in submitter.stdout:
            results.append(int(line))
            if len(results) == 50:
                doomed.kill()
        self.assertEqual(submitter.wait(PATIENCE), 0)
        self.assertEqual(results, [3 * n + 1 for n in range(200)])
        _, summary = self.finish(other)
        done = int(re.search(r"(\d+) tasks? done, 0 failed", summary).group(1))
        self.assertGreaterEqual(done, 1)
        self.assertLessEqual(done, 200)

    def test_task_of_a_killed_worker_is_done_by_another(self):
        control = self.worker(queue="control")
        doomed = self.worker()
        task = self.submit("stuck")
        self.result("wait_started", queue="control")
        doomed.kill()
        doomed.wait()
        self.result("go", queue="control")
        self.worker()
        self.assertEqual(self.finish(task)[0], "7\n")
        control.send_signal(signal.SIGINT)
        self.assertIn("2 tasks done, 0 failed", self.finish(control)[1])

    def test_a_signal_lets_the_present_task_finish(self):
        self.worker(queue="control")
        worker = self.worker()
        task = self.submit("stuck")
        self.result("wait_started", queue="control")
        worker.send_signal(signal.SIGTERM)
        self.result("go", queue="control")
        self.assertIn("1 task done, 0 failed", self.finish(worker)[1])
        self.assertEqual(self.finish(task)[0], "7\n")

    def test_a_second_signal_gives_the_task_back(self):
        self.worker(queue="control")
        worker = self.worker()
        task = self.submit("stuck")
        self.result("wait_started", queue="control")
        # Two at once may count as one: signals are not queued. Another kind is another one.
        worker.send_signal(signal.SIGTERM)
        worker.send_signal(signal.SIGINT)
        self.assertIn("0 tasks done, 0 failed", self.finish(worker)[1])
        self.result("go", queue="control")
        self.worker()
        self.assertEqual(self.finish(task)[0], "7\n")

    def test_bad_tasks_end_nothing_but_themselves(self):
        self.worker("--timeout", "300ms")
        for function, message in (("trap", "unreachable"), ("endless", "the time limit is over"), ("nowhere", "no exported function")):
            with self.subTest(function):
                output, errors = self.result(function, expected=134)
                self.assertEqual(output, "")
                self.assertIn(message, errors)
        self.assertEqual(self.result("work", "5")[0], "16\n")

    def test_tasks_are_isolated(self):
        self.worker()
        for _ in range(3):
            self.assertEqual(self.result("count")[0], "1\n")

    def test_argument_and_result_are_bytes(self):
        self.worker()
        self.assertEqual(self.result("echo", "some", "bytes")[0], "some bytes\n")

    def test_worker_counts_its_tasks(self):
        worker = self.worker("--tasks", "2")
        self.assertEqual(self.result("work", "1")[0] + self.result("work", "2")[0], "4\n7\n")
        self.assertIn("2 tasks done", self.finish(worker)[1])

    def test_waiting_for_a_result_has_an_end(self):
        output, errors = self.result("work", "1", options=["--timeout", "100ms"], expected=2)
        self.assertIn("stays in the queue", errors)


class WithLmdb(Workers, unittest.TestCase):
    def make_store(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return f"lmdb:{folder.name}/store"


@unittest.skipUnless(shutil.which("redis-server"), "redis-server is not installed")
class WithRedis(Workers, unittest.TestCase):
    def make_store(self):
        server = RedisServer()
        self.addCleanup(server.stop)
        return server.url

    def test_worker_without_a_server_says_so(self):
        worker = self.start("worker", "--store", "redis://127.0.0.1:1/0")
        self.assertIn("redis://127.0.0.1:1/0", self.finish(worker, 2)[1])


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: worker_test.py HEDDLE [unittest options]")
    HEDDLE = sys.argv.pop(1)
    unittest.main()
