# The front door. `make` alone lists what there is.

CARGO  ?= cargo
PREFIX ?= /usr/local
DESTDIR ?=
LOOM_TARGET := target/loom

.PHONY: help demo test tools check unit loom bench install clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## two processes share verified 1080p60 video
	$(CARGO) run --quiet --release --bin memwire -- demo

test: tools check unit loom ## install what the tests need, then run all of them

tools: ## install the real peers and tools the tests use (Debian)
	@scripts/test-tools

check: ## format, lints, docs
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --all-features -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --all-features

unit: ## all tests, real peers included
	$(CARGO) build --workspace --bins
	$(CARGO) test --workspace --all-features --no-fail-fast

loom: ## model-check the orderings of the rings
	RUSTFLAGS="--cfg loom" $(CARGO) test --release --target-dir $(LOOM_TARGET) -p memif-ring --test loom

bench: ## figures and ratios, two pinned processes
	$(CARGO) run --quiet --release -p memwire-benches

install: ## install the memwire command (PREFIX, DESTDIR)
	$(CARGO) build --release --bin memwire
	install -D -m 0755 target/release/memwire $(DESTDIR)$(PREFIX)/bin/memwire

clean: ## remove everything built
	$(CARGO) clean
