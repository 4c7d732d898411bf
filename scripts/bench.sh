#!/usr/bin/env bash
# Measures Tiande beside what a user would pick instead, both sides in one run: see load-tests/README.md.
# Writes load-tests/out/bench.json, bench.md and bench.html.
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
bench_of() { # PACKAGE NAME: where cargo has put its program
  cargo bench --locked --no-run -p "$1" --bench "$2" --message-format=json | node -e '
    const lines = require("node:fs").readFileSync(0, "utf8").trim().split("\n").map((l) => JSON.parse(l));
    const made = lines.find((l) => l.executable && l.target.name === process.argv[1]);
    process.stdout.write(made?.executable ?? "");
  ' "$2"
}
spatial=$(bench_of tiande-core spatial)
journal=$(bench_of tiande journal)
history=$(bench_of tiande history)
[ -x "$spatial" ] && [ -x "$journal" ] && [ -x "$history" ] || { echo "bench: cargo has not built the benches" >&2; exit 2; }

status=0
target/release/tiande-drill bench --out "$out" --spatial "$spatial" --journal "$journal" --history "$history" "$@" || status=$?
# 1 is a budget that was missed: a figure like the others. Figures of a shared machine pass no gate.
[ "$status" -le 1 ] || exit "$status"
echo "written: $out/bench.json, $out/bench.md, $out/bench.html; load average $(cut -d ' ' -f 1-3 /proc/loadavg)"
