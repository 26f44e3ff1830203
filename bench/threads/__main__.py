# SPDX-License-Identifier: Apache-2.0
"""The entry point of `python3 bench/threads`."""

import pathlib
import sys

# Finding a compiler, naming the machine and making tables is the comparison's.
sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "compare"))

import threads_command  # noqa: E402

sys.exit(threads_command.main())
