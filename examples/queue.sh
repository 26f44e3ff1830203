#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fifty tasks for two workers that share a queue: examples/queue.sh [STORE], with redis://HOST:PORT/0 also across machines.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
heddle=${HEDDLE:-$here/../build/release/bin/heddle}
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
store=${1:-lmdb:$folder/store}

for worker in 1 2; do
  "$heddle" worker --store "$store" --queue collatz &
done

# Each line is the argument of a task; each result is two lines, the number and its steps.
for ((from = 1; from < 100000; from += 2000)); do echo "$from $((from + 2000))"; done |
  "$heddle" enqueue --store "$store" --queue collatz --invoke longest --lines "$here/collatz.wat" |
  paste - - | sort -n -k 2 | tail -n 1 | awk '{ print "below 100,000, " $1 " takes the most steps: " $2 }'
