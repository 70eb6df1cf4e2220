#!/bin/sh
# Runs each fuzzer named for FUZZ_SECONDS from its corpus; new finds stay out of the repository.
set -u
status=0
for program in "$@"; do
    name=${program##*/fuzz_}
    work=build/fuzz/work/$name
    mkdir -p "$work"
    echo "fuzzing $name for ${FUZZ_SECONDS:-10} s"
    "$program" -max_total_time="${FUZZ_SECONDS:-10}" -max_len=8192 -timeout=10 -rss_limit_mb=3000 \
        -artifact_prefix="build/fuzz/$name-" "$work" "tests/fuzz/corpus/$name" >"$work.log" 2>&1 || {
        tail -40 "$work.log"
        status=1
    }
    grep -E '^Done|stat::number_of' "$work.log" | tail -1
done
exit $status
