#!/usr/bin/env bash
# Benchmark of queries beside engines that users could pick instead, with
# equal answers: the shared benchmark's generator, peers and runner, and this
# tree's nettwin, which keeps no results here: a query asked again is evaluated
# again, as the peers do it.
#   cmd/bench/peers.sh [SIZE]       S, M or L (default M)
# SHARED names the shared folder, PEERS a scratch folder, ENGINES the peers
# (virtuoso tdb2 oxigraph). Installs Debian packages: needs root.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD size=${1:-M}
shared=${SHARED:-$root/../shared} engines=${ENGINES:-virtuoso tdb2 oxigraph}
export PEERS=${PEERS:-$(mktemp -d)}
mkdir -p "$PEERS"
bench=$shared/bench
scratch=$PEERS/bench
rm -rf "$scratch"; cp -r "$bench" "$scratch"; chmod -R u+w "$scratch"
run() { "$scratch/peers.sh" "$@"; }

run setup
run data "$size"
make build
data=$PEERS/nettwin; rm -rf "$data"
started=$(date +%s.%N)
bin/nettwin load --data "$data" "$PEERS/data/$size.nq"
echo "nettwin loaded in $(awk "BEGIN{print $(date +%s.%N)-$started}") s, $(du -sm "$data" | cut -f1) MiB on disk"
echo "limits: {resultCacheBytes: 1}" >"$PEERS/nettwin.yaml"
bin/nettwin serve --data "$data" --config "$PEERS/nettwin.yaml" &
echo $! >"$PEERS/run/nettwin.pid"
trap 'kill -INT "$(cat "$PEERS/run/nettwin.pid")" 2>/dev/null || true; run stop' EXIT
# shellcheck disable=SC2086
run start $engines
for engine in $engines; do echo "$engine:"; run load "$engine" "$size"; done
until curl -sf -o /dev/null http://127.0.0.1:7878/readyz; do sleep 0.2; done
only=nettwin,$(echo $engines | tr ' ' ,)
echo "commit $(git rev-parse --short HEAD), seed ${SEED:-1}, size $size, $(nproc) cores, $(go version)"
"$PEERS/bin/runner" bench -c "$PEERS/engines.json" -q "$bench/queries" -only "$only" -n 5 -timeout 60s -o "$PEERS/out"
"$PEERS/bin/runner" update -c "$PEERS/engines.json" -only "$only" -singles 200 -batches 5 -size 1000 || true
