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

# apt as on a machine of that architecture where nothing is installed yet, all its state in the sysroot's folder
apt_arm64() {
    apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User= \
        -o Dir::State="$sysroot/apt" -o Dir::State::status="$sysroot/apt/status" -o Dir::Cache="$sysroot/apt" "$@"
}

# shellcheck disable=SC2086 # a list of names
fill_sysroot() {
    rm -rf "$sysroot" &&
        mkdir -p "$sysroot/apt/lists/partial" "$sysroot/apt/archives/partial" &&
        : >"$sysroot/apt/status" &&
        apt_arm64 update &&
        apt_arm64 install -y --download-only --no-install-recommends $packages &&
        find "$sysroot/apt/archives" -name '*.deb' -exec dpkg-deb -x '{}' "$sysroot" ';' &&
        rm -rf "$sysroot/apt" &&
        echo "$packages" >"$sysroot/packages"
}

command -v apt-get >/dev/null || skip "needs apt-get for libraries of that architecture"
"$here/deps.sh" aarch64 || skip "needs gcc-aarch64-linux-gnu and qemu-user"
if [ "$(cat "$sysroot/packages" 2>/dev/null)" != "$packages" ]; then
    fill_sysroot || skip "cannot fetch libraries of that architecture"
fi
if [ ! -e "$build/build.ninja" ]; then
    printf "[constants]\nsysroot = '%s'\n" "$sysroot" >"$sysroot/sysroot.ini"
    meson setup "$build" --cross-file "$sysroot/sysroot.ini" --cross-file tests/cross/aarch64.ini \
        -Dwerror=true >/dev/null
fi
ninja -C "$build" --quiet
if [ $# = 0 ]; then set -- --suite base --suite kern --suite pose; fi
exec "$here/test.sh" "$build" --timeout-multiplier 4 "$@"
