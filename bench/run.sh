#!/bin/sh
# Opening one capture: sipweave beside sngrep and tshark, in turn, on the same file, in the same run. Prints medians
# of wall time and of peak memory, and ratios. Usage: bench/run.sh PROGRAM; CALLS, RATE and RUNS may be set.
set -eu
program=$1
calls=${CALLS:-2000} rate=${RATE:-20} runs=${RUNS:-5}
dir=build/bench
mkdir -p "$dir"
gcc -O2 -o "$dir/traffic" bench/traffic.c
"$dir/traffic" "$calls" "$rate" >"$dir/traffic.pcap"
size=$(wc -c <"$dir/traffic.pcap")
# sngrep stops at 20,000 Call-IDs, and says nothing, unless it is told a limit: more than there are legs, so that it reads
# the whole file as the others do
time_of() { # time_of NAME COMMAND...: one line "seconds kilobytes" into NAME.runs
    name=$1
    shift
    /usr/bin/time -f '%e %M' -o "$dir/one" "$@" >"$dir/out" 2>/dev/null </dev/null || true
    tail -1 "$dir/one" >>"$dir/$name.runs"
}
# the cores this may run on: the first, and the first two
cores=$(taskset -cp $$ | sed 's/.*: //' | tr ',' '\n' | sed 's/-/ /' | awk '{for (i = $1; i <= $NF; i++) print i}' | head -2)
one=$(echo "$cores" | head -1)
two=$(echo "$cores" | paste -sd ,)
rm -f "$dir"/*.runs
run=0
while [ "$run" -le "$runs" ]; do
    [ "$run" -eq 1 ] && rm -f "$dir"/*.runs # the first one warmed up
    time_of sipweave "$program" calls --quiet "$dir/traffic.pcap"
    time_of sipweave-one-core taskset -c "$one" "$program" calls --quiet "$dir/traffic.pcap"
    time_of sipweave-two-cores taskset -c "$two" "$program" calls --quiet "$dir/traffic.pcap"
    command -v sngrep >/dev/null && time_of sngrep sngrep -N -q -l $((calls * 10)) -I "$dir/traffic.pcap"
    command -v tshark >/dev/null && time_of tshark tshark -q -z sip,stat -r "$dir/traffic.pcap"
    command -v tcpdump >/dev/null && time_of tcpdump tcpdump -r "$dir/traffic.pcap" -w /dev/null
    run=$((run + 1))
done
median() { awk -v c="$2" '{print $c}' "$1" | sort -n | awk '{a[NR]=$1} END {print a[int((NR+1)/2)]}'; }
echo "machine: $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | sed 's/^ *//'), $(nproc) cores"
echo "capture: $calls calls at $rate a second, $((size / 1000000)) MB; medians of $runs runs"
printf '%-18s %10s %12s\n' program seconds kilobytes
for file in "$dir"/*.runs; do
    name=${file##*/}
    printf '%-18s %10s %12s\n' "${name%.runs}" "$(median "$file" 1)" "$(median "$file" 2)"
done
ours=$(median "$dir/sipweave.runs" 1)
for name in sngrep tshark tcpdump; do
    [ -s "$dir/$name.runs" ] || continue
    awk -v a="$(median "$dir/$name.runs" 1)" -v b="$ours" -v n="$name" \
        'BEGIN {printf "%s takes %.2f times the time of sipweave\n", n, (b > 0) ? a / b : 0}'
done
