# SPDX-License-Identifier: Apache-2.0
"""Child process that loads, or compiles, FILE in wasmtime or wasm3, in memory already, and prints its times as JSON."""

import json
import sys
import time


def validate_in_wasmtime(module_bytes: bytes) -> None:
    import wasmtime

    wasmtime.Module.validate(wasmtime.Engine(), module_bytes)


def compile_in_wasmtime(module_bytes: bytes) -> None:
    import wasmtime

    wasmtime.Module(wasmtime.Engine(), module_bytes)


def parse_in_wasm3(module_bytes: bytes) -> None:
    import wasm3

    environment = wasm3.Environment()
    environment.new_runtime(1 << 20).load(environment.parse_module(module_bytes))


def main() -> None:
    load = {"wasmtime": validate_in_wasmtime, "wasmtime-compile": compile_in_wasmtime, "wasm3": parse_in_wasm3}[sys.argv[1]]
    with open(sys.argv[2], "rb") as file:
        module_bytes = file.read()
    load(b"\0asm\1\0\0\0")  # what the first module of a process costs is no property of the module
    start = time.perf_counter()
    load(module_bytes)
    print(json.dumps({"load_seconds": time.perf_counter() - start}))


main()
