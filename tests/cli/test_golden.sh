#!/bin/sh
# Golden files: what the program says of each example, to the letter. GOLDEN=update writes them anew; a change of
# a golden file is a change of behaviour, to be read line by line.
set -u
: "${SIPWEAVE:=build/debug/sipweave}"
n=0
one=${BUILD_DIR:-build/debug}/golden.out

same() { # same FILE COMMAND...
    golden=tests/golden/$1
    shift
    n=$((n + 1))
    "$@" >"$one" 2>&1
    [ "${GOLDEN:-}" = update ] && cp "$one" "$golden"
    if cmp -s "$one" "$golden"; then
        echo "ok $n - $golden"
    else
        diff -u "$golden" "$one" | cut -c1-160 | head -40
        echo "not ok $n - $golden"
    fi
}

junk="examples/junk-call/a.voiceless.log examples/junk-call/b.voiceless.log examples/junk-call/boxless.log"
# shellcheck disable=SC2086
{
    same junk-call.calls.json "$SIPWEAVE" calls --json $junk --hosts examples/junk-call/hosts
    same junk-call-no-hosts.calls.json "$SIPWEAVE" calls --json $junk
    same junk-call.txt "$SIPWEAVE" show $junk --hosts examples/junk-call/hosts
    same junk-call.ascii.txt "$SIPWEAVE" show --ascii --unfold $junk
    same junk-call.json "$SIPWEAVE" show --format json $junk --hosts examples/junk-call/hosts
    same junk-call.svg "$SIPWEAVE" show --quiet --format svg $junk --hosts examples/junk-call/hosts
}
for example in plain-call.pcap failed-call.pcap registration-403/boxless.log; do
    name=${example%.*}
    name=${name%/boxless}
    same "$name.calls.json" "$SIPWEAVE" calls --json --kind all examples/$example
    same "$name.calls.txt" "$SIPWEAVE" calls --kind all examples/$example
    same "$name.txt" "$SIPWEAVE" show --kind all examples/$example
    same "$name.json" "$SIPWEAVE" show --kind all --format json examples/$example
done

# the picture at the top of the README is what the program draws
n=$((n + 1))
if cmp -s tests/golden/junk-call.svg docs/junk-call.svg; then
    echo "ok $n - the README's picture"
else
    echo "not ok $n - the README's picture: cp tests/golden/junk-call.svg docs/junk-call.svg"
fi
