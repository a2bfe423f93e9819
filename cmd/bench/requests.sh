#!/usr/bin/env bash
# Requests a second of four clients that share the machine's cores with the
# twin, and what one request takes: wrk costs little itself. Every row but
# "kept" evaluates each request.
#   cmd/bench/requests.sh [SIZE]    S, M or L (default M)
# SHARED names the shared folder, SCRATCH a scratch folder, SECS how long each
# row is. Needs wrk (Debian package).
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD size=${1:-M} secs=${SECS:-5}
bench=${SHARED:-$root/../shared}/bench
scratch=${SCRATCH:-$(mktemp -d)}
case $size in S) devices=50 ;; M) devices=500 ;; L) devices=5000 ;; *) echo "SIZE is S, M or L, not $size" >&2; exit 2 ;; esac
command -v wrk >/dev/null || { echo "requests.sh: wrk is missing: apt-get install wrk" >&2; exit 2; }
mkdir -p "$scratch"
(cd "$bench/gen" && GOWORK=off go build -o "$scratch/gen" .)
make -s build
"$scratch/gen" -devices $devices -seed "${SEED:-1}" -o "$scratch/$size.nq" 2>/dev/null
rm -rf "$scratch/data"
bin/nettwin load --data "$scratch/data" "$scratch/$size.nq" >/dev/null

cat >"$scratch/ask.lua" <<'LUA'
wrk.method, wrk.body = "POST", "ASK {}"
wrk.headers["Content-Type"] = "application/sparql-query"
LUA
lookup() { # lookup NAME VARS PREDICATE OBJECT: a device after another, each query a new text
  cat >"$scratch/$1.lua" <<LUA
local n = 0
request = function()
  n = n + 1
  return wrk.format("POST", nil, {["Content-Type"] = "application/sparql-query"},
    "SELECT $2 { <http://example.org/d/device/" .. n % $devices .. "> $3 $4 } # " .. n)
end
LUA
}
lookup value '?v' '<http://example.org/net#serial>' '?v'
lookup device '?p ?o' '?p' '?o'

pid=
trap 'kill -INT $pid 2>/dev/null || true' EXIT
serve() { # serve BYTES: with so many bytes for results
  [ -z "$pid" ] || { kill -INT "$pid"; wait "$pid" || true; }
  echo "limits: {resultCacheBytes: $1}" >"$scratch/nettwin.yaml"
  bin/nettwin serve --data "$scratch/data" --listen 127.0.0.1:7884 --config "$scratch/nettwin.yaml" >"$scratch/log" 2>&1 &
  pid=$!
  until curl -sf -o /dev/null http://127.0.0.1:7884/readyz; do sleep 0.2; done
}
ticks() { awk '{ print $14 + $15 }' "/proc/$pid/stat"; }
row() { # row NAME SCRIPT
  local before after out one
  one=$(wrk -t1 -c1 -d"$secs" --latency -s "$scratch/$2.lua" http://127.0.0.1:7884/sparql)
  before=$(ticks)
  out=$(wrk -t1 -c4 -d"$secs" --latency -s "$scratch/$2.lua" http://127.0.0.1:7884/sparql)
  after=$(ticks)
  echo "$one" "$out" | grep -q 'Non-2xx' && { echo "$out"; exit 1; }
  awk -v name="$1" -v cpu=$((after - before)) -v one="$(awk '$1 == "50%" { print $2 } $1 == "99%" { print $2 }' <<<"$one" | paste -sd' ')" '
    $1 == "50%" { p50 = $2 } $1 == "99%" { p99 = $2 } /requests in/ { n = $1 } $1 == "Requests/sec:" { rate = $2 }
    END { split(one, o, " "); printf "| %s | %s / %s | %.0f | %s / %s | %.0f |\n", name, o[1], o[2], rate, p50, p99, cpu * 10000 / n }' <<<"$out"
}
echo "commit $(git rev-parse --short HEAD), seed ${SEED:-1}, size $size, $(nproc) cores, $(go version)"
echo
echo "| request | one client, p50 / p99 | four clients, requests/s | p50 / p99 | µs of CPU a request |"
echo "|---|---|---|---|---|"
serve 1
row "ASK {}" ask
row "a value of a device" value
row "all of a device" device
serve $((64 << 20))
row "ASK {}, kept" ask
