#!/usr/bin/env bash
# A PostgreSQL server for tests, in a folder of its own, gone when this script's input ends: so it
# outlives nobody who started it, however they end.
#
#   scripts/test-postgres.sh [-c NAME=VALUE]...
#
# Says "ready URL" when it takes connections (the URL of its first database; others are made beside
# it), or "missing REASON" when there is no PostgreSQL here. Then it obeys lines of its input, and
# answers each with "ready URL" when it is done:
#
#   restart [-c NAME=VALUE]...   an orderly restart, with these settings
#   kill                         kill -9 of the server, and a start
#   halt                         kill -9 of all its processes, and no start: its disk goes now
#   stop / start                 what they say
set -uo pipefail

settings=("$@")
bin=
for folder in /usr/lib/postgresql/*/bin /usr/local/pgsql/bin; do
  [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && bin=$folder
done
if [ -z "$bin" ] && initdb=$(command -v initdb); then bin=$(dirname "$(readlink -f "$initdb")"); fi
if [ -z "$bin" ]; then
  echo "missing no PostgreSQL server here; Debian's package is called postgresql"
  exit 0
fi

# PostgreSQL refuses to run as root. The folder's name is short: a socket's path has a limit.
home=$(mktemp -d "${TMPDIR:-/tmp}/tpg-XXXXXX")
as=()
if [ "$(id -u)" -eq 0 ]; then
  user=nobody
  id postgres >/dev/null 2>&1 && user=postgres
  chown "$user" "$home"
  as=(setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups --)
fi
chmod 755 "$home"
log=$home/log
url="postgres://tiande@localhost/postgres?host=$home"

cleanup() {
  trap - EXIT
  stop >/dev/null 2>&1
  rm -rf "$home"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

server() { (cd "$home" && "${as[@]}" env LC_ALL=C.UTF-8 "$@" </dev/null >>"$log" 2>&1); }
start() {
  server "$bin/pg_ctl" -D "$home/data" -w -t 60 start -o "-k '$home' ${settings[*]}" || return
  master=$(head -n 1 "$home/data/postmaster.pid")
}
stop() { server "$bin/pg_ctl" -D "$home/data" -w -t 60 -m fast stop; }
say_ready() {
  if [ "$1" -eq 0 ]; then echo "ready $url"; else
    echo "failed"
    tail -n 20 "$log" >&2
  fi
}

# A collation that differs from the order of bytes, where there is one, so that nobody relies on it.
init=("$bin/initdb" -D "$home/data" -U tiande -A trust -E UTF8 --locale=C.UTF-8 --no-sync)
if ! server "${init[@]}" --locale-provider=icu --icu-locale=zh; then
  rm -rf "$home/data"
  if ! server "${init[@]}"; then
    echo "missing initdb failed: $(tail -n 1 "$log")"
    exit 0
  fi
fi
cat >>"$home/data/postgresql.conf" <<CONF
listen_addresses = ''
max_connections = 400
shared_buffers = 64MB
max_wal_size = 512MB
logging_collector = off
CONF
start
say_ready $?

while read -r -a words; do
  case ${words[0]:-} in
    restart)
      settings=("${words[@]:1}")
      stop
      start
      ;;
    kill)
      # The postmaster's children notice that it is gone and end by themselves.
      kill -9 "$master"
      for _ in $(seq 200); do
        start && break
        sleep 0.05
      done
      ;;
    halt)
      # All at once, and gone when this answers: nobody may have a file open any more. The disk may
      # not be readable any more.
      mapfile -t all < <(ps -o pid= --ppid "$master" | tr -d ' '; echo "$master")
      kill -9 "${all[@]}" 2>/dev/null
      for _ in $(seq 200); do
        ps -p "$(echo "${all[@]}" | tr ' ' ,)" >/dev/null 2>&1 || break
        sleep 0.05
      done
      ;;
    stop) stop ;;
    start) start ;;
    *) false ;;
  esac
  say_ready $?
done
