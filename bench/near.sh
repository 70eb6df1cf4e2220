#!/bin/sh
# One call among many in a database: how fast it is found, and whether it comes out as with all traffic in sight.
# Usage: bench/near.sh PROGRAM LIBRARY; NEAR_CALLS says among how many (232600: 1 million legs, which takes some minutes once);
# SAMPLES may be set. The database stays in build/bench.
set -eu
program=$1 library=$2
calls=${NEAR_CALLS:-232600} samples=${SAMPLES:-200}
dir=build/bench
db=$dir/near-$calls.db
mkdir -p "$dir"
gcc -O2 -o "$dir/traffic" bench/traffic.c
# shellcheck disable=SC2046
gcc -std=c17 -D_GNU_SOURCE -Isrc -O2 -flto=auto -o "$dir/near" bench/near.c "$library" \
    $(pkg-config --cflags --libs libpcap sqlite3 libmicrohttpd libzstd zlib libxxhash jansson) -lm -lpthread
if [ ! -s "$db" ]; then
    rm -f "$db.new"*
    "$dir/traffic" "$calls" "${RATE:-20}" | "$program" import - --db "$db.new"
    mv "$db.new" "$db"
fi
"$dir/near" "$db" "$samples"
