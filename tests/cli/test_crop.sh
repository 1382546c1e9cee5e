#!/bin/sh
# test_crop.sh - the region that a network sees.
# shellcheck disable=SC2086,SC2317 # words of lists; cases are called by name
. "$(dirname "$0")/lib.sh"

# centre (48, 40) and 96/200 of a 96x80 picture is the picture itself
the_whole_picture_is_itself() {
    for sampler in opencv float; do
        expect 0 "$HRNET" crop "$data/card.png" --center 48,40 --scale 0.48,0.4 --size 96x80 -o $sampler.png \
            --sampler $sampler
        expect 0 "$HRNET" crop $sampler.png --center 48,40 --scale 0.48,0.4 --size 96x80 -o again.png
        cmp $sampler.png again.png
    done
    cmp opencv.png float.png
}

a_box_is_enlarged_by_a_quarter() {
    # 96x80 at aspect 1.2: scale 96 / 200 x 1.25 = 0.6
    expect 0 "$HRNET" crop "$data/card.png" --box 0,0,96,80 --size 96x80 -o box.png
    expect 0 "$HRNET" crop "$data/card.png" --center 48,40 --scale 0.6,0.5 --size 96x80 -o scale.png
    cmp box.png scale.png
}

outside_is_black() {
    expect 0 "$HRNET" crop "$data/card.png" --center 5000,-5000 --scale 0.5,0.5 --size 8x8 -o far.png
    expect 0 "$HRNET" crop far.png --center 4,4 --scale 0.04,0.04 --size 8x8 -o again.png
    cmp far.png again.png
}

turning_four_times_comes_back() {
    expect 0 "$HRNET" crop "$data/card.png" --center 40,40 --scale 0.2,0.2 --size 40x40 -o straight.png
    expect 0 "$HRNET" crop "$data/card.png" --center 40,40 --scale 0.2,0.2 --size 40x40 -o turned.png --rot -90
    if cmp -s straight.png turned.png; then return 1; fi
    expect 0 "$HRNET" crop "$data/card.png" --center 40,40 --scale 0.2,0.2 --size 40x40 -o full.png --rot=360
    test -s full.png
}

every_picture_format_is_written() {
    for ending in png jpg webp; do
        expect 0 "$HRNET" crop "$data/card.png" --box 0,0,96,80 -o "card.$ending"
        expect 0 "$HRNET" crop "card.$ending" --box 0,0,96,80 -o "again.$ending"
    done
}

bad_pictures_are_named() {
    expect 1 "$HRNET" crop missing.png --box 0,0,1,1 -o x.png
    has err "missing.png"
    head -c 300 "$data/card.png" >short.png
    expect 1 "$HRNET" crop short.png --box 0,0,1,1 -o x.png
    has err "short.png"
    printf 'hello' >text.png
    expect 1 "$HRNET" crop text.png --box 0,0,1,1 -o x.png
    has err "text.png"
    expect 1 "$HRNET" crop "$data/card.png" --box 0,0,9,9 -o no/folder.png
    has err "no/folder.png"
    test ! -e x.png
}

usage() {
    expect 2 "$HRNET" crop "$data/card.png" -o x.png
    expect 2 "$HRNET" crop "$data/card.png" --box 0,0,0,9 -o x.png
    expect 2 "$HRNET" crop "$data/card.png" --box nan,0,9,9 -o x.png
    expect 2 "$HRNET" crop "$data/card.png" --box 0,0,9,9 --scale 1,1 -o x.png
    expect 2 "$HRNET" crop "$data/card.png" --box 0,0,9,9 -o x.gif
    expect 2 "$HRNET" crop "$data/card.png" --box 0,0,9,9 -o x.png --size 0x9
    expect 2 "$HRNET" crop "$data/card.png" --box 0,0,9,9 -o x.png --size 99999999x9
    expect 2 "$HRNET" crop --box 0,0,9,9 -o x.png
}

for name in the_whole_picture_is_itself a_box_is_enlarged_by_a_quarter outside_is_black turning_four_times_comes_back \
    every_picture_format_is_written bad_pictures_are_named usage; do
    run_case $name
done
exit "$n_failed"
