#!/usr/bin/env bash
# Measures. When tiande-drill has its side-by-side benchmarks, runs them; until then plays the county
# scenario, prints its figures, and says what they are not.
set -euo pipefail
cd "$(dirname "$0")/.."

out=load-tests/out
drill=target/release/tiande-drill

if "$drill" --help | grep -qE '^ +bench\b'; then
  exec "$drill" bench --out "$out"
fi

rm -rf "${out:?}/bench-county"
status=0
"$drill" run load-tests/scenarios/county.toml --spawn --data "${DATA:-../shared/data}" \
  --out "$out/bench-county" || status=$?
[ -f "$out/bench-county/report.json" ] || exit 1
node scripts/figures.mjs "$out/bench-county/report.json"
cat <<'TEXT'

These are one side's figures, from this machine, under one small load. The side-by-side comparison
(a bare websocket sink, Redis, PostGIS, BullMQ, each measured in the same run) is not built yet, and
load-tests/out/bench.json is not written.
TEXT
exit $status
