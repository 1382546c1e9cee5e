# installed.sh - sourced by the tests of what `make install` puts in place, with root, build and options (of meson install)
# set: installs below $scratch/to and sets pc, its file for pkg-config, prefix and libdir, both as they are there. report NAME
# 0|1 prints a test line, behind the file $log if the test failed.
# shellcheck shell=sh disable=SC2034,SC2154 # variables for and of the caller
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
log=$scratch/log
failed=0

report() { # NAME 0|1
    if [ "$2" = 0 ]; then
        echo "[       OK ] $1"
    else
        cat "$log"
        echo "[  FAILED  ] $1"
        failed=1
    fi
}

# shellcheck disable=SC2086 # words
DESTDIR=$scratch/to meson install -C "$build" --no-rebuild $options >"$log" 2>&1
report "installation" $?
pc=$(find "$scratch/to" -name hrnet.pc)
prefix=$scratch/to$(sed -n 's/^prefix=//p' "$pc")
libdir=$(dirname "$(dirname "$pc")")
PKG_CONFIG_PATH=$(dirname "$pc")${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export PKG_CONFIG_PATH
