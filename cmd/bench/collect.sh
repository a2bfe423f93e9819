#!/usr/bin/env bash
# Benchmark of collection: what reading a network costs in the processor's time
# of the twin alone, against the project's floors. What its rows mean:
# cmd/bench/collect/doc.go.
#   cmd/bench/collect.sh [flags]    such as -rows flow,yang -profile /tmp/cpu
# SCRATCH names where stores go (removed afterwards).
set -euo pipefail
cd "$(dirname "$0")/../.."
seed=${SEED:-1}
scratch=$(mktemp -d -p "${SCRATCH:-${TMPDIR:-/tmp}}" nettwin-collect-XXXXXX)
trap 'rm -rf "$scratch"' EXIT
CGO_ENABLED=0 go build -trimpath -o "$scratch/collect" ./cmd/bench/collect
"$scratch/collect" -dir "$scratch" -seed "$seed" \
  -commit "$(git rev-parse --short HEAD)$(git diff --quiet HEAD -- ingest ontology graph naming || echo ' with changes')" "$@"
