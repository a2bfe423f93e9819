#!/usr/bin/env bash
# Benchmark of the graph engine beside an index on Pebble and the plain engine
# in memory: load, sizes, updates, scans, versions. What its rows mean:
# cmd/bench/engine/doc.go.
#   cmd/bench/engine.sh [SIZE] [flags]    S, M or L (default M), or devices
# SHARED names the shared folder with the generator, SCRATCH where data and
# stores go (a few times the file's size; removed afterwards), ENGINES which
# engines run. At L the engine in memory is left out.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD size=${1:-M} seed=${SEED:-1}
shift || true
shared=${SHARED:-$root/../shared}
scratch=$(mktemp -d -p "${SCRATCH:-${TMPDIR:-/tmp}}" nettwin-bench-XXXXXX)
trap 'rm -rf "$scratch"' EXIT
engines=disk,pebble,mem
case $size in S) devices=50 ;; M) devices=500 ;; L) devices=5000 engines=disk,pebble ;; *) devices=$size ;; esac
mkdir "$scratch/gen"
cp "$shared"/bench/gen/*.go "$shared"/bench/gen/go.mod "$scratch/gen/"
(cd "$scratch/gen" && go build -o "$scratch/generate" .)
"$scratch/generate" -devices "$devices" -seed "$seed" -o "$scratch/$size.nq" >&2
(cd cmd/bench/engine && CGO_ENABLED=0 go build -trimpath -o "$scratch/bench" .)
"$scratch/bench" -data "$scratch/$size.nq" -dir "$scratch" -seed "$seed" -engines "${ENGINES:-$engines}" \
  -commit "$(git rev-parse --short HEAD)$(git diff --quiet HEAD -- graph || echo ' with changes')" "$@"
