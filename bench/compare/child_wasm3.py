# SPDX-License-Identifier: Apache-2.0
"""Child process that runs FILE's export `run` with N in wasm3 (PyPI: pywasm3) and prints result and times as JSON."""

import json
import sys
import time

import wasm3

STACK_BYTES = 1 << 20


def main() -> None:
    with open(sys.argv[1], "rb") as file:
        module_bytes = file.read()
    amount = int(sys.argv[2])
    cpu, wall = time.process_time(), time.perf_counter()
    environment = wasm3.Environment()
    runtime = environment.new_runtime(STACK_BYTES)
    runtime.load(environment.parse_module(module_bytes))
    result = runtime.find_function("run")(amount)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({"result": result, "wall": wall, "cpu": cpu}))


main()
