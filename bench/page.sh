#!/bin/sh
# The page with big things: calls of 2,000 and 20,000 messages, a list of PAGE calls (1000000 takes two minutes once).
# Usage: bench/page.sh PROGRAM LIBRARY; RUNS may be set. The list stays in build/bench.
set -eu
program=$1 library=$2
calls=${PAGE:-1000000}
dir=build/bench
db=$dir/list-$calls.db
mkdir -p "$dir"
if [ ! -s "$db" ]; then
    # shellcheck disable=SC2046
    gcc -std=c17 -D_GNU_SOURCE -Isrc -O2 -flto=auto -o "$dir/list" bench/list.c "$library" \
        $(pkg-config --cflags --libs libpcap sqlite3 libmicrohttpd libzstd zlib libxxhash jansson) -lm -lpthread
    rm -f "$db.new"*
    "$dir/list" "$db.new" "$calls"
    mv "$db.new" "$db"
fi
node bench/page.mjs "$program" "$db"
