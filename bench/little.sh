#!/bin/sh
# A capture opened with little memory: in a control group of MB megabytes, where the page cache counts as on a machine of that size, beside
# the same without a limit; the answers are compared. Needs root and memory control groups, of either version.
# Usage: bench/little.sh PROGRAM MB [FILE]; without FILE traffic of CALLS calls (20000), RATE a second (20). OPTIONS: more for `calls`; TMPDIR: where
# what does not fit goes.
set -eu
program=$1 mb=$2 file=${3:-} options=${OPTIONS:-}
dir=build/bench
mkdir -p "$dir"
if [ -z "$file" ]; then
    file=$dir/little.pcap
    gcc -O2 -o "$dir/traffic" bench/traffic.c
    "$dir/traffic" "${CALLS:-20000}" "${RATE:-20}" >"$file"
fi
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    group=/sys/fs/cgroup/sipweave-little limit=memory.max most=memory.peak tasks=cgroup.procs
    grep -qw memory /sys/fs/cgroup/cgroup.subtree_control || echo +memory >/sys/fs/cgroup/cgroup.subtree_control
else
    group=/sys/fs/cgroup/memory/sipweave-little limit=memory.limit_in_bytes most=memory.max_usage_in_bytes tasks=tasks
fi
mkdir "$group"
trap 'rmdir "$group"; rm -f "$dir/little.pcap"' EXIT
echo $((mb << 20)) >"$group/$limit"

one() { # one NAME GROUP: runs it there; "" is nowhere
    # shellcheck disable=SC2086,SC2016
    sh -c '[ -z "$1" ] || echo $$ >"$1"; out=$2; shift 2
           exec /usr/bin/time -f "%e %U %S %I %O" -o "$out.time" "$@" >"$out.out"' \
        x "$2" "$dir/little-$1" "$program" calls $options "$file"
    awk -v name="$1" '{printf "%-12s %8.1f s on the wall, %.1f s of the processor, %.1f GB read, %.1f GB written\n",
        name, $1, $2 + $3, $4 * 512 / 1e9, $5 * 512 / 1e9}' "$dir/little-$1.time"
}
one unlimited ""
one "$mb-MB" "$group/$tasks"
[ -e "$group/$most" ] && echo "at most $(($(cat "$group/$most") >> 20)) MB in use"
cmp "$dir/little-unlimited.out" "$dir/little-$mb-MB.out" && echo "the same answer"
rm -f "$dir"/little-*.out "$dir"/little-*.time
