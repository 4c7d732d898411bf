#!/usr/bin/env bash
# Makes sure that the system has what a target needs. Installs Debian packages when it runs as root,
# otherwise names them and fails. Never asks a question, and does nothing when all is there.
#
#   scripts/setup-system.sh build      a C compiler, Rust, Node.js
#   scripts/setup-system.sh faults     also strace and ext4, for the storage faults; only as root
#   scripts/setup-system.sh postgres   also PostgreSQL's server, for the tests of that store
#   scripts/setup-system.sh bench      also what the bench measures beside: Redis, PostgreSQL with PostGIS
#   scripts/setup-system.sh browser    also Chromium and fonts, for the browser tests only
set -euo pipefail
cd "$(dirname "$0")/.."

want=${1:-build}
say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }
installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

packages=()
need_package() { if ! has dpkg-query || ! installed "$1"; then packages+=("$1"); fi; }

need_postgres() {
  if ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || has initdb; then return; fi
  packages+=(postgresql)
  # Tests and benches make servers of their own; the package need not start one.
  if [ "$(id -u)" -eq 0 ] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
  fi
}

# SQLite is compiled from C source inside the build.
has cc || packages+=(gcc libc6-dev)

case $want in
  build) ;;
  faults)
    # Without root nothing here can be used either: those tests say SKIP.
    [ "$(id -u)" -eq 0 ] || exit 0
    has strace || packages+=(strace)
    has mkfs.ext4 || packages+=(e2fsprogs)
    has mount || packages+=(mount)
    ;;
  postgres) need_postgres ;;
  bench)
    need_postgres
    # PostGIS is made for one version of PostgreSQL; without any here, Debian's own comes with it.
    versions=(/usr/lib/postgresql/*/bin/initdb)
    version=$(sed -n 's|^/usr/lib/postgresql/\([0-9]*\)/.*|\1|p' <<<"${versions[-1]}")
    if [ -n "$version" ]; then need_package "postgresql-$version-postgis-3"; else packages+=(postgis postgresql-postgis); fi
    has psql && has pgbench || packages+=(postgresql-client postgresql-contrib)
    # Debian's redis-tools holds the server's program too, and no system service. The bench finds it.
    has redis-server || [ -x /usr/bin/redis-check-rdb ] || packages+=(redis-tools)
    has taskset && has setpriv || packages+=(util-linux)
    ;;
  browser)
    # CHROMIUM names another one that is there already.
    if [ -n "${CHROMIUM:-}" ]; then
      [ -x "$CHROMIUM" ] || fail "CHROMIUM=$CHROMIUM is not a program"
    else
      [ -x /usr/bin/chromium ] || packages+=(chromium)
    fi
    # Without them Chinese text is drawn as boxes; what a page measures would then be untrue.
    need_package fonts-noto-cjk
    need_package fonts-noto-core
    ;;
  *) fail "there is no set-up called '$want' (build, postgres, bench, browser, faults)" ;;
esac

if [ ${#packages[@]} -gt 0 ]; then
  if ! has apt-get; then
    fail "this system is not Debian; please install what these packages hold: ${packages[*]}"
  elif [ "$(id -u)" -ne 0 ]; then
    fail "please run as root: apt-get install --no-install-recommends ${packages[*]}"
  fi
  say "installing ${packages[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  apt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 install "${packages[@]}" >&2
fi

# Rust and Node.js come from their own installers: Debian 12 has older ones.
rust_wanted=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' Cargo.toml)
has cargo || fail "Rust is missing; install $rust_wanted or newer, see https://rustup.rs"
rust_found=$(rustc --version | sed 's/^rustc \([0-9.]*\).*/\1/')
older() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ] && [ "$1" != "$2" ]; }
if older "$rust_found" "$rust_wanted"; then
  fail "Rust $rust_found is too old; $rust_wanted or newer is needed"
fi
if ! has node || ! has npm; then fail "Node.js is missing; install version 20.19 or newer, with npm"; fi
node_found=$(node --version | tr -d v)
if older "$node_found" 20.19; then fail "Node.js $node_found is too old; 20.19 or newer is needed"; fi
