// SPDX-License-Identifier: Apache-2.0
// What the guests beside it do, with node's workers: node child_threads.mjs spawn|pair|blocked ROUNDS.
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { writeSync } from 'node:fs';

const now = () => process.hrtime.bigint();

function post(words, at, value) {
  Atomics.store(words, at, value);
  Atomics.notify(words, at, 1);
}

function awaitValue(words, at, value) {
  for (let seen = Atomics.load(words, at); seen !== value; seen = Atomics.load(words, at)) {
    Atomics.wait(words, at, seen);
  }
}

function start(what, words, times, rounds, index = 0) {
  return new Worker(new URL(import.meta.url), { workerData: { what, words, times, rounds, index } });
}

const parts = {
  spawn({ times, index, words }) {
    times[3 * index + 1] = now();
    post(words, 0, index + 1);
  },
  pair({ words, rounds }) {
    for (let i = 1; i <= rounds; ++i) {
      awaitValue(words, 0, i);
      post(words, 32, i);
    }
  },
  blocked({ words }) {
    Atomics.add(words, 0, 1);
    Atomics.notify(words, 0, 1);
    Atomics.wait(words, 64, 0);
  },
};

const programs = {
  async spawn(words, times, rounds) {
    for (let i = 0; i < rounds; ++i) {
      times[3 * i] = now();
      const worker = start('spawn', words, times, rounds, i);
      await new Promise((resolve) => worker.once('exit', resolve));
      times[3 * i + 2] = now();
    }
    return 3 * rounds;
  },
  async pair(words, times, rounds) {
    const worker = start('pair', words, times, rounds);
    await new Promise((resolve) => worker.once('online', resolve));
    for (let i = 0; i < rounds; ++i) {
      if (i % 100 === 0) times[i / 100] = now();
      post(words, 0, i + 1);
      awaitValue(words, 32, i + 1);
    }
    times[rounds / 100] = now();
    return rounds / 100 + 1;
  },
  async blocked(words, times, rounds) {
    times[0] = now();
    for (let i = 0; i < rounds; ++i) start('blocked', words, times, rounds);
    while (Atomics.load(words, 0) !== rounds) await new Promise((resolve) => setTimeout(resolve, 1));
    times[1] = now();
    return 2;
  },
};

if (isMainThread) {
  const [what, text] = process.argv.slice(2);
  const rounds = Number(text);
  const words = new Int32Array(new SharedArrayBuffer(4096));
  const times = new BigInt64Array(new SharedArrayBuffer(8 * (3 * rounds + 100)));
  const count = await programs[what](words, times, rounds);
  const bytes = new Uint8Array(times.buffer.slice(0, 8 * count));
  for (let done = 0; done < bytes.length;) done += writeSync(1, bytes, done);
  process.exit(0);
} else {
  parts[workerData.what](workerData);
}
