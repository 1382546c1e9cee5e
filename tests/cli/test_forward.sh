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

# The golden heatmaps are float32; what is measured here, 8.5e-7 of the largest value or less, is PyTorch's own rounding.
the_reference_settles_it() {
    for net in hrnet_w8_96x64 hrnet_w8_bottleneck_k3_64x64 hrnet_w12_odd_160x96; do
        folder=$TESTS/golden/$net
        arrays="--config $folder/config.yaml --model $folder/weights.pth --input $folder/input.npy --output y.npy"
        expect 0 "$HRNET" forward $arrays --reference
        "$COMPARE" y.npy "$folder/heatmaps.npy" 1e-6
        for shift in 0 1; do
            expect 0 "$HRNET" forward $arrays --reference --flip-test 1 --shift $shift
            "$COMPARE" y.npy "$folder/heatmaps_flip_shift$shift.npy" 1e-6
        done
    done
}

# Not the processor's kernels, nor the number of threads, change a bit of it; and it is not the fast arithmetic.
the_reference_is_one() {
    expect 0 "$HRNET" forward $small --input "$golden/input.npy" --output one.npy --reference
    has err "matched"
    expect 0 env HRNET_CPU=scalar "$HRNET" forward $small -q -i "$golden/input.npy" -o more.npy --reference -t 3 -b 2
    cmp one.npy more.npy
    test ! -s err
    expect 0 "$HRNET" forward $small -i "$golden/input.npy" -o fast.npy
    if cmp one.npy fast.npy; then return 1; fi
}

the_reference_refuses_by_name() {
    expect 2 "$HRNET" forward $small -i "$golden/input.npy" -o y.npy --reference --precision fp16w
    has err "--reference and --precision fp16w"
    expect 1 "$HRNET" forward $small -i "$data/heatmaps.npy" -o y.npy --reference
    has err "expected [n][3][96][64]"
    has err "heatmaps.npy"
    expect 1 "$HRNET" forward $small -i missing.npy -o y.npy --reference
    has err "missing.npy"
    expect 1 "$HRNET" forward $small -i "$golden/input.npy" -o y.npy --reference MODEL.NUM_JOINTS 16
    has err "final_layer"
    expect 1 "$HRNET" forward --model missing.pth -i "$golden/input.npy" -o y.npy --reference
    has err "missing.pth"
    expect 2 "$HRNET" forward --config "$golden/config.yaml" -i "$golden/input.npy" -o y.npy --reference
    has err "--model"
    test ! -e y.npy
    expect 0 "$HRNET" forward --config "$golden/config.yaml" -i "$golden/input.npy" -o y.npy --reference --initial-weights
    has err "random"
    expect 1 "$HRNET" forward -i "$golden/input.npy" -o z.npy --reference # not the shipped model's size
    has err "expected [n][3]["
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

a_detector_has_an_output_a_stride() {
    folder=$TESTS/golden/people/yolox_dw_w125_128x96
    detector="--model $folder/checkpoint.pth -q --input $folder/input.npy"
    for more in "" --reference; do
        expect 0 "$HRNET" forward $detector -o y.npy $more MODEL.IMAGE_SIZE '[96, 128]'
        has err "DATASET.COLOR_RGB false"
        for stride in 8 16 32; do
            "$COMPARE" y_head_$stride.npy "$folder/head_$stride.npy" 2.5e-5
            rm y_head_$stride.npy
        done
        test ! -e y.npy
        expect 2 "$HRNET" forward $detector -o - $more MODEL.IMAGE_SIZE '[96, 128]'
        has err "3 outputs"
    done
    expect 1 "$HRNET" forward $detector -o y.npy --flip-test 1 MODEL.IMAGE_SIZE '[96, 128]'
    has err "expected a pose network (pose_hrnet, pose_resnet), found yolox"
    expect 1 "$HRNET" forward $detector -o y.npy --flip-test 1 --reference MODEL.IMAGE_SIZE '[96, 128]'
    has err "found yolox"
    expect 1 "$HRNET" forward $detector -o y.npy MODEL.IMAGE_SIZE '[96, 120]'
    has err "MODEL.IMAGE_SIZE"
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

for name in golden_heatmaps golden_flip_test the_reference_settles_it the_reference_is_one \
    the_reference_refuses_by_name same_bits_for_any_threads_and_batch \
    the_network_is_inferred_without_a_configuration overrides_change_the_configuration bad_arrays_are_named \
    a_detector_has_an_output_a_stride usage; do
    run_case $name
done
exit "$n_failed"
