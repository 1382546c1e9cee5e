#!/bin/sh
# test-aarch64.sh [ARGUMENTS OF meson test] - cross-compiles the library for AArch64 and runs its tests under qemu, so
# that the NEON kernels are compared on any machine: by default those that take seconds there (whole networks take
# minutes: test-aarch64.sh golden). Debian's AArch64 libraries are unpacked into build-aarch64-sysroot; the system
# itself gets a cross compiler and qemu, no foreign packages. Says skipped, and why, where these cannot be had.
set -eu

here=$(dirname "$0")
build="build-aarch64"
sysroot=$PWD/build-aarch64-sysroot
packages="libc6-dev libcmocka-dev libexif-dev libpng-dev libjpeg62-turbo-dev libwebp-dev libyajl-dev libyaml-dev
    libzip-dev"

skip() { # REASON
    echo "[  SKIPPED ] AArch64: $1"
    exit 0
}

command -v apt-get >/dev/null || skip "needs apt-get for libraries of that architecture"
"$here/deps.sh" aarch64 || skip "needs gcc-aarch64-linux-gnu and qemu-user"
# shellcheck disable=SC2086 # a list of names
"$here/sysroot.sh" "$sysroot" $packages || skip "cannot fetch libraries of that architecture"
if [ ! -e "$build/build.ninja" ]; then
    printf "[constants]\nsysroot = '%s'\n" "$sysroot" >"$sysroot/sysroot.ini"
    meson setup "$build" --cross-file "$sysroot/sysroot.ini" --cross-file tests/cross/aarch64.ini \
        -Dwerror=true >/dev/null
fi
ninja -C "$build" --quiet
if [ $# = 0 ]; then set -- --suite base --suite kern --suite pose; fi
exec "$here/test.sh" "$build" --timeout-multiplier 4 "$@"
