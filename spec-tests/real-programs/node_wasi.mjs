// SPDX-License-Identifier: Apache-2.0
// Runs a program under the WASI of Node.js, or writes the files that a package carries as a JavaScript module.
//
//     node node_wasi.mjs run '{"wasm", "arguments", "directories": {guest: host}}'
//     node node_wasi.mjs unpack MODULE.js FOLDER
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { WASI } from "node:wasi";

async function run(request) {
  const wasi = new WASI({
    version: "preview1",
    args: request.arguments,
    env: {},
    preopens: request.directories,
    returnOnExit: true,
  });
  const module = await WebAssembly.compile(readFileSync(request.wasm));
  const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
  process.exitCode = wasi.start(instance);
}

/** Folders are objects; files are texts, bytes, or places to read from. */
function write(tree, folder) {
  mkdirSync(folder, { recursive: true });
  for (const [name, value] of Object.entries(tree)) {
    const path = join(folder, name);
    if (typeof value === "string" || value instanceof Uint8Array) writeFileSync(path, value);
    else if (value instanceof URL) writeFileSync(path, readFileSync(value));
    else write(value, path);
  }
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === "run") {
  await run(JSON.parse(rest[0]));
} else if (mode === "unpack") {
  write((await import(pathToFileURL(rest[0]))).filesystem, rest[1]);
} else {
  throw new Error(`neither run nor unpack: ${mode}`);
}
