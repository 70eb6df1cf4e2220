# sipweave: one Makefile. Adding a source file changes nothing here.
#
#   make run     install what is missing, build, import the example, serve it
#   make test    install what is missing, build, run every test
#   make help    the rest

BUILD   ?= debug
PREFIX  ?= /usr/local
ifeq ($(origin CC),default)
CC := gcc
endif
Q       := $(if $(V),,@)
CLANG   ?= clang
OUT     := build/$(BUILD)
GEN     := build/gen

LIBS     := libpcap sqlite3 libmicrohttpd libzstd zlib libxxhash jansson
PKG_CFLAGS = $(shell pkg-config --cflags $(LIBS) 2>/dev/null)
PKG_LIBS   = $(shell pkg-config --libs $(LIBS) 2>/dev/null)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
        -Wmissing-prototypes -Wcast-qual -Wvla -Wundef -Wformat=2 -Werror
BASE_CFLAGS = -std=c17 -D_GNU_SOURCE -Isrc -I$(GEN) $(WARN) -MMD -MP
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_debug   := -g -O1 -DSIPWEAVE_DEBUG $(SANITIZE)
CFLAGS_release := -g -O2 -flto=auto -fno-fat-lto-objects -fstack-protector-strong -D_FORTIFY_SOURCE=2
CFLAGS_train   := $(CFLAGS_release)
LDFLAGS_debug   := $(SANITIZE)
LDFLAGS_release := -O2 -flto=auto -Wl,-z,relro,-z,now
LDFLAGS_train   := $(LDFLAGS_release) -fprofile-generate
# Once trained (see `release`), every release build is laid out by the counts, but for files that have changed since.
# An object's counts stand in one place for both builds: gcc knows functions by it.
TRAINED := $(if $(findstring release,$(BUILD)),$(wildcard build/train/.done))
COUNTS = -dumpdir build/train/counts/$(<D)/ -dumpbase $(<F) -MF $(@:.o=.d)
COUNTED = $(TRAINED:%=$(shell [ build/train/counts/$<.gcda -nt $< ] && echo yes))
COUNTS_train = $(COUNTS) -fprofile-generate -fprofile-update=atomic
COUNTS_release = $(if $(COUNTED),$(COUNTS) -fprofile-use -fprofile-partial-training -Wno-missing-profile \
                   -Wno-coverage-mismatch -Wno-error)
# what is laid out so makes gcc warn of sizes that no caller gives
LDFLAGS_release += $(if $(TRAINED),-Wno-stringop-overflow)
CFLAGS += $(BASE_CFLAGS) $(CFLAGS_$(BUILD)) $(PKG_CFLAGS)

