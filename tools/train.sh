#!/bin/sh
# train.sh BUILD: plays made-up traffic and the examples to a program that counts how often it does what; the counts are left in BUILD/counts,
# where the compiler looks for them. The same sources give the same counts.
set -eu
cd "$(dirname "$0")/.."
build=$1
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT

find "$build/counts" -name '*.gcda' -delete
"${CC:-gcc}" -O2 -o "$room/traffic" bench/traffic.c
"$room/traffic" 2000 20 > "$room/many.pcap"
"$room/traffic" 200 20 > "$room/few.pcap"

# one thread: two would not count the same each time
play() { "$build/sipweave" "$@" > "$room/out" 2>&1 || :; }
play calls --threads 1 "$room/many.pcap"
play calls --threads 1 --json "$room/few.pcap"
play import --db "$room/few.db" "$room/few.pcap"
for format in text svg html json; do
    play show --threads 1 --format "$format" examples/junk-call/*.log
    play show --threads 1 --format "$format" examples/plain-call.pcap
done
