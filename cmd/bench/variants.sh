#!/usr/bin/env bash
# The benchmark's queries on the same data kept in other ways, with equal
# answers: what named graphs, unions with duplicates, the past and restricted
# views cost beside one default graph.
# The twin's own graph of derived facts is left out of the union.
#   cmd/bench/variants.sh [SIZE]    S, M or L (default M)
# SHARED names the shared folder, SCRATCH a scratch folder, REPEAT how often
# each query is asked.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD size=${1:-M}
bench=${SHARED:-$root/../shared}/bench
scratch=${SCRATCH:-$(mktemp -d)}
case $size in S) devices=50 ;; M) devices=500 ;; L) devices=5000 ;; *) echo "SIZE is S, M or L, not $size" >&2; exit 2 ;; esac
mkdir -p "$scratch/bin" "$scratch/queries"
for tool in gen runner; do (cd "$bench/$tool" && GOWORK=off go build -o "$scratch/bin/$tool" .); done
make build

# One graph for each device by the subject's name, one for what has no device,
# and one that says every tenth triple again.
"$scratch/bin/gen" -devices $devices -seed "${SEED:-1}" -o "$scratch/all.nq"
grep -v ' <http://example.org/d/graph/intended/[^ ]*> \.$' "$scratch/all.nq" >"$scratch/flat.nt"
awk '{ g = "other"; if (match($1, /\/device\/[0-9]+/)) g = substr($1, RSTART + 1, RLENGTH - 1)
       sub(/ \.$/, ""); print $0 " <http://example.org/d/graph/source/" g "> ."
       if (NR % 10 == 0) print $0 " <http://example.org/d/graph/second> ." }' "$scratch/flat.nt" >"$scratch/graphs.nq"
awk 'NR % 100 == 0 { print $1 " <http://example.org/net#changed> \"" NR "\" ." }' "$scratch/flat.nt" >"$scratch/delta.nt"
for q in "$bench"/queries/*.rq; do grep -q '^# flags:.*nodefault' "$q" || cp "$q" "$scratch/queries/"; done

rm -rf "$scratch"/{flat,graphs,past}
for store in flat graphs past; do
  case $store in graphs) file=graphs.nq ;; *) file=flat.nt ;; esac
  bin/nettwin load --data "$scratch/$store" "$scratch/$file"
done
before=$(bin/nettwin stats --json --data "$scratch/past" | sed -n 's/^  "commit": \([0-9]*\),$/\1/p')
bin/nettwin load --data "$scratch/past" "$scratch/delta.nt"

# Answers are not kept: what is measured is the work.
echo "limits: {resultCacheBytes: 1}" >"$scratch/nettwin.yaml"
pids=()
trap 'kill -INT "${pids[@]}" 2>/dev/null || true' EXIT
serve() { # serve STORE PORT
  bin/nettwin serve --data "$scratch/$1" --listen "127.0.0.1:$2" --config "$scratch/nettwin.yaml" >"$scratch/$1.log" 2>&1 &
  pids+=($!); echo $! >"$scratch/$1.pid"
  until curl -sf -o /dev/null "http://127.0.0.1:$2/readyz"; do sleep 0.2; done
}
serve flat 7881; serve graphs 7882; serve past 7883
engine() { printf '{"name":"%s","query":"http://127.0.0.1:%s/sparql?%s","direct":true,"pidFile":"%s"}' "$1" "$2" "$3" "$scratch/$4.pid"; }
{ echo "["; engine flat 7881 "union=false" flat; echo ","
  engine view 7881 "reasoning=off" flat; echo ","
  engine graphs 7882 "union=true&reasoning=off" graphs; echo ","
  engine past 7883 "asOf=$before" past; echo "]"; } >"$scratch/engines.json"
echo "commit $(git rev-parse --short HEAD), seed ${SEED:-1}, size $size, $(nproc) cores, $(go version)"
"$scratch/bin/runner" bench -c "$scratch/engines.json" -q "$scratch/queries" -only flat,view,graphs,past -n "${REPEAT:-5}" -timeout 60s -o "$scratch/out"
