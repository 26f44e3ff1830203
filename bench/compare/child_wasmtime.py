# SPDX-License-Identifier: Apache-2.0
"""Child process that runs FILE's export `run` with N in Wasmtime and prints result and times as JSON."""

import json
import sys
import time

import wasmtime


def main() -> None:
    with open(sys.argv[1], "rb") as file:
        module_bytes = file.read()
    amount = int(sys.argv[2])
    cpu, wall = time.process_time(), time.perf_counter()
    store = wasmtime.Store(wasmtime.Engine())
    instance = wasmtime.Instance(store, wasmtime.Module(store.engine, module_bytes), [])
    result = instance.exports(store)["run"](store, amount)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({"result": result, "wall": wall, "cpu": cpu}))


main()
