#!/usr/bin/env bash
# Plays the emergency drills against servers that it starts itself, and puts the runs under one report.
#
#   scripts/drill.sh                 all of them
#   scripts/drill.sh county          load-tests/scenarios/county.toml
#   scripts/drill.sh path/to/x.toml  that file
#
# DATA (default ../shared/data) is where recordings are. Without them a scenario that needs them is
# skipped, and said to be.
set -euo pipefail
cd "$(dirname "$0")/.."

data=${DATA:-../shared/data}
out=load-tests/out
drill=target/release/tiande-drill
all=(county sf-day kill storm stall flood)

[ $# -gt 0 ] || set -- "${all[@]}"

# Files that a scenario replays: `tracks = "…"` and `calls = "…"`.
recordings_of() { sed -n 's/^ *\(tracks\|calls\) *= *"\([^"]*\)".*/\2/p' "$1"; }

missing_recordings() {
  local file
  while IFS= read -r file; do
    [ -e "$(dirname "$1")/$file" ] || [ -e "$data/$file" ] || printf '%s ' "$file"
  done < <(recordings_of "$1")
}

played=()
broken=()
skipped=()
for wanted in "$@"; do
  scenario=$wanted
  [ -f "$scenario" ] || scenario=load-tests/scenarios/$wanted.toml
  [ -f "$scenario" ] || { echo "drill: there is no scenario $wanted" >&2; exit 2; }
  name=$(basename "$scenario" .toml)
  missing=$(missing_recordings "$scenario")
  if [ -n "$missing" ]; then
    echo "drill: SKIP $name, because $data has no ${missing% }"
    skipped+=("$name")
    continue
  fi
  echo "drill: $name"
  rm -rf "${out:?}/$name"
  status=0
  "$drill" run "$scenario" --spawn --data "$data" --out "$out/$name" || status=$?
  [ $status -eq 0 ] || broken+=("$name")
  # 1 is a broken limit, and has a report; anything else was not played to its end.
  if [ -f "$out/$name/report.json" ]; then played+=("$out/$name"); fi
done

if [ ${#played[@]} -gt 0 ]; then
  # It fails when a run in it did; that has been noted above.
  "$drill" summary "${played[@]}" --out "$out" || true
fi
echo "drill: $(($# - ${#broken[@]} - ${#skipped[@]})) passed, ${#broken[@]} failed${broken[*]:+ (${broken[*]})}," \
  "${#skipped[@]} skipped${skipped[*]:+ (${skipped[*]})}"
[ ${#broken[@]} -eq 0 ] || exit 1
[ ${#played[@]} -gt 0 ] || { echo "drill: nothing was played" >&2; exit 1; }
