#!/bin/sh
# Wrong usage and unreadable input: one clear sentence with the place, the right exit status, and all that can be
# read still read.
set -u
: "${SIPWEAVE:=build/debug/sipweave}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0
boxless=examples/junk-call/boxless.log

check() { # check WHAT STATUS WORDS COMMAND...: the exit status, and the words somewhere in what it says
    what=$1 status=$2 words=$3
    shift 3
    n=$((n + 1))
    "$@" >"$dir/out" 2>&1
    got=$?
    if [ "$got" -eq "$status" ] && grep -qF -- "$words" "$dir/out" && ! grep -q Sanitizer "$dir/out"; then
        echo "ok $n - $what"
    else
        echo "status $got, wanted $status with: $words"
        head -c 2000 "$dir/out"
        echo "not ok $n - $what"
    fi
}

: >"$dir/empty"
head -c 3000 /dev/urandom >"$dir/random"
printf 'hello\nworld\n' >"$dir/text.log"
head -c 5000 examples/plain-call.pcap >"$dir/cut.pcap"
head -c 20 examples/plain-call.pcap >"$dir/head.pcap"
{ head -c 6000 "$boxless"; head -c 4000 /dev/zero; tail -c +6001 "$boxless"; } >"$dir/zeroes.log"
{ sed -n 1,40p "$boxless"; printf '\377\376\000\001 not text \r\n'; sed -n '41,$p' "$boxless"; } >"$dir/bytes.log"
sed 's/$/\r/' "$boxless" >"$dir/crlf.log"
{ sed -n '1,/^$/p' "$boxless"; echo "26 Jul 2014 08:54:02 dhcp Lease renewed"; sed -n '1,$p' "$boxless"; } >"$dir/others.log"
sed 's/^l: .*/l: 99999/; s/^Content-Length: .*/Content-Length: 99999/' "$boxless" >"$dir/lies.log"
{
    grep -m1 'VoIP Rx' "$boxless"
    echo 'INVITE sip:1@192.0.2.1 SIP/2.0'
    printf 'X-Long: %065536d\n' 0
    echo 'Call-ID: long@192.0.2.1'
    echo
} >"$dir/long.log"
mkdir "$dir/folder"

check "no command" 2 "sipweave FILE" "$SIPWEAVE"
check "unknown option" 2 "there is no option --frobnicate" "$SIPWEAVE" calls --frobnicate
check "help, asked for after a command" 0 "sipweave FILE" "$SIPWEAVE" calls --help
check "option without value" 2 "--hosts wants a file" "$SIPWEAVE" calls --hosts
check "bad zone" 2 "--timezone wants" "$SIPWEAVE" calls --timezone moon "$boxless"
check "bad kind" 2 "--kind wants" "$SIPWEAVE" calls --kind cake "$boxless"
check "bad format" 2 "--format wants" "$SIPWEAVE" show --format cake "$boxless"
check "no file" 2 "which file" "$SIPWEAVE" calls
check "missing file" 2 "$dir/nowhere" "$SIPWEAVE" calls "$dir/nowhere"
check "folder" 2 "$dir/folder" "$SIPWEAVE" calls "$dir/folder"
check "empty file" 2 "$dir/empty" "$SIPWEAVE" calls "$dir/empty"
check "random bytes" 2 "$dir/random" "$SIPWEAVE" calls "$dir/random"
check "text without SIP" 2 "$dir/text.log" "$SIPWEAVE" calls "$dir/text.log"
check "missing hosts" 2 "$dir/nowhere" "$SIPWEAVE" calls "$boxless" --hosts "$dir/nowhere"
check "no such call" 1 "no call has" "$SIPWEAVE" show "$boxless" --call nobody
check "cut capture: the rest is read" 0 "cut.pcap" "$SIPWEAVE" calls "$dir/cut.pcap"
check "capture cut in its head" 2 "$dir/head.pcap" "$SIPWEAVE" calls "$dir/head.pcap"
check "zero bytes in a log" 0 "answered" "$SIPWEAVE" calls "$dir/zeroes.log"
check "bytes that are no text" 0 "answered" "$SIPWEAVE" calls "$dir/bytes.log"
check "CRLF log" 0 "answered" "$SIPWEAVE" calls "$dir/crlf.log"
check "other lines" 0 "log lines of other parts" "$SIPWEAVE" calls "$dir/others.log"
check "Content-Length that lies" 0 "5 legs" "$SIPWEAVE" calls "$dir/lies.log"
check "64 KB header" 0 "ringing" "$SIPWEAVE" calls "$dir/long.log"
check "standard input" 0 "answered" sh -c "cat '$boxless' | '$SIPWEAVE' calls -"
check "capture on standard input" 0 "answered" sh -c "cat examples/plain-call.pcap | '$SIPWEAVE' calls -"
check "closed pipe" 0 "answered" sh -c "'$SIPWEAVE' show --unfold '$boxless' | head -2"
check "full disk" 2 "could not be written" sh -c "'$SIPWEAVE' show '$boxless' --format svg --output /dev/full"
check "database in a missing folder" 2 "$dir/none/x.db" "$SIPWEAVE" import "$boxless" --db "$dir/none/x.db"
check "file that is no database" 2 "$boxless" "$SIPWEAVE" import "$boxless" --db "$boxless"
check "import twice: once" 0 "39 of them new" "$SIPWEAVE" import "$boxless" --db "$dir/x.db"
check "import twice: twice" 0 "0 of them new" "$SIPWEAVE" import "$boxless" --db "$dir/x.db"
command -v sqlite3 >/dev/null && sqlite3 "$dir/x.db" 'PRAGMA user_version = 999'
check "database from a newer version" 2 "newer" "$SIPWEAVE" import "$boxless" --db "$dir/x.db"
check "one good file of two" 2 "$dir/nowhere" "$SIPWEAVE" import "$boxless" "$dir/nowhere" --db "$dir/y.db"
check "the good one was kept" 0 "0 of them new" "$SIPWEAVE" import "$boxless" --db "$dir/y.db"
