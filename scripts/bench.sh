#!/usr/bin/env bash
# Measures Tiande beside what a user would pick instead, both sides in one run: see load-tests/README.md.
# Writes load-tests/out/bench.json and bench.md.
#
#   scripts/bench.sh [--only SUBJECT,…] [--rounds N]
#
# Exit code 0 when everything was measured, whether or not each budget was met (the table says that);
# 2 when something could not be measured.
set -euo pipefail
cd "$(dirname "$0")/.."

out=load-tests/out
scripts/setup-system.sh bench

# What is measured inside is a program of its crate's own.
built=$(cargo bench --locked --no-run -p tiande-core --bench spatial --message-format=json)
spatial=$(node -e '
  const lines = require("node:fs").readFileSync(0, "utf8").trim().split("\n").map((l) => JSON.parse(l));
  const made = lines.find((l) => l.executable && l.target.name === "spatial");
  process.stdout.write(made?.executable ?? "");
' <<<"$built")
[ -x "$spatial" ] || { echo "bench: cargo has not built the bench of the index" >&2; exit 2; }

status=0
target/release/tiande-drill bench --out "$out" --spatial "$spatial" "$@" || status=$?
# 1 is a budget that was missed: a figure like the others. Figures of a shared machine pass no gate.
[ "$status" -le 1 ] || exit "$status"
echo "written: $out/bench.json, $out/bench.md; load average $(cut -d ' ' -f 1-3 /proc/loadavg)"
