# The front door. `make` alone lists what there is.

CARGO  ?= cargo
CFLAGS ?= -O2
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DESTDIR ?=

# Where cargo builds, and with which profile.
CARGO_TARGET_DIR ?= target
CARGO_PROFILE ?= release
LOOM_TARGET := $(CARGO_TARGET_DIR)/loom
BUILT := $(CARGO_TARGET_DIR)/$(if $(filter dev,$(CARGO_PROFILE)),debug,$(CARGO_PROFILE))

# libmcm_dp as its programs ask for it: the SDK release whose header it has, the soname, the file.
MCM_DP := capi/mcm-dp
MCM_DP_VERSION := 24.09
MCM_DP_SONAME := libmcm_dp.so.1
MCM_DP_FILE := $(MCM_DP_SONAME).0.0

# libdescsock-client: the release whose interface it has, the soname, the file.
DESCSOCK := capi/descsock-client
DESCSOCK_VERSION := 1.5.0
DESCSOCK_SONAME := libdescsock-client.so.1
DESCSOCK_FILE := $(DESCSOCK_SONAME).0.0

EXAMPLES := examples/c
EXAMPLES_BUILT := $(BUILT)/examples-c
APPS := $(addprefix $(EXAMPLES_BUILT)/,sender_app recver_app)
APP_PARTS := $(patsubst %,$(EXAMPLES)/%.c,options argument payload report)
SINGLES := $(addprefix $(EXAMPLES_BUILT)/,seed_sender seed_receiver poll_receiver)
TENANTS := $(addprefix $(EXAMPLES_BUILT)/,test_client tap_tenant)
GREETERS := $(addprefix $(EXAMPLES_BUILT)/,greeter listener)
COMPILE := $(CC) -std=gnu11 -Wall -Wextra -Werror $(CFLAGS) -I$(MCM_DP)/include -I$(DESCSOCK)/include
# The programs find the library where they are, wherever the directory is moved to.
BESIDE := -L$(EXAMPLES_BUILT) -Wl,-rpath,'$$ORIGIN' $(LDFLAGS)
LINK := -lmcm_dp $(BESIDE)

.PHONY: help demo test tools check unit loom bench example example-library install install-descsock uninstall rpm deb clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## processes share verified 1080p60 video and Ethernet frames
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

example: $(APPS) $(SINGLES) $(TENANTS) $(GREETERS) ## build the C programs of examples/c
	@ln -sf $(EXAMPLES_BUILT)/test_client test_client
	@echo "built in $(EXAMPLES_BUILT): $(notdir $^)"

$(APPS): $(EXAMPLES_BUILT)/%: example-library
	$(COMPILE) -o $@ $(EXAMPLES)/$*.c $(APP_PARTS) $(LINK)

$(SINGLES): $(EXAMPLES_BUILT)/%: example-library
	$(COMPILE) -o $@ $(EXAMPLES)/$*.c $(LINK)

$(TENANTS): $(EXAMPLES_BUILT)/%: example-library
	$(COMPILE) -o $@ $(EXAMPLES)/$*.c $(EXAMPLES)/register.c -ldescsock-client $(BESIDE)

$(GREETERS): $(EXAMPLES_BUILT)/%: example-library
	$(COMPILE) -o $@ $(EXAMPLES)/$*.c -ldescsock-client $(BESIDE)

example-library:
	$(CARGO) build --profile $(CARGO_PROFILE) -p mcm-dp -p descsock-client
	@mkdir -p $(EXAMPLES_BUILT)
	@ln -sf ../libdescsock_client.so $(EXAMPLES_BUILT)/$(DESCSOCK_SONAME)
	@ln -sf $(DESCSOCK_SONAME) $(EXAMPLES_BUILT)/libdescsock-client.so
	@ln -sf ../libmcm_dp.so $(EXAMPLES_BUILT)/$(MCM_DP_SONAME)
	@ln -sf $(MCM_DP_SONAME) $(EXAMPLES_BUILT)/libmcm_dp.so

# In the .pc file, directories below the prefix follow it, so that the whole can be moved.
below_prefix = $(patsubst $(PREFIX)/%,$${prefix}/%,$(1))

install: install-descsock ## install memwire and the C libraries (PREFIX, DESTDIR)
	$(CARGO) build --profile $(CARGO_PROFILE) -p memwire -p mcm-dp
	install -D -m 0755 $(BUILT)/memwire $(DESTDIR)$(BINDIR)/memwire
	install -D -m 0644 $(MCM_DP)/include/mcm_dp.h $(DESTDIR)$(INCLUDEDIR)/mcm_dp.h
	install -D -m 0644 $(MCM_DP)/include/mcm_dp_ext.h $(DESTDIR)$(INCLUDEDIR)/mcm_dp_ext.h
	install -D -m 0644 $(MCM_DP)/include/mcm_dp/libmemif.h $(DESTDIR)$(INCLUDEDIR)/mcm_dp/libmemif.h
	install -D -m 0755 $(BUILT)/libmcm_dp.so $(DESTDIR)$(LIBDIR)/$(MCM_DP_FILE)
	install -D -m 0644 $(BUILT)/libmcm_dp.a $(DESTDIR)$(LIBDIR)/libmcm_dp.a
	ln -sf $(MCM_DP_FILE) $(DESTDIR)$(LIBDIR)/$(MCM_DP_SONAME)
	ln -sf $(MCM_DP_SONAME) $(DESTDIR)$(LIBDIR)/libmcm_dp.so
	@mkdir -p $(DESTDIR)$(LIBDIR)/pkgconfig
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(MCM_DP_VERSION)|' \
	  -e 's|@LIBDIR@|$(call below_prefix,$(LIBDIR))|' \
	  -e 's|@INCLUDEDIR@|$(call below_prefix,$(INCLUDEDIR))|' \
	  $(MCM_DP)/libmcm_dp.pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/libmcm_dp.pc
	@chmod 0644 $(DESTDIR)$(LIBDIR)/pkgconfig/libmcm_dp.pc
	@[ -n "$(DESTDIR)" ] || ldconfig 2>/dev/null || true

