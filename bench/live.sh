#!/bin/sh
# FireBrick syslog over UDP into `sipweave serve`: what was sent, received, dropped, stored, linked, memory, and the size of database
# and WAL, every few seconds (an hour: every minute), and the sum at the end.
# Usage: bench/live.sh PROGRAM; RATE (messages a second), SECONDS_TO_RUN, EVERY and AFTER (seconds to go on
# watching), KEEP (days), DIR, PORT and SYSLOG (two free ports) may be set. As root the sender and the server can be put before all other
# work on the machine; where tasks are grouped by session (sched_autogroup_enabled is 1) nice alone does not do that:
#     setsid -w sh -c 'echo -15 > /proc/self/autogroup; exec nice -n -15 sh bench/live.sh PROGRAM'
set -eu
program=$1
rate=${RATE:-100000} seconds=${SECONDS_TO_RUN:-20}
every=${EVERY:-$([ "$seconds" -ge 600 ] && echo 60 || echo 5)} after=${AFTER:-20}
dir=${DIR:-build/bench/live} port=${PORT:-18080} syslog=${SYSLOG:-15514}
rm -rf "$dir"
mkdir -p "$dir"
gcc -O2 -o "$dir/traffic" bench/traffic.c
gcc -O2 -o "$dir/firebrick" bench/firebrick.c
"$program" serve --db "$dir/live.db" --listen "127.0.0.1:$port" --syslog "127.0.0.1:$syslog" --keep "${KEEP:-0}" >"$dir/log" 2>&1 &
pid=$!
trap 'kill $pid 2>/dev/null; wait $pid || true' EXIT
sleep 1
kill -0 $pid 2>/dev/null || { cat "$dir/log"; exit 1; }
size() { stat -c %s "$1" 2>/dev/null || echo 0; }
status() { curl -s -m 30 "http://127.0.0.1:$port/api/v1/status" | tr ',{}[]' '\n'; }
show() { # one line: seconds since the start, the status, memory, sizes, and of each thread: seconds on a processor + waiting for one
    status | awk -F: -v t="$1" '
            /"kind":"syslog-udp"/ {udp = 1} /"kind":"syslog-tcp"/ {udp = 0} /"linking"/ {linking = 1}
            /"messages"/ {if (udp) got = $2; else if (linking == 1) {left = $2; linking = 2}}
            /"dropped"/ && udp {lost = $2} /"ms"/ {behind = $2} /"sightings"/ {kept = $2} /"calls"/ {calls = $2}
            END {printf "%4d s  received %d  dropped %d  stored %d  not linked %d (%.1f s behind)  conversations %d", t, got, lost, kept, left, behind / 1000, calls}'
    awk '/VmRSS/ {printf "  %d MB", $2 / 1024}' "/proc/$pid/status"
    wal=$(size "$dir/live.db-wal")
    [ "$wal" -le "$most_wal" ] || most_wal=$wal
    printf '  database %d MB  WAL %d MB' $(($(size "$dir/live.db") / 1000000)) $((wal / 1000000))
    for task in /proc/"$pid"/task/*; do
        awk -v name="$(cat "$task/comm" 2>/dev/null)" '$1 > 1e8 {printf "  %s %.1f+%.1f", name, $1 / 1e9, $2 / 1e9}' "$task/schedstat" 2>/dev/null || true
    done
    echo
}
echo "machine: $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | sed 's/^ *//'), $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg)"
# a call makes 45 records, at both ends of what goes between boxes: as many calls a second as make the rate
"$dir/traffic" 1000000000 $((rate / 45 + 1)) | "$dir/firebrick" send 127.0.0.1 "$syslog" "$rate" "$seconds" >"$dir/sent" &
sender=$!
t=0 most_wal=0
while kill -0 $sender 2>/dev/null; do
    sleep "$every"
    t=$((t + every))
    show $t
done
cat "$dir/sent"
end=$((t + after))
while [ $t -lt $end ]; do
    sleep "$every"
    t=$((t + every))
    show $t
done
sent=$(awk '{print $2; exit}' "$dir/sent")
status | awk -F: -v sent="$sent" -v size="$(size "$dir/live.db")" -v wal="$most_wal" '
    /"kind":"syslog-udp"/ {udp = 1} /"kind":"syslog-tcp"/ {udp = 0}
    /"messages"/ && udp {got = $2} /"dropped"/ && udp {lost = $2} /"sightings"/ {kept = $2}
    END {printf "sent %d, received %d, dropped %d, stored %d; %.1f bytes a message in the database, WAL %d MB at most\n",
        sent, got, lost, kept, kept ? size / kept : 0, wal / 1000000}'
awk '/VmHWM/ {printf "memory at most %d MB", $2 / 1024}' "/proc/$pid/status"
echo "; the log of the server:"
cat "$dir/log"
