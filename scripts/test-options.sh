#!/bin/sh
# test-options.sh - builds without what meson_options.txt lets one leave out, and tries what is left: one build folder,
# build-options, turned from one set of options to the next, without optimisation. Prints a test line each.
# shellcheck disable=SC2086,SC2317 # words of lists; functions are called by name
set -u

cd "$(dirname "$0")/.." || exit 1
build="build-options"
golden=tests/golden
network="--config $golden/hrnet_w8_96x64/config.yaml --model $golden/hrnet_w8_96x64/weights.pth"
card=tests/cli/data/card.png
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
n_failed=0

# Configure the folder with these options (others keep what they were) and build all that they ask for.
build_with() { # OPTIONS...
    if [ -e $build/build.ninja ]; then
        meson configure $build "$@"
    else
        meson setup $build --buildtype=plain -Dwerror=true "$@"
    fi >"$scratch/log" 2>&1 && ninja -C $build >>"$scratch/log" 2>&1
}

# A case passes when its command exits with that status and has said that text.
try() { # NAME STATUS TEXT COMMAND...
    name=$1 wanted=$2 text=$3
    shift 3
    found=0
    "$@" >"$scratch/log" 2>&1 || found=$?
    if [ "$found" = "$wanted" ] && { [ -z "$text" ] || grep -qF -- "$text" "$scratch/log"; }; then
        echo "[       OK ] $name"
    else
        cat "$scratch/log"
        echo "[  FAILED  ] $name: expected status $wanted and '$text', found status $found"
        n_failed=$((n_failed + 1))
    fi
}

build_example() {
    cc -Iinclude examples/pose.c -o "$scratch/pose" -L$build/src -lhrnet
}

{
    try "the library alone, without WebP, EXIF, MPI, modules and weights" 0 "" build_with -Dtools=false -Dtests=false \
        -Dshipped_weights=false -Dwebp=disabled -Dexif=disabled -Dmpi=disabled -Dtiff=disabled -Dgif=disabled \
        -Davif=disabled -Dheif=disabled -Dvideo=disabled -Dwindow=disabled -Dfetch=disabled
    try "no tests, no look for cmocka" 1 "" grep -il "dependency cmocka" $build/meson-logs/meson-log.txt
    try "a program of the library" 0 "" build_example
    try "no model where none ships" 1 "built without the model that ships (-Dshipped_weights=false)" \
        env LD_LIBRARY_PATH=$build/src "$scratch/pose" $card $golden/detect/rtmdet_nano.safetensors
    try "a model of one's own" 0 "nose" env LD_LIBRARY_PATH=$build/src "$scratch/pose" $card \
        $golden/detect/rtmdet_nano.safetensors $golden/hrnet_w8_96x64/weights.pth

    try "the command, without the same" 0 "" build_with -Dtools=true
    try "no model for the command" 1 "--model FILE" $build/tools/hrnet pose --whole $card -o "$scratch/pose.json"
    try "a model for the command" 0 "" $build/tools/hrnet pose --whole $card $network -q -o "$scratch/pose.json"
    try "WebP is refused" 1 "lossy.webp: a WebP picture, but this hrnet was built without libwebp" \
        $build/tools/hrnet crop $golden/images/lossy.webp --box 0,0,9,9 -o "$scratch/crop.png"
    try "WebP is not written" 1 "without libwebp" $build/tools/hrnet crop $card --box 0,0,9,9 -o "$scratch/crop.webp"

    for pair in raw.tif:libtiff-dev plain.gif:libgif-dev lossy.avif:libavif-dev lossy.heic:libheif-dev; do
        try "${pair%:*} is refused" 1 "install ${pair#*:} and build hrnet again" \
            $build/tools/hrnet crop "$golden/images/${pair%:*}" --box 0,0,9,9 -o "$scratch/crop.png"
    done

    try "tests that need what is missing are set up" 0 "" meson configure $build -Dtests=true
    try "and say so" 0 "Skipped:            3" meson test -C $build image shipped cli

    try "the weights ship again" 0 "" build_with -Dtests=false -Dshipped_weights=true
    try "a model where one ships" 0 "" $build/tools/hrnet pose --whole $card -q -o "$scratch/pose.json"
}
exit $((n_failed != 0))
