#!/bin/sh
# Runs every test program, replays every fuzz corpus, drives the page in a browser, and ends with one line:
# N passed, N failed. Each program prints TAP; a program that dies counts as one failure.
set -u
cd "$(dirname "$0")/.."
: "${BUILD_DIR:=build/debug}"
export BUILD_DIR
export SIPWEAVE="$BUILD_DIR/sipweave"
export CMOCKA_MESSAGE_OUTPUT=TAP
export ASAN_OPTIONS=abort_on_error=0:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
log=$BUILD_DIR/test.log
: >"$log"
passed=0 failed=0 skipped=0

run() { # run NAME COMMAND...: counts its "ok" and "not ok" lines
    name=$1
    shift
    one=$BUILD_DIR/one.log
    "$@" >"$one" 2>&1
    status=$?
    cat "$one" >>"$log"
    # cmocka 1.1 prints a skipped test as "not ok N # SKIP"
    s=$(grep -cE '^(not )?ok.*# SKIP' "$one")
    p=$(grep '^ok' "$one" | grep -vc '# SKIP')
    f=$(grep '^not ok' "$one" | grep -vc '# SKIP')
    [ "$status" -ne 0 ] && [ "$f" -eq 0 ] && f=1
    [ "$p" -eq 0 ] && [ "$f" -eq 0 ] && [ "$s" -eq 0 ] && f=1 && echo "$name ran no test" >>"$one"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    if [ "$f" -ne 0 ]; then
        echo "FAILED $name"
        grep -v '^ok' "$one" | head -60
    else
        echo "passed $name ($p)"
    fi
    grep -E '^(not )?ok.*# SKIP' "$one" | sed -E 's/^(not )?ok[0-9 -]*(# SKIP)?/  skipped: /'
}

for program in "$BUILD_DIR"/tests/*/test_*; do
    case "$program" in *.d) continue ;; esac
    run "${program#"$BUILD_DIR"/tests/}" "$program"
done
for program in "$BUILD_DIR"/replay/fuzz_*; do
    case "$program" in *.d) continue ;; esac
    name=${program##*/}
    run "$name" "$program" "tests/fuzz/corpus/${name#fuzz_}"
done
for script in tests/*/test_*.sh; do
    [ -e "$script" ] && run "${script#tests/}" sh "$script"
done
for script in tests/*/test_*.mjs; do
    [ -e "$script" ] && run "${script#tests/}" node "$script"
done
[ "$skipped" -ne 0 ] && echo "$skipped skipped"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
