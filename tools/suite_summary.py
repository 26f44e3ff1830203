#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads the JSON report of `heddle wast`: a summary for people on stderr, `PASSED FAILED` for ./dev test on stdout."""

import json
import sys
from pathlib import Path

SHOWN = 30


def main():
    if len(sys.argv) != 3:
        print("usage: suite_summary.py REPORT.json EXIT-STATUS", file=sys.stderr)
        return 2
    report, status = Path(sys.argv[1]), int(sys.argv[2])
    if not report.exists():
        print("the suite runner left no report", file=sys.stderr)
        print("0 1")
        return 0
    data = json.loads(report.read_text(encoding="utf-8"))
    passed = failed = 0
    for tier, totals in data["totals"].items():
        print(f"{tier}: {len(data['files'])} files, " + ", ".join(f"{n} {what}" for what, n in totals.items()), file=sys.stderr)
        passed += totals["pass"]
        failed += totals["fail"] + totals["crash"]
    if failed or status:
        # A complaint about the expectations themselves belongs to no file; only the exit status carries it.
        failed = max(failed, 1)
        failures = [(f["path"], x) for f in data["files"] for x in f["failures"]]
        for path, failure in failures[:SHOWN]:
            print(f"{path}:{failure['line']}: {failure['directive']}: {failure['message']}", file=sys.stderr)
        if len(failures) > SHOWN:
            print(f"... and {len(failures) - SHOWN} more in {report}", file=sys.stderr)
    print(passed, failed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
