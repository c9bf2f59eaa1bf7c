# make test    everything that a change must pass, with what it needs installed
# make check   formatting, vet, staticcheck, go.mod
# make fuzz    every fuzz target for a few seconds
# make soak    long histories, long fuzz, everything under the race detector
# make bench   the benchmarks of the stores
# make deps    PostgreSQL, PgBouncer and Chromium for the tests

GO         ?= go
FUZZTIME   ?= 3s
GOFUMPT     = mvdan.cc/gofumpt@v0.12.0
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.1

# A test that cannot run for want of a server or a browser fails here; under plain go test it is skipped and says why.
REQUIRE = CLIENTELE_REQUIRE_POSTGRES=1 CLIENTELE_REQUIRE_BROWSER=1

# The panel's tests in the browser and those of PostgreSQL each want the whole machine, so they take turns.
BROWSER = examples/panel

.PHONY: test check fuzz soak bench deps

test: deps
	$(REQUIRE) $(GO) test -timeout 30m $$($(GO) list ./... | grep -v '/$(BROWSER)$$')
	$(REQUIRE) $(GO) test -timeout 30m ./$(BROWSER)

check:
	@unformatted=$$($(GO) run $(GOFUMPT) -l .); if [ -n "$$unformatted" ]; then echo "gofumpt would change:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) mod tidy -diff

fuzz:
	@GO="$(GO)" .ci/fuzz $(FUZZTIME)

soak: deps
	CLIENTELE_SOAK=1 $(REQUIRE) $(GO) test -race -timeout 6h -count 1 ./...
	$(MAKE) fuzz FUZZTIME=10m

bench:
	$(GO) test -run '^$$' -bench . -benchtime 3s -timeout 2h ./storage/...

deps:
	@.ci/deps
