#!/bin/sh
# test_forward.sh - the bare network through the command equals PyTorch.
# shellcheck disable=SC2086,SC2317 # words of lists; cases are called by name
. "$(dirname "$0")/lib.sh"

golden_heatmaps() {
    expect 0 "$HRNET" forward $small --input "$golden/input.npy" --output y.npy
    "$COMPARE" y.npy "$golden/heatmaps.npy" 1e-5
}

golden_flip_test() {
    expect 0 "$HRNET" forward $small --input "$golden/input.npy" --output y.npy --flip-test 1 --shift 0
    "$COMPARE" y.npy "$golden/heatmaps_flip_shift0.npy" 1e-5
    expect 0 "$HRNET" forward $small --input "$golden/input.npy" --output y.npy --flip-test 1 --shift 1
    "$COMPARE" y.npy "$golden/heatmaps_flip_shift1.npy" 1e-5
}

same_bits_for_any_threads_and_batch() {
    expect 0 "$HRNET" forward $small -q --input "$golden/input.npy" --output one.npy --threads 1 --batch 1
    for threads in 2 3; do
        expect 0 "$HRNET" forward $small -q -i "$golden/input.npy" -o more.npy -t $threads -b 1
        cmp one.npy more.npy
    done
}

the_network_is_inferred_without_a_configuration() {
    expect 0 "$HRNET" forward --model "$golden/weights.pth" --config "$golden/config.yaml" \
        --input "$golden/input.npy" --output a.npy
    expect 0 "$HRNET" info "$golden/weights.pth"
    has out "pose_hrnet"
}

overrides_change_the_configuration() {
    expect 1 "$HRNET" forward $small --input "$golden/input.npy" --output y.npy MODEL.NUM_JOINTS 16
    has err "final_layer"
    expect 1 "$HRNET" forward $small --input "$golden/input.npy" --output y.npy MODEL.NUM_JOINT 16
    has err "MODEL.NUM_JOINT"
    expect 2 "$HRNET" forward $small --input "$golden/input.npy" --output y.npy MODEL.NUM_JOINTS
    has err "expected a value"
    # without --config they change what was inferred from the weights
    expect 0 "$HRNET" forward --model "$golden/weights.pth" --input "$golden/input.npy" --output y.npy \
        MODEL.IMAGE_SIZE '[64, 96]' MODEL.HEATMAP_SIZE '[16, 24]'
    "$COMPARE" y.npy "$golden/heatmaps.npy" 1e-5
}

bad_arrays_are_named() {
    expect 1 "$HRNET" forward $small --input "$data/heatmaps.npy" --output y.npy
    has err "expected [n][3][96][64]"
    expect 1 "$HRNET" forward $small --input missing.npy --output y.npy
    has err "missing.npy"
    head -c 200 "$golden/input.npy" >short.npy
    expect 1 "$HRNET" forward $small --input short.npy --output y.npy
    has err "short.npy"
    expect 1 "$HRNET" forward $small --input "$golden/input.npy" --output no/folder/y.npy
    has err "no/folder/y.npy"
    test ! -e y.npy
}

usage() {
    expect 2 "$HRNET" forward $small --input "$golden/input.npy"
    expect 2 "$HRNET" forward $small -i a.npy -o b.npy extra
    expect 2 "$HRNET" forward --config "$golden/config.yaml" -i "$golden/input.npy" -o b.npy
    has err "--model"
    expect 1 "$HRNET" forward -i "$TESTS/golden/hrnet_w12_odd_160x96/input.npy" -o b.npy # not the shipped model's size
    expect 2 "$HRNET" forward --initial-weights -i "$golden/input.npy" -o b.npy
    has err "--config"
    expect 2 "$HRNET" forward $small --initial-weights -i "$golden/input.npy" -o b.npy
}

for name in golden_heatmaps golden_flip_test same_bits_for_any_threads_and_batch \
    the_network_is_inferred_without_a_configuration overrides_change_the_configuration bad_arrays_are_named usage; do
    run_case $name
done
exit "$n_failed"
