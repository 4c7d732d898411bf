# The commands of this repository. Each does all of its own set-up on a Debian 12 machine that has
# Rust, Node.js 20 and make, and none of them asks a question. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Where `make run` listens and keeps its data.
LISTEN ?= 127.0.0.1:8080
RUN_DATA ?= ./data
# Where `make drill` looks for recordings.
DATA ?= ../shared/data
# How long `make soak` is: kills, power cuts, and the minutes after which it stops.
KILLS ?= 1000
CUTS ?= 100
MINUTES ?= 120
# Subjects of `make bench`, with commas; empty means all.
ONLY ?=
# One scenario, by name or by path; empty means all.
SCENARIO ?=

WEB_SOURCES := $(shell find web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*' \
  -not -path 'web/e2e/*' -not -path 'web/tests/*')
# A stamp says nothing about pages that somebody has deleted.
WEB_LOST := $(if $(wildcard web/dist/console/index.html),,web-lost)

.PHONY: help
help: ## Lists the commands.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

.PHONY: build
build: web server ## Builds the web clients, then the release binaries in target/release.

.PHONY: run
run: build ## Starts a server with a demo court on http://127.0.0.1:8080 (LISTEN=, RUN_DATA=).
	exec target/release/tiande serve --demo --data $(RUN_DATA) --listen $(LISTEN)

.PHONY: test
test: system web ## Runs everything that must pass (LAYERS="1 2 3" for some of it).
	@scripts/setup-system.sh postgres
	@scripts/setup-system.sh browser
	@scripts/setup-system.sh faults
	@scripts/test.sh $(LAYERS)

.PHONY: drill
drill: build ## Plays the emergency drills (SCENARIO=, DATA=); writes load-tests/out/report.html.
	@DATA="$(DATA)" scripts/drill.sh $(SCENARIO)

.PHONY: soak
soak: system web ## Kills and cuts power again and again (KILLS=, CUTS=, MINUTES=); goes on where it was.
	@scripts/setup-system.sh faults
	@scripts/setup-system.sh postgres
	@KILLS=$(KILLS) CUTS=$(CUTS) MINUTES=$(MINUTES) scripts/soak.sh

.PHONY: bench
bench: build ## Measures Tiande beside Redis, PostGIS and others; writes load-tests/out/bench.json, bench.html.
	@scripts/bench.sh $(if $(ONLY),--only $(ONLY))

.PHONY: fmt
fmt: ## Formats the Rust code.
	cargo fmt --all

.PHONY: lint
lint: system web ## Format, lints, types and documentation: layer 1 of the tests.
	@scripts/test.sh 1

.PHONY: check
check: system ## Layering, licences and tidiness: layer 2 of the tests, a few seconds.
	@scripts/test.sh 2

.PHONY: clean
clean: ## Removes what was built. Keeps ./data.
	rm -rf target load-tests/out load-tests/peers/*/node_modules web/node_modules web/e2e/out
	if [ -d web/dist ]; then find web/dist -mindepth 1 -not -name .gitkeep -delete; fi

# --- what the commands are made of ---

.PHONY: system
system:
	@scripts/setup-system.sh build

.PHONY: web
web: system web/node_modules/.built

.PHONY: server
server: web
	cargo build --release --locked -p tiande -p tiande-load-tests

web/node_modules/.stamp: web/package.json web/package-lock.json | system
	cd web && npm ci --no-audit --no-fund
	@touch $@

web/node_modules/.built: web/node_modules/.stamp $(WEB_SOURCES) $(WEB_LOST)
	cd web && npm run build
	@# The pages are built into the server; cargo does not see files that are new in a folder.
	@touch -c src/api/pages.rs
	@touch $@

.PHONY: web-lost
web-lost:
