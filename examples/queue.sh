#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fifty tasks for two workers that share a queue: examples/queue.sh [STORE]; redis://HOST:PORT/0 also reaches other machines,
# and `redis` is a server just for this.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
heddle=${HEDDLE:-$here/../build/release/bin/heddle}
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
store=${1:-lmdb:$folder/store}

# A server that ends with this script, on a port that is free.
start_redis() {
  local port
  for port in $(shuf -n 20 -i 20000-32000); do
    redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no >"$folder/redis.log" &
    server=$!
    while kill -0 "$server" 2>/dev/null; do
      ! grep -q 'Ready to accept' "$folder/redis.log" || { store=redis://127.0.0.1:$port/0; return; }
      sleep 0.05
    done
  done
  echo "queue.sh: redis-server does not start" >&2
  exit 1
}
[ "$store" != redis ] || start_redis

for worker in 1 2; do
  "$heddle" worker --store "$store" --queue collatz &
done

# Each line is the argument of a task; each result is two lines, the number and its steps.
for ((from = 1; from < 100000; from += 2000)); do echo "$from $((from + 2000))"; done |
  "$heddle" enqueue --store "$store" --queue collatz --invoke longest --lines "$here/collatz.wat" |
  paste - - | sort -n -k 2 | tail -n 1 | awk '{ print "below 100,000, " $1 " takes the most steps: " $2 }'