install-descsock:
	$(CARGO) build --profile $(CARGO_PROFILE) -p descsock-client
	install -D -m 0644 $(DESCSOCK)/include/descsock.h $(DESTDIR)$(INCLUDEDIR)/descsock.h
	install -D -m 0644 $(DESCSOCK)/include/descsock_client.h $(DESTDIR)$(INCLUDEDIR)/descsock_client.h
	install -D -m 0755 $(BUILT)/libdescsock_client.so $(DESTDIR)$(LIBDIR)/$(DESCSOCK_FILE)
	install -D -m 0644 $(BUILT)/libdescsock_client.a $(DESTDIR)$(LIBDIR)/libdescsock-client.a
	ln -sf $(DESCSOCK_FILE) $(DESTDIR)$(LIBDIR)/$(DESCSOCK_SONAME)
	ln -sf $(DESCSOCK_SONAME) $(DESTDIR)$(LIBDIR)/libdescsock-client.so
	@mkdir -p $(DESTDIR)$(LIBDIR)/pkgconfig
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(DESCSOCK_VERSION)|' \
	  -e 's|@LIBDIR@|$(call below_prefix,$(LIBDIR))|' \
	  -e 's|@INCLUDEDIR@|$(call below_prefix,$(INCLUDEDIR))|' \
	  $(DESCSOCK)/libdescsock-client.pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/libdescsock-client.pc
	@chmod 0644 $(DESTDIR)$(LIBDIR)/pkgconfig/libdescsock-client.pc

uninstall: ## remove what install has put there
	rm -f $(DESTDIR)$(BINDIR)/memwire
	rm -f $(DESTDIR)$(INCLUDEDIR)/mcm_dp.h $(DESTDIR)$(INCLUDEDIR)/mcm_dp_ext.h
	rm -f $(DESTDIR)$(INCLUDEDIR)/mcm_dp/libmemif.h
	rmdir $(DESTDIR)$(INCLUDEDIR)/mcm_dp 2>/dev/null || true
	rm -f $(DESTDIR)$(LIBDIR)/libmcm_dp.so $(DESTDIR)$(LIBDIR)/$(MCM_DP_SONAME)
	rm -f $(DESTDIR)$(LIBDIR)/$(MCM_DP_FILE) $(DESTDIR)$(LIBDIR)/libmcm_dp.a
	rm -f $(DESTDIR)$(LIBDIR)/pkgconfig/libmcm_dp.pc
	rm -f $(DESTDIR)$(INCLUDEDIR)/descsock.h $(DESTDIR)$(INCLUDEDIR)/descsock_client.h
	rm -f $(DESTDIR)$(LIBDIR)/libdescsock-client.so $(DESTDIR)$(LIBDIR)/$(DESCSOCK_SONAME)
	rm -f $(DESTDIR)$(LIBDIR)/$(DESCSOCK_FILE) $(DESTDIR)$(LIBDIR)/libdescsock-client.a
	rm -f $(DESTDIR)$(LIBDIR)/pkgconfig/libdescsock-client.pc
	@[ -n "$(DESTDIR)" ] || ldconfig 2>/dev/null || true

rpm: ## write rpmbuild/RPMS/x86_64/libdescsock-client-VERSION-dev.x86_64.rpm
	rpmbuild -bb --define '_topdir $(CURDIR)/rpmbuild' --define 'source $(CURDIR)' \
	  --define 'descsock_version $(DESCSOCK_VERSION)' packaging/rpm/libdescsock-client.spec
	@ls rpmbuild/RPMS/*/libdescsock-client-$(DESCSOCK_VERSION)-dev.*.rpm

DEB := $(CARGO_TARGET_DIR)/debian
DEB_ARCH = $(shell dpkg --print-architecture)

deb: ## write the same as a Debian package, in target/debian
	rm -rf $(DEB)/tree
	$(MAKE) install-descsock DESTDIR=$(abspath $(DEB))/tree PREFIX=/usr LIBDIR=/usr/lib
	@mkdir -p $(DEB)/tree/DEBIAN
	sed -e 's|@VERSION@|$(DESCSOCK_VERSION)|' -e 's|@ARCH@|$(DEB_ARCH)|' packaging/deb/control.in > $(DEB)/tree/DEBIAN/control
	dpkg-deb --root-owner-group --build $(DEB)/tree $(DEB)/libdescsock-client_$(DESCSOCK_VERSION)_$(DEB_ARCH).deb

clean: ## remove everything built
	$(CARGO) clean
