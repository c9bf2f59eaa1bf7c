# make test    all tests, after installing what they need
# make check   formatting, linters (.golangci.yml), go.mod and the idiom of comments
# make fuzz    every fuzz target for FUZZTIME
# make soak    all tests with the race detector and long histories, and 10 minutes for every fuzz target
# make bench   the benchmarks of the stores
# make deps    install PostgreSQL, PgBouncer and Chromium for the tests

GO         ?= go
FUZZTIME   ?= 3s
# The tools have a go.mod of their own, so that programs that import the library do not carry their dependencies.
TOOL        = $(GO) tool -modfile=.ci/tools/go.mod

# Tests that lack a server or a browser fail under make. Under plain go test they are skipped and say what is missing.
REQUIRE = CLIENTELE_REQUIRE_POSTGRES=1 CLIENTELE_REQUIRE_BROWSER=1

# What many goroutines of a program share runs with the race detector, except for tests that measure what something costs or
# go through a whole day: with it they would take minutes.
RACE      = ./accounts ./subscriptions ./storage/memory ./adapters/gateway ./adapters/panel/... ./internal/throttle
MEASURING = ^Test(LongValuesCostLittle|GuessesADay|OthersSignInDuringAnAttack|MemoryOfLimitsIsBounded|CollectedDeviceTokens|SelectAllMatches|EndsOfManyDays|AttacksOverADay)$$

# The browser tests run after all others: together with the PostgreSQL tests they would overload the machine.
BROWSER = ./examples/panel

.PHONY: test check fuzz soak bench deps

test: deps
	$(REQUIRE) $(GO) test -timeout 30m -race -skip '$(MEASURING)' $(RACE)
	$(REQUIRE) $(GO) test -timeout 30m -run '$(MEASURING)' $(RACE)
	$(REQUIRE) $(GO) test -timeout 30m $$($(GO) list ./... | grep -vxF "$$($(GO) list $(RACE) $(BROWSER))")
	$(REQUIRE) $(GO) test -timeout 30m $(BROWSER)

check:
	$(TOOL) golangci-lint run
	$(GO) mod tidy -diff
	@.ci/voice

fuzz:
	@GO="$(GO)" .ci/fuzz $(FUZZTIME)

soak: deps
	CLIENTELE_SOAK=1 $(REQUIRE) $(GO) test -race -timeout 6h -count 1 ./...
	$(MAKE) fuzz FUZZTIME=10m

bench:
	$(GO) test -run '^$$' -bench . -benchtime 3s -timeout 2h ./storage/...

deps:
	@.ci/deps