SRC      := $(sort $(shell find src -name '*.c'))
MAIN     := src/cli/main.c
LIB_OBJ  := $(patsubst %.c,$(OUT)/obj/%.o,$(filter-out $(MAIN),$(SRC)))
GEN_OBJ  := $(OUT)/obj/gen/assets.o
MAIN_OBJ := $(OUT)/obj/src/cli/main.o
TEST_SRC := $(sort $(wildcard tests/*/test_*.c))
TEST_BIN := $(patsubst tests/%.c,$(OUT)/tests/%,$(TEST_SRC))
TEST_LIB := $(patsubst %.c,$(OUT)/obj/%.o,$(sort $(wildcard tests/lib/*.c)))
# traffic with its truth, and who judges by it; programs of their own: accuracy, write, fit
WORLD_MAIN := $(wildcard $(addprefix tests/world/,accuracy.c write.c fit.c))
WORLD_SRC := $(sort $(filter-out tests/world/test_%.c $(WORLD_MAIN),$(wildcard tests/world/*.c)))
WORLD_OBJ := $(patsubst %.c,$(OUT)/obj/%.o,$(WORLD_SRC))
WORLD_BIN := $(patsubst tests/%.c,$(OUT)/%,$(WORLD_MAIN))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
REPLAY   := $(patsubst tests/fuzz/%.c,$(OUT)/replay/%,$(FUZZ_SRC))
FUZZ_BIN := $(patsubst tests/fuzz/%.c,build/fuzz/%,$(FUZZ_SRC))
WEB_SRC  := $(shell find web/src -type f 2>/dev/null) web/package.json web/build.mjs
FUZZ_SECONDS ?= 10

.SECONDARY:
.PHONY: all run test check lint fuzz bench bench-parse accuracy fit install release help clean deps deps-test

all: $(OUT)/sipweave

help:
	@sed -n 's/^#   //p' Makefile
	@echo "make release   the optimised program, at build/release/sipweave; with gcc built twice, and laid out by what it does most"
	@echo "make install   the optimised program into PREFIX ($(PREFIX))"
	@echo "make lint      format, includes, headers that stand alone, static analysis"
	@echo "make fuzz      every fuzzer for FUZZ_SECONDS ($(FUZZ_SECONDS)) seconds each"
	@echo "make bench     speed and memory beside sngrep and tshark on the same file; how they grow with the messages, to 10^6"
	@echo "               (TOP=7: more); NEAR_CALLS=232600: one call found among that many in a database, too;"
	@echo "               PAGE=1000000: the page, with a list of so many calls"
	@echo "make bench-parse  what taking in one message costs, parsing alone and all of it"
	@echo "make accuracy  how right the linking is, on worlds whose truth is known (ROWS=\"--seeds 3 hard\")"
	@echo "make fit       the weights of evidence, from the training worlds, into src/link/weights.h"
	@echo "make clean     remove everything that was built"

# ---- what has to be installed -------------------------------------------------------------

deps: build/.deps
deps-test: build/.deps-test
build/.deps: tools/install.sh
	@mkdir -p build
	@sh tools/install.sh build
	@touch $@
build/.deps-test: tools/install.sh build/.deps
	@sh tools/install.sh test
	@touch $@

web/node_modules/.done: web/package.json web/package-lock.json build/.deps
	$(Q)cd web && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@

# ---- the page, embedded -------------------------------------------------------------------

$(GEN)/web/.done: web/node_modules/.done $(WEB_SRC)
	@mkdir -p $(GEN)/web
	$(Q)cd web && node build.mjs ../$(GEN)/web
	@touch $@

$(GEN)/embed: tools/embed.c
	@mkdir -p $(GEN)
	$(Q)$(CC) -std=c17 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror $< -o $@

$(GEN)/assets.c: $(GEN)/web/.done $(GEN)/embed
	$(Q)$(GEN)/embed $(GEN)/web > $@.new && mv $@.new $@

$(OUT)/obj/gen/assets.o: $(GEN)/assets.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c17 -D_GNU_SOURCE -Isrc $(CFLAGS_$(BUILD)) -c $< -o $@

# ---- the program ----------------------------------------------------------------------------

$(OUT)/obj/%.o: %.c $(TRAINED) | build/.deps
	@mkdir -p $(@D) $(if $(COUNTS_$(BUILD)),build/train/counts/$(<D))
	$(Q)$(CC) $(CFLAGS) $(COUNTS_$(BUILD)) -c $< -o $@

$(OUT)/lib.a: $(LIB_OBJ)
	@rm -f $@
	$(Q)gcc-ar rcs $@ $(LIB_OBJ)

$(OUT)/sipweave: $(MAIN_OBJ) $(OUT)/lib.a $(GEN_OBJ)
	$(Q)$(CC) $(LDFLAGS_$(BUILD)) $(LDFLAGS) $^ $(PKG_LIBS) -lm -lpthread -o $@

# Twice, by gcc: a program that counts what it does plays made-up traffic, and by its counts the compiler lays out the one that is kept
release: deps
	@case "$(CC)" in *clang*) ;; *) \
	    $(MAKE) --no-print-directory BUILD=train build/train/.done ;; esac
	@$(MAKE) --no-print-directory BUILD=release build/release/sipweave

build/train/.done: build/train/sipweave tools/train.sh bench/traffic.c
	@CC="$(CC)" sh tools/train.sh build/train
	@touch $@

install: release
	install -D -m 755 build/release/sipweave $(DESTDIR)$(PREFIX)/bin/sipweave

run: deps
	@$(MAKE) --no-print-directory BUILD=release build/release/sipweave
	@sh tools/run-example.sh build/release/sipweave

# ---- tests ------------------------------------------------------------------------------------

$(OUT)/tests/%: tests/%.c $(TEST_LIB) $(OUT)/lib.a $(GEN_OBJ) | build/.deps-test
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Itests $(LDFLAGS_$(BUILD)) $< $(TEST_LIB) $(OUT)/lib.a $(GEN_OBJ) \
	    $(PKG_LIBS) -lcmocka -lm -lpthread -o $@

$(OUT)/obj/tests/lib/%.o: tests/lib/%.c | build/.deps-test
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Itests -c $< -o $@

$(OUT)/replay/%: tests/fuzz/%.c tests/fuzz/replay/main.c $(OUT)/lib.a | build/.deps-test
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Itests $(LDFLAGS_$(BUILD)) $< tests/fuzz/replay/main.c $(OUT)/lib.a $(PKG_LIBS) \
	    -lm -lpthread -o $@

$(OUT)/obj/tests/world/%.o: tests/world/%.c | build/.deps-test
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Itests -c $< -o $@

$(OUT)/world.a: $(WORLD_OBJ)
	@rm -f $@
	$(Q)gcc-ar rcs $@ $(WORLD_OBJ)

$(OUT)/tests/world/%: tests/world/%.c $(TEST_LIB) $(OUT)/world.a $(OUT)/lib.a | build/.deps-test
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Itests $(LDFLAGS_$(BUILD)) $< $(TEST_LIB) $(OUT)/world.a $(OUT)/lib.a \
	    $(PKG_LIBS) -lcmocka -ljansson -lm -lpthread -o $@

$(WORLD_BIN): $(OUT)/world/%: $(OUT)/obj/tests/world/%.o $(OUT)/world.a $(OUT)/lib.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_$(BUILD)) $(LDFLAGS) $^ $(PKG_LIBS) -ljansson -lm -lpthread -o $@

test: deps deps-test
	@$(MAKE) --no-print-directory check

# release too: the tests that drive the program as a user does take the sanitized one,
# and the build that users get has to compile
check: $(OUT)/sipweave $(TEST_BIN) $(REPLAY)
	@BUILD_DIR=$(OUT) sh tests/run.sh

# ---- fuzzing: libFuzzer, from the corpus that the tests replay -----------------------------------

FUZZ_OBJ := $(patsubst %.c,build/fuzz/obj/%.o,$(filter-out $(MAIN) src/cli/% src/serve/%,$(SRC)))
build/fuzz/obj/%.o: %.c | build/.deps-test
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BASE_CFLAGS) $(PKG_CFLAGS) -g -O1 -DSIPWEAVE_DEBUG \
	    -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -c $< -o $@
build/fuzz/%: tests/fuzz/%.c $(FUZZ_OBJ)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BASE_CFLAGS) $(PKG_CFLAGS) -Itests -g -O1 -DSIPWEAVE_DEBUG \
	    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all $< $(FUZZ_OBJ) $(PKG_LIBS) -lm -o $@

fuzz: deps deps-test $(FUZZ_BIN)
	@FUZZ_SECONDS=$(FUZZ_SECONDS) sh tests/fuzz/run.sh $(FUZZ_BIN)

# ---- lint and figures -----------------------------------------------------------------------------

lint: deps deps-test
	@CFLAGS="$(BASE_CFLAGS) $(PKG_CFLAGS)" sh tools/lint.sh

bench: deps-test release
	@sh bench/run.sh build/release/sipweave
	@sh bench/growth.sh build/release/sipweave build/release/lib.a
	@[ -z "$$NEAR_CALLS" ] || sh bench/near.sh build/release/sipweave build/release/lib.a
	@[ -z "$$PAGE" ] || sh bench/page.sh build/release/sipweave build/release/lib.a

bench-parse: deps
	@$(MAKE) --no-print-directory BUILD=release build/release/sipweave
	@mkdir -p build/bench
	@[ -s build/bench/traffic.pcap ] || \
	    { gcc -O2 -o build/bench/traffic bench/traffic.c && \
	      build/bench/traffic 2000 20 > build/bench/traffic.pcap; }
	@$(CC) -std=c17 -D_GNU_SOURCE -Isrc $(CFLAGS_release) $(PKG_CFLAGS) -o build/bench/parse \
	    bench/parse.c build/release/lib.a $(PKG_LIBS) -lm -lpthread
	@build/bench/parse build/bench/traffic.pcap

accuracy: deps deps-test
	@$(MAKE) --no-print-directory BUILD=release build/release/world/accuracy
	@build/release/world/accuracy $(ROWS)

# twice: how sure a link is can be told only with the tables built in
fit: deps deps-test
	@for pass in 1 2; do \
	    $(MAKE) --no-print-directory BUILD=release build/release/world/fit && \
	    build/release/world/fit > build/weights.h && \
	    clang-format --assume-filename=src/link/weights.h < build/weights.h > src/link/weights.h \
	        || exit 1; \
	done

clean:
	rm -rf build web/node_modules

-include $(shell find build -name '*.d' 2>/dev/null)
