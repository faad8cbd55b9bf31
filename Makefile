# druid-bridge. `make` builds build/druid-bridge, `make help` lists the targets.
#
#   CC=clang                      another compiler
#   SANITIZE=address,undefined    with these sanitizers; each choice has a build folder of its own
#   T=PATTERN                     with check: only the tests whose path contains PATTERN
#   WERROR=1                      warnings are errors
#   V=1                           show the commands

ifeq ($(origin CC),default)
CC := gcc
endif
ifdef SANITIZE
comma := ,
BUILD ?= build/sanitize-$(notdir $(CC))-$(subst $(comma),-,$(SANITIZE))
else ifeq ($(CC),gcc)
BUILD ?= build
else
BUILD ?= build/$(notdir $(CC))
endif

PREFIX ?= /usr/local
VERSION := 0.1.0
SHARED ?= ../shared

# Asked of pkg-config only when something is compiled: the packages may be installed by this very run.
LIBRARIES := libmicrohttpd gnutls libssl libcrypto json-c yaml-0.1 libcurl zlib
LIBRARY_CFLAGS = $(shell pkg-config --cflags $(LIBRARIES))
LIBRARY_LIBS = $(shell pkg-config --libs $(LIBRARIES))

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
	-Wpointer-arith -Wcast-qual -Wundef $(if $(WERROR),-Werror)
HARDENING := -fstack-protector-strong -fstack-clash-protection -fcf-protection
OPTIMISE ?= -O2
CFLAGS ?= $(OPTIMISE) -g
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -DDRUID_BRIDGE_VERSION='"$(VERSION)"' -I. -pthread -fPIE $(WARNINGS) $(HARDENING) \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2) \
	$(LIBRARY_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = -pie -pthread -Wl,-z,relro,-z,now,-z,noexecstack $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(LDFLAGS)

ROOMS := kube certs patches migration webhook
SOURCES := $(wildcard $(ROOMS:%=%/*.c))
LIBRARY_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out webhook/main.c,$(SOURCES)))
TEST_SOURCES := $(wildcard $(ROOMS:%=tests/%/test_*.c))
TESTS := $(TEST_SOURCES:tests/%.c=$(BUILD)/tests/%)
SUPPORT_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/support/*.c))
TOOLS := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/*.c))
SCALING := $(BUILD)/scaling/scaling
SCRIPT_TESTS := $(wildcard $(ROOMS:%=tests/%/test_*.py) $(ROOMS:%=tests/%/test_*.sh))

# What check runs, what takes longest first. T is looked for in the paths of the sources: that of a build folder chooses nothing.
chosen = $(if $(T),$(foreach source,$(1),$(if $(findstring $(T),$(source)),$(source))),$(1))
CHOSEN_TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(call chosen,$(TEST_SOURCES)))
CHOSEN_SCALING := $(call chosen,tests/scaling/run)
CHECKED := $(CHOSEN_SCALING) $(CHOSEN_TESTS) $(call chosen,$(SCRIPT_TESTS))

Q := $(if $(V),,@)
MAKEFLAGS += --no-print-directory
PROGRAM := $(BUILD)/druid-bridge
export BUILD SHARED PROGRAM

.PHONY: all help demo run check scaling memory fuzz e2e bench lint format install clean tests

all: $(PROGRAM) ## build build/druid-bridge (the default)
	@:

help: ## list the targets
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/  \1 - \2/p' $(firstword $(MAKEFILE_LIST)) | column -t -s- -l2

demo: ## install what it needs, serve on loopback, post real AdmissionReviews, show what was patched
	@tests/install-packages build run
	@$(MAKE) all
	@tests/demo

run: ## serve on 127.0.0.1:8443 with certificates made on the spot, until Ctrl-C
	@tests/install-packages build run
	@$(MAKE) all
	@tests/serve

check: ## install what they need, build and run the tests of every room, or with T=PATTERN some of them
	$(if $(strip $(CHECKED)),,$(error no test's path contains '$(T)'))
	@tests/install-packages build run check
	@$(MAKE) all tests
	@tests/run $(CHECKED)

scaling: ## instructions against the size of the input: every route, sizes up to 512 KiB
	@tests/install-packages build run check
	@$(MAKE) $(SCALING)
	@tests/scaling/run all

e2e: ## the same program behind a real API server
	@tests/install-packages build run e2e
	@$(MAKE) all
	@tests/e2e/run
	@tests/e2e/run-phases
	@tests/e2e/run-callers

bench: ## CPU and memory, as ratios to a reference in the same run
	@tests/install-packages build run bench e2e
	@$(MAKE) all $(TOOLS)
	@tests/bench/run
	@tests/bench/run-live
	@tests/bench/live.py
	@tests/bench/migrate.py

memory: ## resident memory with the worst callers: every shape on every route and in every phase
	@tests/install-packages build run check
	@$(MAKE) all
	@FULL=1 /usr/bin/python3 tests/webhook/test_memory.py

fuzz: ## each parser against generated input, with clang's libFuzzer and the sanitizers
	@tests/install-packages build check
	@tests/fuzz/run

lint: ## formatting, cppcheck, clang-tidy, shellcheck, and the arrows between the rooms
	@tests/install-packages build lint
	@tests/lint

format: ## reformat the sources
	@clang-format -i $(SOURCES) $(wildcard $(ROOMS:%=%/*.h) tests/*/*.c tests/*/*.h)

install: all ## install the program; DESTDIR and PREFIX as usual
	install -D -m 0755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/druid-bridge

clean: ## remove what was built
	rm -rf build

tests: $(CHOSEN_TESTS) $(if $(CHOSEN_SCALING),$(SCALING))
	@:

$(PROGRAM): $(BUILD)/obj/webhook/main.o $(LIBRARY_OBJECTS)
	$(if $(Q),@echo "  LINK    $@")
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBRARY_LIBS)

$(TESTS): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(SUPPORT_OBJECTS) $(LIBRARY_OBJECTS)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBRARY_LIBS) -lcmocka

$(TOOLS): $(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(LIBRARY_OBJECTS)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBRARY_LIBS)

$(SCALING): $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/scaling/*.c)) $(SUPPORT_OBJECTS) $(LIBRARY_OBJECTS)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBRARY_LIBS)

$(BUILD)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(if $(Q),@echo "  CC      $<")
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

.SECONDARY:
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
