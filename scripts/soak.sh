#!/usr/bin/env bash
# The long form of the storage faults: kills at named points and power cuts, of each store. Counts are
# kept in target/soak, so that a run that was stopped goes on where it was; FRESH=1 begins anew.
#
#   KILLS=1000 CUTS=100 MINUTES=120 STORES="sqlite postgres" scripts/soak.sh
#
# Ends by itself after MINUTES, a little more for a round under way. Exit code: 0 all is done and nothing was lost, 1 something was lost,
# doubled or broken (or a test failed), 2 not all was done in the time: run it again.
set -uo pipefail
cd "$(dirname "$0")/.."

kills=${KILLS:-1000} cuts=${CUTS:-100} minutes=${MINUTES:-120} stores=${STORES:-sqlite postgres}
folder=$PWD/target/soak
[ "${FRESH:-0}" = 1 ] && rm -rf "$folder"
mkdir -p "$folder"
rm -rf target/tmp/skipped

cargo test --locked -p tiande --test storage_faults --no-run || exit 1

# In a mount namespace of its own nothing stays mounted, however this ends.
own=()
if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then own=(unshare -m --propagation private); fi

export TIANDE_SOAK_KILLS=$kills TIANDE_SOAK_CUTS=$cuts TIANDE_SOAK_PROGRESS=$folder
export CARGO_TERM_COLOR=never
status=0
began=$(date +%s)
run() {
  local left=$((minutes * 60 - ($(date +%s) - began)))
  [ "$left" -gt 0 ] || return 0
  # A round under way at the end may take its own limit.
  TIANDE_SOAK_SECONDS=$left timeout $((left + 180)) \
    "${own[@]}" cargo test --locked -p tiande --test storage_faults -- --exact "$@" --nocapture || status=1
}
for store in $stores; do
  export TIANDE_SOAK_STORES=$store
  # The control first: without it the cuts show nothing.
  run power::without_the_fsync_a_power_cut_loses_what_was_answered
  run power::a_power_cut_loses_nothing_that_was_answered
  run kills::a_kill_at_any_point_loses_and_doubles_nothing
done

node scripts/soak-table.mjs "$folder" "$kills" "$cuts" || { code=$?; [ "$status" -ne 0 ] || status=$code; }
cat target/tmp/skipped/* 2>/dev/null
exit "$status"
