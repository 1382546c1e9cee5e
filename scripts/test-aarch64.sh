#!/bin/sh
# test-aarch64.sh [ARGUMENTS OF meson test] - cross-compiles the library for AArch64 and runs its tests (by default all
# that are not shell scripts) under qemu, so that the NEON kernels are compiled and compared on any machine. Debian's
# AArch64 libraries are unpacked into build-aarch64/sysroot; the system itself gets a cross compiler and qemu, no
# foreign packages. Says skipped, and why, where these cannot be had.
set -eu

build=build-aarch64
sysroot=$PWD/$build-sysroot
packages="libc6-dev libcmocka-dev libexif-dev libpng-dev libjpeg62-turbo-dev libwebp-dev libyajl-dev libyaml-dev
    libzip-dev"

skip() { # REASON
    echo "$1"
    echo "[  SKIPPED ] AArch64"
    exit 0
}

# apt with its state in the sysroot's folder, as on a machine of that architecture where nothing is installed yet
apt_arm64() {
    apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User= \
        -o Dir::State="$sysroot/apt" -o Dir::State::status="$sysroot/apt/status" -o Dir::Cache="$sysroot/apt" "$@"
}

fill_sysroot() {
    rm -rf "$sysroot"
    mkdir -p "$sysroot/apt/lists/partial" "$sysroot/apt/archives/partial"
    : >"$sysroot/apt/status"
    apt_arm64 update
    # shellcheck disable=SC2086 # a list of names
    apt_arm64 install -y --download-only --no-install-recommends $packages
    for package in "$sysroot"/apt/archives/*.deb; do dpkg-deb -x "$package" "$sysroot"; done
    rm -rf "$sysroot/apt"
    touch "$sysroot/complete"
}

if ! command -v aarch64-linux-gnu-gcc >/dev/null || ! command -v qemu-aarch64 >/dev/null; then
    scripts/deps.sh aarch64 || skip "needs gcc-aarch64-linux-gnu and qemu-user"
fi
