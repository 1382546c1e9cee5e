#!/bin/sh
# deps.sh build|check|aarch64 - makes sure that Debian's packages for building and testing (check: also for all that CI
# runs; aarch64: also for a cross compiler and qemu) are there. Installs what is missing when it may, else prints the
# line that does. Asks apt nothing when nothing is missing. What a build can do without (formats of pictures, videos, windows) is
# installed if that is possible, else told of.
# shellcheck disable=SC2086 # lists of names are meant to fall into words
set -eu

packages="gcc libc6-dev make meson ninja-build pkg-config libcmocka-dev libexif-dev libpng-dev libjpeg-dev
    libwebp-dev libyajl-dev libyaml-dev libzip-dev zlib1g-dev"
if [ "${1:-build}" = check ]; then
    packages="$packages binutils clang clang-format cppcheck g++ libclang-rt-dev libopenmpi-dev llvm openmpi-bin shellcheck"
elif [ "${1:-build}" = aarch64 ]; then
    packages="$packages gcc-aarch64-linux-gnu qemu-user"
fi

optional="libtiff-dev libgif-dev libavif-dev libheif-dev libsdl2-dev libavcodec-dev libavdevice-dev libavfilter-dev
    libavformat-dev libavutil-dev libswscale-dev"
if [ "${1:-build}" = check ]; then optional="$optional libx11-dev xvfb"; fi
if [ "${1:-build}" = aarch64 ]; then optional=""; fi

if ! command -v dpkg-query >/dev/null; then
    echo "deps.sh: no Debian here; needed are the equivalents of:" $packages >&2
    exit 0
fi

missing=""
for package in $packages; do
    state=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
    # Debian's and Ubuntu's libjpeg-turbo packages have names of their own; libjpeg-dev, which asks for them, is in both
    if [ "$package" = libjpeg-dev ] && [ "$state" != "install ok installed" ]; then
        for other in libjpeg62-turbo-dev libjpeg-turbo8-dev; do
            found=$(dpkg-query -W -f='${Status}' "$other" 2>/dev/null || true)
            if [ "$found" = "install ok installed" ]; then state=$found; fi
        done
    fi
    # pkgconf stands in for pkg-config
    if [ "$package" = pkg-config ] && command -v pkg-config >/dev/null; then continue; fi
    if [ "$state" != "install ok installed" ]; then missing="$missing $package"; fi
done
missing_optional=""
for package in $optional; do
    state=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
    if [ "$state" != "install ok installed" ]; then missing_optional="$missing_optional $package"; fi
done
if [ -z "$missing$missing_optional" ]; then exit 0; fi

if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo"
else
    if [ -n "$missing_optional" ]; then echo "deps.sh: what these are for will be left out:$missing_optional" >&2; fi
    if [ -z "$missing" ]; then exit 0; fi
    echo "Packages are missing. Please run this once, then again what you wanted:" >&2
    echo "    sudo apt-get install --no-install-recommends$missing$missing_optional" >&2
    exit 1
fi
echo "installing:$missing$missing_optional"
export DEBIAN_FRONTEND=noninteractive
install() { # PACKAGES...
    $as_root apt-get $patience update -qq && $as_root apt-get $patience install -y -qq --no-install-recommends "$@" >/dev/null
}
patience=""
if [ -n "$missing" ]; then install $missing; fi
# nobody should wait long for what is not needed, as on a machine without a network
patience="-o Acquire::http::Timeout=10 -o Acquire::https::Timeout=10 -o Acquire::Retries=0"
if [ -n "$missing_optional" ] && ! install $missing_optional; then
    echo "deps.sh: these could not be installed, and what they are for is left out:$missing_optional" >&2
fi
