#!/bin/sh
# How cost grows: captures of 10^4, 10^5 … 10^TOP messages (6), opened by `sipweave calls`. For each: processor time, the peak of
# memory, and both by message; memory without what the program takes for a capture of one call. Then what each step of linking costs in
# the largest of them (link.c). Usage: bench/growth.sh PROGRAM LIBRARY; TOP and RATE may be set. 7 needs 4 GB of disk.
set -eu
program=$1 library=$2
top=${TOP:-6} rate=${RATE:-20} a_call=29.5
dir=build/bench
mkdir -p "$dir"
gcc -O2 -o "$dir/traffic" bench/traffic.c
# shellcheck disable=SC2046
gcc -std=c17 -D_GNU_SOURCE -Isrc -O2 -flto=auto -o "$dir/link" bench/link.c "$library" \
    $(pkg-config --cflags --libs libpcap sqlite3 libmicrohttpd libzstd zlib libxxhash jansson) -lm -lpthread
cost() { # cost CALLS: "seconds kilobytes megabytes-of-capture" of one run
    "$dir/traffic" "$1" "$rate" >"$dir/growth.pcap"
    /usr/bin/time -f '%U %S %M' -o "$dir/one" "$program" calls --quiet "$dir/growth.pcap" >"$dir/out"
    awk -v size="$(wc -c <"$dir/growth.pcap")" '{print $1 + $2, $3, size / 1e6}' "$dir/one"
}
none=$(cost 1 | cut -d' ' -f2)
printf '%12s %10s %10s %14s %16s\n' messages MB seconds 'ns a message' 'bytes a message'
for power in $(seq 4 "$top"); do
    calls=$(awk -v p="$power" -v c="$a_call" 'BEGIN {print int(10 ^ p / c)}')
    cost "$calls" | awk -v n="$calls" -v c="$a_call" -v none="$none" '{
        m = n * c
        printf "%12d %10.1f %10.2f %14.0f %16.1f\n", m, $3, $1, $1 * 1e9 / m, ($2 - none) * 1024 / m
    }'
done
"$dir/link" "$dir/growth.pcap" 3
rm -f "$dir/growth.pcap"
