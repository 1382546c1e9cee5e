#!/bin/sh
# sysroot.sh FOLDER PACKAGES... [-- PACKAGES...] - unpacks Debian's packages for AArch64, and all that they need, into FOLDER;
# those after -- alone. Does nothing if FOLDER has them already. The system itself gets no foreign packages.
set -eu

sysroot=$1
shift
if [ "$(cat "$sysroot/packages" 2>/dev/null)" = "$*" ]; then exit 0; fi
wanted="$*" whole="" alone="" is_alone=0
for package in "$@"; do
    if [ "$package" = -- ]; then
        is_alone=1
    elif [ $is_alone = 1 ]; then
        alone="$alone $package"
    else
        whole="$whole $package"
    fi
done

# apt as on a machine of that architecture where nothing is installed yet, all its state in the sysroot's folder
apt_arm64() {
    apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User= \
        -o Dir::State="$sysroot/apt" -o Dir::State::status="$sysroot/apt/status" -o Dir::Cache="$sysroot/apt" "$@"
}

# shellcheck disable=SC2086 # lists of names
fill() {
    rm -rf "$sysroot"
    mkdir -p "$sysroot/apt/lists/partial" "$sysroot/apt/archives/partial"
    : >"$sysroot/apt/status"
    apt_arm64 update
    apt_arm64 install -y --download-only --no-install-recommends $whole
    if [ -n "$alone" ]; then (cd "$sysroot/apt/archives" && apt_arm64 download $alone); fi
    find "$sysroot/apt/archives" -name '*.deb' -exec dpkg-deb -x '{}' "$sysroot" ';'
    # as libm.so: without the file that it means, libm.a would be linked
    find "$sysroot" -type l -lname '/*' -printf '%p %l\n' | while read -r link file; do
        ln -sfn "$sysroot$file" "$link"
    done
    rm -rf "$sysroot/apt"
    echo "$wanted" >"$sysroot/packages"
}

fill
