#!/bin/sh
# deps.sh build|check|aarch64 - makes sure that the packages for building and testing (check: also for all that CI runs;
# aarch64: also for a cross compiler and qemu) are there. On Debian and Ubuntu it installs what is missing when it may, else
# prints the line that does; on Fedora, Arch and Alpine it prints that line. Asks apt nothing when nothing is missing. What a
# build can do without (formats of pictures, videos, windows, fetching, Python) is installed if that is possible, else told of.
# OS_RELEASE names another file than /etc/os-release.
# shellcheck disable=SC2086,SC2046,SC2116,SC1090 # lists of names are meant to fall into words; a file that varies
set -eu

what=${1:-build}

# names that stand for one another are joined by |: the first that the system knows is installed, any is enough
packages="gcc libc6-dev make meson ninja-build pkg-config|pkgconf libcmocka-dev libexif-dev libpng-dev
    libjpeg-dev|libjpeg62-turbo-dev|libjpeg-turbo8-dev libwebp-dev libyajl-dev libyaml-dev libzip-dev zlib1g-dev"
optional="libtiff-dev libgif-dev libavif-dev libheif-dev libsdl2-dev libcurl4-openssl-dev|libcurl4-gnutls-dev
    libavcodec-dev libavdevice-dev libavfilter-dev libavformat-dev libavutil-dev libswscale-dev
    libpython3-dev python3-numpy python3-pil python3-pytest"
if [ "$what" = check ]; then
    packages="$packages binutils clang clang-format cppcheck g++ libclang-rt-dev|libclang-common-14-dev libopenmpi-dev llvm
        openmpi-bin shellcheck"
    optional="$optional cmake debhelper libx11-dev lintian gcc-i686-linux-gnu libc6-dev-i386-cross musl-tools python3-venv xvfb"
elif [ "$what" = aarch64 ]; then
    packages="$packages gcc-aarch64-linux-gnu qemu-user"
    optional=""
fi

# the line for systems without apt: needed, then what a build can do without
family=$(
    . "${OS_RELEASE:-/etc/os-release}" 2>/dev/null || true
    echo " ${ID:-} ${ID_LIKE:-} "
)
line=""
case $family in
*" debian "* | *" ubuntu "*) ;;
*" fedora "* | *" rhel "*)
    line="sudo dnf install gcc make meson ninja-build pkgconf-pkg-config libcmocka-devel libexif-devel libpng-devel
        libjpeg-turbo-devel libwebp-devel yajl-devel libyaml-devel libzip-devel zlib-devel
        libtiff-devel giflib-devel libavif-devel libheif-devel SDL2-devel libcurl-devel ffmpeg-free-devel openmpi-devel
        python3-devel python3-numpy python3-pillow python3-pytest"
    ;;
*" arch "*)
    line="sudo pacman -S --needed gcc make meson ninja pkgconf cmocka libexif libpng libjpeg-turbo libwebp yajl libyaml
        libzip zlib libtiff giflib libavif libheif sdl2-compat curl ffmpeg openmpi python python-numpy python-pillow python-pytest"
    ;;
*" alpine "*)
    line="sudo apk add build-base meson ninja pkgconf cmocka-dev libexif-dev libpng-dev libjpeg-turbo-dev libwebp-dev
        yajl-dev yaml-dev libzip-dev zlib-dev tiff-dev giflib-dev libavif-dev libheif-dev sdl2-dev curl-dev ffmpeg-dev openmpi-dev
        python3-dev py3-numpy py3-pillow py3-pytest"
    ;;
esac
if [ -n "$line" ]; then
    echo "deps.sh: on this system the packages are those of" >&2
    echo "    $(echo $line)" >&2
    exit 0
fi
if ! command -v dpkg-query >/dev/null; then
    echo "deps.sh: no Debian here; needed are the equivalents of:" $packages >&2
    exit 0
fi

# Whether one of the names a|b|c is installed.
has_one() { # NAMES
    for name in $(echo "$1" | tr '|' ' '); do
        state=$(dpkg-query -W -f='${Status}' "$name" 2>/dev/null || true)
        if [ "$state" = "install ok installed" ]; then return 0; fi
    done
    return 1
}

# Those of the names a|b|c ... that apt would install: of each the first it knows.
choose() { # NAMES...
    for names in "$@"; do
        chosen=${names%%|*}
        for name in $(echo "$names" | tr '|' ' '); do
            if apt-cache policy "$name" 2>/dev/null | grep -q 'Candidate: [^(]'; then
                chosen=$name
                break
            fi
        done
        echo "$chosen"
    done
}

missing=""
for names in $packages; do
    if ! has_one "$names"; then missing="$missing $names"; fi
done
missing_optional=""
for names in $optional; do
    if ! has_one "$names"; then missing_optional="$missing_optional $names"; fi
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
    echo "    sudo apt-get install --no-install-recommends" $(choose $missing $missing_optional) >&2
    exit 1
fi
echo "installing:$missing$missing_optional"
export DEBIAN_FRONTEND=noninteractive
install() { # NAMES...
    $as_root apt-get $patience update -qq &&
        $as_root apt-get $patience install -y -qq --no-install-recommends $(choose "$@") >/dev/null
}
patience=""
if [ -n "$missing" ]; then install $missing; fi
# nobody should wait long for what is not needed, as on a machine without a network
patience="-o Acquire::http::Timeout=10 -o Acquire::https::Timeout=10 -o Acquire::Retries=0"
if [ -n "$missing_optional" ] && ! install $missing_optional; then
    echo "deps.sh: these could not be installed, and what they are for is left out:$missing_optional" >&2
fi
