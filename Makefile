# Two commands for a newcomer: make run, make test. The others are for us.
GO       ?= go
BIN      := bin/nettwin
UI       := web/ui
FUZZTIME ?= 10s
SOAKTIME ?= 1h
TESTFLAGS ?=
RACEFLAGS ?=
SIZE     ?= M

.PHONY: run build gizmo ui test lint lab race fuzz soak bench bench-collect bench-load bench-micro bench-peers bench-requests bench-variants generate lab-record e2e clean help

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ui build ## build everything and start the twin on the fixture network
	$(BIN) demo

build: ## build the binary (without npm: the page then says "make ui")
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN) ./cmd/nettwin

gizmo: ## build nettwin-gizmo, which answers Gizmo queries (a module of its own)
	cd graph/cayley && CGO_ENABLED=0 $(GO) build -trimpath -o ../../bin/nettwin-gizmo ./cmd/nettwin-gizmo

ui: $(UI)/dist/index.html ## build the web page with npm

$(UI)/node_modules/.stamp: $(UI)/package.json $(UI)/package-lock.json
	cd $(UI) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(UI)/dist/index.html: $(UI)/node_modules/.stamp $(wildcard $(UI)/src/*) $(UI)/build.mjs
	cd $(UI) && npm run --silent build

test: lint ## the plain pass: gofmt, vet, staticcheck and every test; needs no C compiler
	CGO_ENABLED=0 $(GO) test -timeout 10m $(TESTFLAGS) ./...
	cd graph/cayley && CGO_ENABLED=0 $(GO) test -timeout 10m $(TESTFLAGS) ./...
	cd cmd/bench/engine && CGO_ENABLED=0 $(GO) vet ./... && CGO_ENABLED=0 $(GO) test -timeout 10m $(TESTFLAGS) ./...

lint: ## gofmt, vet and staticcheck
	@out=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$out" ] || { echo "gofmt would change:"; echo "$$out"; exit 1; }
	CGO_ENABLED=0 $(GO) vet ./...
	CGO_ENABLED=0 $(GO) tool staticcheck ./...
	staticcheck=$$($(GO) tool -n staticcheck) && cd graph/cayley && CGO_ENABLED=0 $(GO) vet ./... && CGO_ENABLED=0 $$staticcheck ./...

lab: ## the product against a real network of routers in namespaces (root, Debian packages)
	CGO_ENABLED=0 $(GO) test -count=1 -timeout 10m -v -run '^TestRealLab$$' ./cmd/nettwin

race: ## every test with the race detector and the invariants compiled in
	$(GO) test -timeout 20m -race -tags invariants $(RACEFLAGS) ./...
	cd graph/cayley && $(GO) test -timeout 20m -race -tags invariants -short ./...

fuzz: ## every fuzz target for FUZZTIME, two at a time
	@$(GO) list -f '{{$$d := .Dir}}{{$$p := .ImportPath}}{{range .TestGoFiles}}{{$$p}} {{$$d}}/{{.}}{{"\n"}}{{end}}{{range .XTestGoFiles}}{{$$p}} {{$$d}}/{{.}}{{"\n"}}{{end}}' ./... \
	| while read -r pkg file; do \
	    grep -oE '^func Fuzz[A-Za-z0-9_]+' "$$file" | sed "s|^func |$$pkg |"; \
	  done | sort -u | xargs -P 2 -L 1 sh -c 'GO="$(GO)" .ci/fuzz "$$0" "$$1" $(FUZZTIME)'

soak: ## the long runs (SOAKTIME)
	NETTWIN_SOAK=$(SOAKTIME) CGO_ENABLED=0 $(GO) test -timeout 0 -run 'Soak|Abuse' -v ./...

bench: ## the engine beside Pebble and memory: load, sizes, updates, scans, versions (SIZE=S|M|L)
	cmd/bench/engine.sh $(SIZE)

bench-load: ## a generator piped into the loader within a memory limit (DEVICES=50000 are 10^8 quads, MEMORY)
	cmd/bench/load.sh $(DEVICES) $(MEMORY)

bench-collect: ## collection against its floors: SNMP, flows, YANG, floods; CPU of the twin alone (Linux)
	cmd/bench/collect.sh

bench-micro: ## micro benchmarks beside the code
	CGO_ENABLED=0 $(GO) test -run '^$$' -bench . -benchmem ./...

bench-peers: ## queries beside other engines, answers compared (SIZE=S|M|L; root, Debian packages)
	cmd/bench/peers.sh $(SIZE)

$(UI)/e2e/clients/node_modules/.stamp: $(UI)/e2e/clients/package.json $(UI)/e2e/clients/package-lock.json
	cd $(UI)/e2e/clients && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

bench-requests: ## requests a second of four clients, and the time of one (SIZE=S|M|L; Debian's wrk)
	cmd/bench/requests.sh $(SIZE)

bench-variants: ## the same queries on named graphs, unions, the past and restricted views (SIZE=S|M|L)
	cmd/bench/variants.sh $(SIZE)

e2e: ui build $(UI)/e2e/clients/node_modules/.stamp ## the page in a headless browser, other people's SPARQL clients (needs Chromium)
	cd $(UI) && npm run --silent e2e

generate: ## the generated tables of facts
	$(GO) generate ./...

lab-record: ## record fixtures/network again in a real lab (root, Debian packages)
	fixtures/lab/record.sh

clean: ## remove what was built
	rm -rf bin $(UI)/node_modules $(UI)/e2e/clients/node_modules $(UI)/dist/*
