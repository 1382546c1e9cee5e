#!/bin/sh
# test_install.sh ROOT BUILD - what `make install` puts in place is enough: README's programs are compiled against an
# installed copy, by pkg-config and by CMake, shared and static, and find people. Runs with the networks that ship.
# shellcheck disable=SC2086,SC2046 # lists of flags
set -u

root=$1
build=$2
options="--tags devel,runtime"
. "$(dirname "$0")/installed.sh"
detector=$root/tests/golden/detect/rtmdet_nano.safetensors
picture=$root/tests/cli/data/card.png

flags() { # OPTIONS OF pkg-config
    pkg-config --define-variable=prefix="$prefix" "$@" hrnet
}

finds_people() { # PROGRAM ARGUMENTS...
    LD_LIBRARY_PATH=$libdir "$@" >"$scratch/lines" 2>>"$log" && grep -q "box .* nose " "$scratch/lines"
}

cc "$root/examples/pose.c" $(flags --cflags --libs) -o "$scratch/pose" >"$log" 2>&1 &&
    LD_LIBRARY_PATH=$libdir ldd "$scratch/pose" | grep -q "$libdir/libhrnet.so.1" &&
    finds_people "$scratch/pose" "$picture" "$detector"
report "pkg-config" $?
[ "$(pkg-config --modversion hrnet)" = "$("$root/scripts/version.sh" "$root/include/hrnet.h")" ]
report "the version of pkg-config" $?

if ! command -v cmake >/dev/null || ! command -v c++ >/dev/null; then
    echo "[  SKIPPED ] CMake: needs cmake and a C++ compiler"
else
    for kind in hrnet static; do
        cmake -S "$root/tests/house/cmake" -B "$scratch/$kind" -DCMAKE_PREFIX_PATH="$prefix" -DKIND=$kind \
            -DEXAMPLES="$root/examples" >"$log" 2>&1 && cmake --build "$scratch/$kind" >>"$log" 2>&1 &&
            finds_people "$scratch/$kind/pose" "$picture" "$detector" &&
            finds_people "$scratch/$kind/people" "$picture" "$scratch/drawn.png" "$detector"
        report "CMake, $kind" $?
    done
    ! ldd "$scratch/static/pose" | grep -q libhrnet
    report "CMake's static program needs no libhrnet.so" $?
    sed 's/hrnet 0.9/hrnet 99/' "$root/tests/house/cmake/CMakeLists.txt" >"$scratch/CMakeLists.txt"
    ! cmake -S "$scratch" -B "$scratch/newer" -DCMAKE_PREFIX_PATH="$prefix" -DKIND=hrnet \
        -DEXAMPLES="$root/examples" >"$log" 2>&1 && grep -q 'version: 0\.\|version "99"' "$log"
    report "CMake, a version that there is not" $?
fi

# without the shared library -lhrnet is the static one
rm "$libdir"/libhrnet.so*
cc "$root/examples/pose.c" $(flags --static --cflags --libs) -o "$scratch/static_pose" >"$log" 2>&1 &&
    finds_people "$scratch/static_pose" "$picture" "$detector"
report "pkg-config --static" $?
exit $failed
