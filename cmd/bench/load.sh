#!/usr/bin/env bash
# Loads what the shared benchmark's generator makes, piped into nettwin load,
# within a memory limit, and asks the first queries in new processes. 50000
# devices are 10^8 quads.
#   cmd/bench/load.sh [DEVICES] [MEMORY]     default 5000 (10^7 quads), 4GiB
# SHARED names the shared folder with the generator, SCRATCH where the store
# goes (some 25 bytes a quad, half as much again while it is written; removed
# afterwards). Needs GNU time.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD devices=${1:-5000} memory=${2:-4GiB} seed=${SEED:-1}
shared=${SHARED:-$root/../shared}
scratch=$(mktemp -d -p "${SCRATCH:-${TMPDIR:-/tmp}}" nettwin-load-XXXXXX)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/gen"
cp "$shared"/bench/gen/*.go "$shared"/bench/gen/go.mod "$scratch/gen/"
(cd "$scratch/gen" && go build -o "$scratch/generate" .)
CGO_ENABLED=0 go build -o "$scratch/nettwin" ./cmd/nettwin
measured() { command time -o "$scratch/time" -f '%e %U %S %M' "$@"; }

echo "commit $(git rev-parse --short HEAD), seed $seed, $devices devices, limit $memory, $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg), $(go version | cut -d' ' -f3)"
df -h "$scratch" | tail -1
"$scratch/generate" -devices "$devices" -seed "$seed" -o /dev/stdout 2>/dev/null |
  measured "$scratch/nettwin" --json load --memory "$memory" --format nquads --data "$scratch/data" - >"$scratch/report"
quads=$(sed -n 's/.*"adds": \([0-9]*\).*/\1/p' "$scratch/report")
read -r wall user sys rss <"$scratch/time"
bytes() { cat "$scratch"/data/graph/"$1"* | wc -c; }
awk -v q="$quads" -v w="$wall" -v c="$user $sys" -v r="$rss" -v seg="$(bytes seg-)" -v dict="$(bytes dict-)" 'BEGIN {
  split(c, t, " "); cpu = t[1] + t[2]
  printf "%d quads in %.1f s (%.2f M/s), %.1f s of CPU (%.2f M/s a core), peak %.0f MiB resident\n", q, w, q/w/1e6, cpu, q/cpu/1e6, r/1024
  printf "index %.1f bytes a quad, dictionary %.1f\n", seg/q, dict/q }'
for query in 'SELECT (1 AS ?one) {}' 'SELECT (COUNT(*) AS ?n) { ?s ?p ?o }' 'SELECT * { ?s <http://example.org/net#serial> ?o } LIMIT 3'; do
  measured "$scratch/nettwin" query --data "$scratch/data" --format csv "$query" >"$scratch/answer"
  read -r wall user sys rss <"$scratch/time"
  echo "in a new process $wall s ($user s of CPU): $query: $(tail -1 "$scratch/answer")"
done
