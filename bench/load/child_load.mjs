// SPDX-License-Identifier: Apache-2.0
// Child process that validates FILE in V8, in memory already, and prints the time as JSON.
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";

const bytes = readFileSync(process.argv[2]);
const start = performance.now();
if (!WebAssembly.validate(bytes)) throw new Error("V8 calls it invalid");
console.log(JSON.stringify({ load_seconds: (performance.now() - start) / 1000 }));
