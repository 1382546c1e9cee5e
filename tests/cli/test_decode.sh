#!/bin/sh
# test_decode.sh - heatmaps to keypoints, against values worked out by hand.
# shellcheck disable=SC2086,SC2317 # words of lists; cases are called by name
. "$(dirname "$0")/lib.sh"

arrays="--heatmaps $data/heatmaps.npy --center $data/center.npy --scale $data/scale.npy"

a_quarter_cell_towards_the_higher_neighbour() {
    expect 0 "$HRNET" decode $arrays --decode shift --output p.npy
    "$COMPARE" p.npy "$data/expected.npy" 1e-6
    expect 0 "$HRNET" decode $arrays --output auto.npy
    cmp p.npy auto.npy
    expect 0 "$HRNET" decode $arrays --decode argmax --output p.npy
    if "$COMPARE" p.npy "$data/expected.npy" 1e-6; then return 1; fi
}

every_decoder_runs() {
    for decoder in argmax shift dark udp; do
        expect 0 "$HRNET" decode $arrays --decode $decoder --output $decoder.npy
        test -s $decoder.npy
    done
}

wrong_arrays_are_named() {
    expect 1 "$HRNET" decode $arrays --center "$data/heatmaps.npy" --output p.npy
    has err "heatmaps.npy: expected the shape [1][2]"
    expect 1 "$HRNET" decode $arrays --heatmaps "$data/center.npy" --output p.npy
    has err "center.npy: expected the shape [n][joints][height][width]"
    expect 1 "$HRNET" decode $arrays --scale missing.npy --output p.npy
    has err "missing.npy"
    printf 'no array' >bad.npy
    expect 1 "$HRNET" decode $arrays --scale bad.npy --output p.npy
    has err "bad.npy"
    test ! -e p.npy
}

usage() {
    expect 2 "$HRNET" decode --heatmaps "$data/heatmaps.npy"
    expect 2 "$HRNET" decode --sigma 0
}

for name in a_quarter_cell_towards_the_higher_neighbour every_decoder_runs wrong_arrays_are_named usage; do
    run_case $name
done
exit "$n_failed"
