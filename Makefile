# Two commands are all a newcomer needs: `make run` and `make test`. Each says
# what it lacks and, as root on Debian, installs it.

GO      ?= go
TOOLS   := -modfile=tools/go.mod
PKGS    ?= ./...
# -race needs a C compiler; without one the tests still run, and say so.
RACE    := $(shell command -v gcc >/dev/null 2>&1 && echo -race)
FUZZFOR ?= 30s

.PHONY: run test lint bench bench-peers fuzz drill build clean deps

run: deps ## the server on http://127.0.0.1:5000, SQLite in ./data, no key, no network
	HOST=$${HOST:-127.0.0.1} FREE_PAGES_GUEST=$${FREE_PAGES_GUEST:--1} $(GO) run ./examples/server

build: ## the server as one static file, bin/server
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-s -w' -o bin/server ./examples/server

test: deps ## every test, with the race detector
	@test -n "$(RACE)" || echo "no C compiler found: testing without -race (install gcc for it)"
	CGO_ENABLED=$(if $(RACE),1,0) $(GO) test $(RACE) -timeout 20m $(PKGS)

lint: ## gofmt, go vet, staticcheck
	@bad=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$bad" || { echo "not gofmt-ed:"; echo "$$bad"; exit 1; }
	$(GO) vet ./...
	$(GO) tool $(TOOLS) staticcheck ./...

bench: deps ## what docs/PERFORMANCE.md claims
	$(GO) test -run '^$$' -bench . -benchmem $(PKGS)

bench-peers: ## our adapters and breaker beside the libraries that people use, one table
	cd bench && $(GO) run .

fuzz: ## each fuzz target for $(FUZZFOR)
	./scripts/fuzz $(FUZZFOR)

drill: deps ## the long fault drills: kills, cuts, restarts, load
	@# One package at a time: its lines come as they are written, and no drill takes another's memory.
	LEARNSNAP_DRILL=1 $(GO) test -p 1 -count=1 -timeout 60m -run 'Drill' -v $$(grep -rl --include='*_test.go' 'func TestDrill' . | xargs -n1 dirname | sort -u)

deps:
	@./scripts/deps $(if $(filter test drill bench,$(MAKECMDGOALS)),test)

clean:
	rm -rf bin
