// SPDX-License-Identifier: Apache-2.0
// Child process that runs FILE's export `run` with N in Node's engine and prints result and times as JSON.
import { readFileSync } from "node:fs";

const bytes = readFileSync(process.argv[2]);
const amount = Number(process.argv[3]);
const cpuStart = process.cpuUsage();
const wallStart = performance.now();
const { instance } = await WebAssembly.instantiate(bytes);
const result = instance.exports.run(amount);
const wall = (performance.now() - wallStart) / 1e3;
const used = process.cpuUsage(cpuStart);
console.log(JSON.stringify({ result, wall, cpu: (used.user + used.system) / 1e6 }));
