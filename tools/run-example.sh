#!/bin/sh
# run-example.sh BINARY [OPTION...]: what `make run` does. Puts the examples into a database, once, and serves it.
# LISTEN=127.0.0.1:8271 serves somewhere else.
set -eu
cd "$(dirname "$0")/.."
binary=$1
shift
listen=${LISTEN:-127.0.0.1:8270}
db=build/example.db
hosts=examples/junk-call/hosts

# a database of an older format is put aside, and made anew
if [ -e "$db" ] && "$binary" import --db "$db" /dev/null 2>&1 | grep -q 'by an older sipweave'; then
    mv "$db" "$db.old"
    rm -f "$db-wal" "$db-shm"
    echo "$db was written by an older sipweave; it is $db.old now"
fi
if [ ! -e "$db" ]; then
    rm -f "$db.new" "$db.new-wal" "$db.new-shm"
    "$binary" import --db "$db.new" --hosts "$hosts" examples/junk-call/*.log examples/*.pcap examples/registration-403/boxless.log
    mv "$db.new" "$db"
fi

junk=$("$binary" calls --json --quiet --hosts "$hosts" examples/junk-call/*.log | sed -n '1s/^{"id":"\([^"]*\)".*/\1/p')
echo
echo "One junk call, eight legs, eight devices:"
echo "                    http://$listen/call/$junk"
exec "$binary" serve --db "$db" --hosts "$hosts" --keep 0 --listen "$listen" "$@"
