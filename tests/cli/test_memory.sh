#!/bin/sh
# Where memory is short (here: `ulimit -m` says so) the answer is the same as where it is not; where there is no room on the disk either,
# there is a sentence.
set -u
: "${SIPWEAVE:=build/debug/sipweave}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0

ok() { # ok WHAT COMMAND...
    what=$1
    shift
    n=$((n + 1))
    if "$@"; then
        echo "ok $n - $what"
    else
        head -c 2000 "$dir/err"
        echo "not ok $n - $what"
    fi
}

# limited OUT ULIMITS COMMAND...: its output and sentences
limited() {
    out=$dir/$1 limits=$2
    shift 2
    (
        for limit in $limits; do ulimit "-${limit%%=*}" "${limit#*=}" || exit 9; done
        exec "$@"
    ) >"$out" 2>"$dir/err"
    status=$?
}

same() { [ "$status" -eq 0 ] && cmp -s "$dir/plain" "$dir/$1" && grep -q 'did not fit into memory' "$dir/err"; }
told() { [ "$status" -eq 2 ] && grep -q "$1" "$dir/err" && ! grep -q Sanitizer "$dir/err"; }

if ! "${CC:-cc}" -O2 -o "$dir/traffic" bench/traffic.c; then
    echo "ok 1 # SKIP no compiler for the traffic"
    exit 0
fi
"$dir/traffic" 3000 20 >"$dir/x.pcap"
mkdir "$dir/none"

for how in "calls" "calls --json" "show --format json"; do
    for threads in 1 2; do
        # shellcheck disable=SC2086
        "$SIPWEAVE" $how --threads $threads "$dir/x.pcap" >"$dir/plain" 2>"$dir/err"
        ok "what fits goes into no file: $how, $threads" sh -c "! grep -q 'did not fit' '$dir/err'"
        # shellcheck disable=SC2086
        TMPDIR=/var/tmp limited short m=100 "$SIPWEAVE" $how --threads $threads "$dir/x.pcap"
        ok "the same with little memory: $how, $threads" same short
    done
done
limited short m=100 "$SIPWEAVE" calls --quiet "$dir/x.pcap"
ok "quiet where that is asked for" test ! -s "$dir/err"
TMPDIR=/var/tmp limited full "m=100 f=2000" "$SIPWEAVE" calls "$dir/x.pcap"
ok "no room on the disk: told, with the folder" told 'sipweave: .* in /var/tmp.*TMPDIR'
ok "nothing is left behind" sh -c "! ls /var/tmp/sipweave-* >/dev/null 2>&1"
TMPDIR="$dir/none" limited gone m=100 "$SIPWEAVE" calls "$dir/x.pcap"
ok "nothing with a name in the folder" sh -c "[ -z \"\$(ls '$dir/none')\" ]"
