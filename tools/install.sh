#!/bin/sh
# Installs what the build (or, with "test", the tests) needs and this machine lacks: Debian packages.
# Does nothing, quickly, when everything is there.
set -eu
build="gcc libc6-dev pkg-config libpcap-dev libsqlite3-dev libmicrohttpd-dev libzstd-dev zlib1g-dev libxxhash-dev \
libjansson-dev"
command -v node >/dev/null 2>&1 || build="$build nodejs"
command -v npm >/dev/null 2>&1 || build="$build npm"
test="libcmocka-dev clang libclang-rt-14-dev clang-format clang-tidy cppcheck tshark \
chromium sqlite3 sngrep tcpdump time fonts-dejavu-core"
case "${1:-build}" in
build) want=$build ;;
test) want=$test ;;
*) echo "usage: install.sh build|test" >&2; exit 2 ;;
esac
missing=""
for package in $want; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
echo "Installing:$missing"
as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get -qq update
# shellcheck disable=SC2086
$as_root apt-get -qq install -y --no-install-recommends $missing >/dev/null
