# SPDX-License-Identifier: Apache-2.0
"""The entry point of `python3 bench/compare`."""

import sys

import command_line

sys.exit(command_line.main())
