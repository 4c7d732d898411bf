#!/usr/bin/env bash
# Everything that must pass, in layers. Each layer's minutes are printed, then the totals; the last
# line is "N passed, N failed" and nothing else. Every layer runs, whatever failed before it.
#
#   scripts/test.sh          all layers
#   scripts/test.sh 2 3      these
#
# What counts: each test of a runner. A check (a lint, a build, a drill) counts only when it fails.
# A runner that ran no test at all has failed: it was not asked right.
set -uo pipefail
cd "$(dirname "$0")/.."

logs=target/test-logs
skips=target/tmp/skipped
mkdir -p "$logs"
rm -rf "$skips" "$logs/skipped.log"

passed=0
failed=0
skipped=0
layer_failed=0
broken=()
times=()
step_number=0
export CARGO_TERM_COLOR=never NO_COLOR=1

wanted=" ${*:-1 2 3 4 5 6} "
seconds() { date +%s; }
minutes() { awk -v s="$1" 'BEGIN { printf "%.1f", s / 60 }'; }

# Runs one command with its output on the screen and in a log. Sets `status` and `log`.
run() {
  local name=$1
  shift
  step_number=$((step_number + 1))
  log=$logs/$(printf '%02d' $step_number)-${name//[^a-z0-9]/-}.log
  echo "--- $name"
  status=0
  "$@" 2>&1 | tee "$log" || status=$?
}

note_failure() {
  broken+=("$1")
  echo "*** $1"
}

# A command that must succeed.
check() {
  run "$@"
  if [ "$status" -ne 0 ]; then
    failed=$((failed + 1))
    note_failure "$1 failed"
  fi
}

# A test runner, whose tests are counted. `tests_if_any`: it may have none.
tests() { count_tests must "$@"; }
tests_if_any() { count_tests may "$@"; }
count_tests() {
  local must=$1
  shift
  run "$@"
  local good bad
  read -r good bad < <(node scripts/tally.mjs "$log")
  good=${good:-0} bad=${bad:-0}
  # What a test could not do here is no pass. It has left a note (tests/black_box/support/skip.rs).
  local notes=0
  if [ -d "$skips" ]; then
    notes=$(find "$skips" -type f | wc -l)
    cat "$skips"/* 2>/dev/null | tee -a "$logs/skipped.log"
  fi
  rm -rf "$skips"
  skipped=$((skipped + notes))
  passed=$((passed + good - notes))
  failed=$((failed + bad))
  if [ "$must" = must ] && [ $((good + bad)) -eq 0 ]; then
    failed=$((failed + 1))
    note_failure "$1 ran no test"
  elif [ "$bad" -gt 0 ]; then
    note_failure "$1: $bad failed"
  elif [ "$status" -ne 0 ]; then
    failed=$((failed + 1))
    note_failure "$1 ended with status $status"
  fi
}

layer() {
  local number=$1 title=$2 body=$3 began ended before
  [[ $wanted == *" $number "* ]] || return 0
  echo
  echo "=== layer $number: $title"
  began=$(seconds)
  before=$failed
  "$body"
  ended=$(seconds)
  layer_failed=$((failed - before))
  times+=("$(printf 'layer %s  %6s min  %-9s %s' "$number" "$(minutes $((ended - began)))" \
    "$([ $layer_failed -eq 0 ] && echo ok || echo "$layer_failed failed")" "$title")")
}

# --- the layers ---

documentation() { RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked; }
web() { (cd web && npm run "$@"); }

lints() {
  check "format" cargo fmt --all --check
  check "clippy" cargo clippy --workspace --all-targets --locked -- -D warnings
  check "documentation" documentation
  check "web types" web check
}

cargo_deny() {
  # The list of known licences of older versions lacks some that our crates are under.
  if ! command -v cargo-deny >/dev/null 2>&1; then
    echo "cargo-deny is not installed; scripts/check-licences.mjs has checked the same lists"
  elif [ "$(printf '%s\n0.16.0\n' "$(cargo-deny --version | awk '{ print $2 }')" | sort -V | head -n 1)" != 0.16.0 ]; then
    echo "$(cargo-deny --version) is older than 0.16.0; scripts/check-licences.mjs has checked the same lists"
  else
    cargo deny --locked check bans licenses sources
  fi
}

shape() {
  tests "self-tests of the checks" node --test scripts/tests/*.test.mjs
  check "layers" node scripts/check-layers.mjs
  check "licences" node scripts/check-licences.mjs
  check "cargo-deny" cargo_deny
  check "tidiness" node scripts/check-tidy.mjs
}

have_nextest() { cargo nextest --version >/dev/null 2>&1; }

# The tests of some crates. With nextest the whole workspace is compiled once, for both layers and the
# examples; cargo test may compile some dependencies a second time with fewer features.
rust_tests() {
  local filter=$1
  shift
  if have_nextest; then
    cargo nextest run --workspace --locked --no-fail-fast -E "$filter"
  else
    cargo test --workspace --locked --no-fail-fast --lib --bins --tests "$@"
  fi
}

core() {
  tests "rules, properties, simulation" rust_tests 'package(tiande-core)' \
    --exclude tiande --exclude tiande-actors --exclude tiande-load-tests
  tests_if_any "examples in the documentation" cargo test --workspace --locked --doc
}

# One PostgreSQL for the whole layer; it ends with this script at the latest.
server() {
  local said url
  coproc POSTGRES { exec scripts/test-postgres.sh; }
  read -r said url <&"${POSTGRES[0]}" || said=failed
  if [ "$said" = ready ]; then
    export TIANDE_TEST_POSTGRES=$url
  else
    failed=$((failed + 1))
    note_failure "PostgreSQL for the tests: $said $url"
  fi
  tests "actors, stores, server, drill" rust_tests 'not package(tiande-core)' --exclude tiande-core
  unset TIANDE_TEST_POSTGRES
  local input=${POSTGRES[1]:-} process=${POSTGRES_PID:-}
  if [ -n "$input" ]; then
    exec {input}>&-
    wait "$process"
  fi
}

release() { cargo build --release --locked -p tiande -p tiande-load-tests; }

browser() {
  check "release build" release
  check "no faults in the release" node scripts/check-release.mjs
  tests "web units" web test
  tests "pages in a browser" env TIANDE_BIN="$PWD/target/release/tiande" npm --prefix web run e2e
}

smoke() {
  local scenario=load-tests/scenarios/smoke.toml
  if [ ! -f "$scenario" ]; then
    # The county, shorter.
    scenario=target/test-smoke.toml
    sed -e 's/^duration_s = .*/duration_s = 15/' -e 's/^tips_acked_min = .*/tips_acked_min = 20/' \
      -e 's/^offers_judged_min = .*/offers_judged_min = 10/' load-tests/scenarios/county.toml >"$scenario"
  fi
  release || return 1
  rm -rf target/test-smoke
  target/release/tiande-drill run "$scenario" --spawn --out target/test-smoke
}

black_box() { check "drill" smoke; }

began_all=$(seconds)
layer 1 "format, lints, types" lints
layer 2 "layering, licences, tidiness" shape
layer 3 "rules: units, properties, simulation" core
layer 4 "actors, stores, server" server
layer 5 "browser" browser
layer 6 "black box" black_box

echo
printf '%s\n' "${times[@]}"
printf 'all      %6s min\n' "$(minutes $(($(seconds) - began_all)))"
if [ ${#broken[@]} -gt 0 ]; then
  echo
  printf 'failed: %s\n' "${broken[@]}"
fi
if [ "$skipped" -gt 0 ]; then
  echo
  echo "$skipped skipped here, counted neither as passed nor as failed:"
  cat "$logs/skipped.log"
fi
echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
