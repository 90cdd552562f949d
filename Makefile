# doorward: every command a developer needs. `make` alone lists them.

CARGO ?= cargo
PYTHON ?= python3
NPM ?= npm
NIGHTLY ?= nightly
FUZZ_SECONDS ?= 600

TOOLS := $(CURDIR)/target/tools
TYPESCRIPT := tests/clients/typescript
PYTHON_CLIENT := tests/clients/python
BROWSER := tests/browser
BINDINGS_PYTHON := bindings-python
PYTHON_BENCH := benches/python
# Where the benches of all languages add their rows: beside cargo's output, wherever that is.
REPORT := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)/bench/report.jsonl
BINDINGS_NODE := bindings-node
NODE_BENCH := benches/node
FUZZ_TARGETS = $(basename $(notdir $(wildcard fuzz/fuzz_targets/*.rs)))

# What the tests need of the system beyond Rust, Node and Python: command:package.
SYSTEM := valgrind:valgrind openssl:openssl redis-server:redis-server

export PATH := $(TOOLS)/bin:$(PATH)

say = @printf '\n== %s\n' '$(1)'

.PHONY: help run deps deps-system deps-check test test-rust test-features test-no-std test-loom test-constant-time test-python test-node test-browser lint lint-python lint-node bench bench-quick bench-python bench-node figures dudect audit tsan fuzz clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

run: ## build and start the server
	$(CARGO) run --release

## ---- what is needed

deps: $(TYPESCRIPT)/node_modules/.stamp $(PYTHON_CLIENT)/.venv/.stamp ## the test clients' packages

$(TYPESCRIPT)/node_modules/.stamp: $(TYPESCRIPT)/package-lock.json
	$(call say,npm packages of the TypeScript test clients)
	cd $(TYPESCRIPT) && $(NPM) ci --no-audit --no-fund
	@touch $@

$(BROWSER)/node_modules/.stamp: $(BROWSER)/package-lock.json
	$(call say,npm packages of the pages in a browser)
	cd $(BROWSER) && $(NPM) ci --no-audit --no-fund
	@touch $@

$(PYTHON_CLIENT)/.venv/.stamp: $(PYTHON_CLIENT)/requirements.txt
	$(call say,PyPI packages of the Python test client)
	$(PYTHON) -m venv $(PYTHON_CLIENT)/.venv
	$(PYTHON_CLIENT)/.venv/bin/pip install --quiet --disable-pip-version-check --no-deps -r $(PYTHON_CLIENT)/requirements.txt
	@touch $@

$(BINDINGS_PYTHON)/.venv/.stamp: $(BINDINGS_PYTHON)/requirements-dev.txt $(BINDINGS_PYTHON)/requirements-integrations.txt
	$(call say,PyPI packages to build and test the Python package)
	$(PYTHON) -m venv --clear $(BINDINGS_PYTHON)/.venv
	$(BINDINGS_PYTHON)/.venv/bin/pip install --quiet --disable-pip-version-check --no-deps -r $<
	$(BINDINGS_PYTHON)/.venv/bin/pip install --quiet --disable-pip-version-check -r $(BINDINGS_PYTHON)/requirements-integrations.txt
	@touch $@

$(BINDINGS_NODE)/node_modules/.stamp: $(BINDINGS_NODE)/package-lock.json
	$(call say,npm packages to build and test the Node package)
	cd $(BINDINGS_NODE) && $(NPM) ci --no-audit --no-fund
	@touch $@

$(NODE_BENCH)/node_modules/.stamp: $(NODE_BENCH)/package-lock.json
	$(call say,npm packages that the Node package is measured beside)
	cd $(NODE_BENCH) && $(NPM) ci --no-audit --no-fund
	@touch $@

$(PYTHON_BENCH)/.venv/.stamp: $(PYTHON_BENCH)/requirements.txt
	$(call say,PyPI packages that the Python package is measured beside)
	$(PYTHON) -m venv --clear $(PYTHON_BENCH)/.venv
	$(PYTHON_BENCH)/.venv/bin/pip install --quiet --disable-pip-version-check --no-deps -r $<
	@touch $@

deps-system: ## the Debian packages the tests need; starts no service
	@tests/deps-system.sh $(SYSTEM)

# Installs what is missing where that is possible, and says in one sentence what to do where it is not.
deps-check:
	@tests/deps-system.sh --if-missing $(SYSTEM)

$(TOOLS)/bin/cargo-deny:
	$(call say,cargo-deny (some minutes))
	$(CARGO) install --locked --quiet --root $(TOOLS) cargo-deny@0.20.2

$(TOOLS)/bin/cargo-fuzz:
	$(call say,cargo-fuzz (a minute))
	$(CARGO) install --locked --quiet --root $(TOOLS) cargo-fuzz@0.13.2

## ---- checks

test: deps-check deps test-rust test-features test-no-std test-loom test-constant-time test-python test-node ## everything that must hold
	$(call say,all tests passed)

test-rust:
	$(call say,Rust: units$(comma) properties$(comma) vectors$(comma) doctests$(comma) end to end)
	$(CARGO) test --locked --workspace --all-features

test-features:
	$(call say,the core with fewer features)
	for features in "" alloc asymmetric std serde; do \
		$(CARGO) clippy --locked -p doorward --no-default-features --features "$$features" -- -D warnings || exit 1; \
	done
	$(call say,the core verifying by ring: --all-features above had aws-lc-rs do it)
	$(CARGO) test --locked --quiet -p doorward --lib keys::
	$(CARGO) test --locked --quiet -p doorward --test vectors_keys --test vectors_jwt --test vectors_jwks --test rfc --test allocations
	DOORWARD_DIFFERENTIAL=20000 $(CARGO) test --locked --quiet -p doorward-tests --test differential jsonwebtoken

test-no-std:
	$(call say,the core without std and without an allocator)
	CARGO_TARGET_DIR=$(CURDIR)/target/no-std tests/no-std/run.sh

test-loom:
	$(call say,every interleaving of the rate table (loom))
	cd tests/loom && RUSTFLAGS="--cfg doorward_loom" CARGO_TARGET_DIR=$(CURDIR)/target/loom $(CARGO) test --locked --release

test-constant-time: deps-check
	$(call say,no secret steers a branch or an address (Valgrind))
	CARGO_TARGET_DIR=$(CURDIR)/target/constant-time tests/constant-time/run.sh

# Once as it is, and once with each test in several threads at a time.
test-python: $(BINDINGS_PYTHON)/.venv/.stamp ## the Python package
	$(call say,the Python package)
	cd $(BINDINGS_PYTHON) && VIRTUAL_ENV=$(CURDIR)/$(BINDINGS_PYTHON)/.venv .venv/bin/maturin develop --quiet --profile bindings
	cd $(BINDINGS_PYTHON) && .venv/bin/pytest --quiet
	cd $(BINDINGS_PYTHON) && .venv/bin/pytest --quiet --parallel-threads 4 --skip-thread-unsafe true

lint-python: $(BINDINGS_PYTHON)/.venv/.stamp
	$(call say,formatting and lints of the Python package)
	cd $(BINDINGS_PYTHON) && .venv/bin/ruff format --check --quiet . && .venv/bin/ruff check --quiet .

test-node: $(BINDINGS_NODE)/node_modules/.stamp $(TYPESCRIPT)/node_modules/.stamp ## the Node package
	$(call say,the Node package)
	cd $(BINDINGS_NODE) && $(NPM) run --silent build:debug && $(NPM) test --silent

# Not part of `make test`: a browser is much to install. CHROMIUM names another than Debian's.
test-browser: $(BINDINGS_NODE)/node_modules/.stamp $(TYPESCRIPT)/node_modules/.stamp $(BROWSER)/node_modules/.stamp ## pages in headless Chromium, which is installed if missing
	@$(if $(CHROMIUM),,tests/deps-system.sh --if-missing chromium:chromium)
	$(call say,pages of listed origins and of others$(comma) in headless Chromium)
	$(CARGO) build --locked --quiet --package doorward-server
	cd $(BINDINGS_NODE) && $(NPM) run --silent build:debug
	cd $(BROWSER) && $(NPM) test --silent

# The types of the native module are committed, and must be what building it writes.
lint-node: $(BINDINGS_NODE)/node_modules/.stamp
	$(call say,formatting$(comma) lints and types of the Node package)
	cd $(BINDINGS_NODE) && $(NPM) run --silent build:debug && git diff --exit-code native/index.d.ts && $(NPM) run --silent lint

lint: $(TOOLS)/bin/cargo-deny lint-python lint-node ## formatting, lints, docs, licences
	$(call say,formatting)
	$(CARGO) fmt --all --check
	$(call say,clippy)
	$(CARGO) clippy --locked --workspace --all-targets --all-features -- -D warnings
	$(call say,docs)
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps --all-features --quiet
	$(call say,shared vectors are what their generator makes)
	$(PYTHON) tests/vectors/generate.py --check
	$(PYTHON) tests/vectors/gate.py --check
	$(PYTHON) tests/vectors/claims.py --check
	$(PYTHON) tests/vectors/audit.py --check
	$(PYTHON) tests/vectors/jwks.py --check
	$(PYTHON) tests/vectors/policy.py --check
	$(PYTHON) tests/vectors/api_keys.py --check
	$(PYTHON) tests/vectors/rates.py --check
	$(call say,licences$(comma) bans and sources)
	cargo-deny --all-features check --hide-inclusion-graph licenses bans sources
	cargo-deny --config deny.toml --manifest-path fuzz/Cargo.toml check --hide-inclusion-graph licenses bans sources

## ---- figures

bench: ## every figure, into target/bench/report.jsonl
	$(CARGO) bench --locked -p doorward-benches
	$(CARGO) run --locked --profile bench -p doorward-benches --bin report
	$(if $(wildcard $(PYTHON_BENCH)/.venv),$(MAKE) bench-python)
	$(if $(wildcard $(NODE_BENCH)/node_modules),$(MAKE) bench-node)

bench-quick: ## the same rows in under three minutes
	$(CARGO) run --locked --profile bench -p doorward-benches --bin report -- --quick
	$(if $(wildcard $(PYTHON_BENCH)/.venv),$(MAKE) bench-python QUICK=--quick)
	$(if $(wildcard $(NODE_BENCH)/node_modules),$(MAKE) bench-node QUICK=--quick)

# Once it was run, `make bench` runs it too. PYTHON=python3.12 has ryjwt among the peers, which takes 3.12 or newer; the environment is
# made once, so remove benches/python/.venv for another PYTHON.
bench-python: $(PYTHON_BENCH)/.venv/.stamp ## the Python package beside others, into the same report
	rm -rf target/wheels/bench
	cd $(BINDINGS_PYTHON) && ../$(PYTHON_BENCH)/.venv/bin/maturin build --quiet --release --out ../target/wheels/bench \
		--interpreter ../$(PYTHON_BENCH)/.venv/bin/python
	$(PYTHON_BENCH)/.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --force-reinstall target/wheels/bench/*.whl
	@mkdir -p $(dir $(REPORT))
	$(PYTHON_BENCH)/.venv/bin/python $(PYTHON_BENCH)/verify.py $(QUICK) $(REPORT)
	$(PYTHON_BENCH)/.venv/bin/python $(PYTHON_BENCH)/drop_in.py $(QUICK) $(REPORT)
	$(PYTHON_BENCH)/.venv/bin/python $(PYTHON_BENCH)/asgi.py $(QUICK) $(REPORT)

# Once it was run, `make bench` runs it too.
bench-node: $(BINDINGS_NODE)/node_modules/.stamp $(NODE_BENCH)/node_modules/.stamp ## the Node package beside others, into the same report
	cd $(BINDINGS_NODE) && $(NPM) run --silent build
	@mkdir -p $(dir $(REPORT))
	node $(NODE_BENCH)/verify.mjs $(QUICK) $(REPORT)
	node $(NODE_BENCH)/drop_in.mjs $(QUICK) $(REPORT)
	node $(NODE_BENCH)/express.mjs $(QUICK) $(REPORT)

dudect: ## statistics on the time of look-ups and comparisons (some minutes, an idle machine)
	cd tests/constant-time && CARGO_TARGET_DIR=$(CURDIR)/target/constant-time \
		$(CARGO) run --locked --quiet --release --features dudect --bin dudect

figures: ## the README's table, from the last report
	$(PYTHON) benches/figures.py $(REPORT)

audit: ## fifty million operations of sixteen threads on the rate table, every admission audited (half a minute)
	DOORWARD_AUDIT_OPS=50000000 $(CARGO) test --locked --release -p doorward --all-features --lib rate::tests::audit

tsan: ## the concurrent tests under ThreadSanitizer (nightly)
	CARGO_TARGET_DIR=$(CURDIR)/target/tsan NIGHTLY=$(NIGHTLY) tests/tsan/run.sh

fuzz: $(TOOLS)/bin/cargo-fuzz ## each fuzz target for FUZZ_SECONDS (600)
	@set -e; for target in $(FUZZ_TARGETS); do \
		printf '\n== fuzz %s for %s s\n' "$$target" "$(FUZZ_SECONDS)"; \
		mkdir -p $(CURDIR)/target/fuzz-corpus/$$target; \
		$(CARGO) +$(NIGHTLY) fuzz run --target-dir $(CURDIR)/target/fuzz "$$target" \
			$(CURDIR)/target/fuzz-corpus/$$target $(CURDIR)/fuzz/corpus/$$target -- \
			-max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1; \
	done

clean: ## removes what was built
	$(CARGO) clean
	rm -rf $(TYPESCRIPT)/node_modules $(BROWSER)/node_modules $(PYTHON_CLIENT)/.venv $(BINDINGS_PYTHON)/.venv $(BINDINGS_PYTHON)/python/doorward/*.so $(PYTHON_BENCH)/.venv $(BINDINGS_NODE)/node_modules $(BINDINGS_NODE)/dist $(NODE_BENCH)/node_modules

comma := ,
