# SPDX-License-Identifier: Apache-2.0
"""The entry point of `python3 bench/load`."""

import pathlib
import sys

# Finding engines, naming the machine and making tables is the comparison's.
sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "compare"))

import load_command  # noqa: E402

sys.exit(load_command.main())
