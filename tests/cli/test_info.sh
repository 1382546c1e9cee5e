#!/bin/sh
# test_info.sh - `info` and `convert`: what a weights file is, and the same weights in other containers.
# shellcheck disable=SC2086,SC2317 # words of lists; cases are called by name
. "$(dirname "$0")/lib.sh"

a_checkpoint_is_described() {
    expect 0 "$HRNET" info "$golden/weights.pth" --config "$golden/config.yaml"
    has out "container:   PyTorch zip"
    has out "layout:      official"
    has out "input 64x96 (width x height)"
    has out "17 heatmaps of 16x24"
    expect 0 "$HRNET" info "$golden/weights.pth" --tensors
    has out "conv1.weight float32 [64, 3, 3, 3]"
    expect 0 "$HRNET" info "$golden/weights.pth" --json --tensors
    has out '"container": "PyTorch zip"'
    has out '"name": "conv1.weight"'
}

an_experiment_is_described() {
    expect 0 "$HRNET" info --config coco/hrnet/w32_256x192
    has out "28536113 trainable numbers, 1754 tensors, 7.120 x 2^30"
    expect 0 "$HRNET" info --config "$golden/config.yaml" --show-config
    has out "NUM_JOINTS: 17"
}

# the heatmaps of a converted file are those of the original, bit by bit
conversion_keeps_the_weights() {
    expect 0 "$HRNET" forward --config "$golden/config.yaml" --model "$golden/weights.pth" \
        -i "$golden/input.npy" -o original.npy
    for file in w.safetensors w.pth; do
        expect 0 "$HRNET" convert "$golden/weights.pth" $file --config "$golden/config.yaml"
        expect 0 "$HRNET" forward --config "$golden/config.yaml" --model $file \
            -i "$golden/input.npy" -o converted.npy
        cmp original.npy converted.npy
        expect 0 "$HRNET" info $file
    done
}

our_single_file_needs_no_configuration() {
    expect 0 "$HRNET" convert "$golden/weights.pth" w.safetensors --config "$golden/config.yaml"
    expect 0 "$HRNET" forward --config "$golden/config.yaml" --model "$golden/weights.pth" \
        -i "$golden/input.npy" -o original.npy
    expect 0 "$HRNET" forward --model w.safetensors -i "$golden/input.npy" -o carried.npy
    cmp original.npy carried.npy
    expect 0 "$HRNET" info w.safetensors
    has out "container:   safetensors"
    has out "input 64x96 (width x height)"
}

half_precision_is_near() {
    expect 0 "$HRNET" convert "$golden/weights.pth" half.safetensors --half --config "$golden/config.yaml"
    expect 0 "$HRNET" info half.safetensors --tensors
    has out "conv1.weight float16"
    expect 0 "$HRNET" forward --model half.safetensors -i "$golden/input.npy" -o half.npy
    # half has 11 bits, 5e-4 a weight; through 40 layers of random signs some of it adds up
    "$COMPARE" half.npy "$golden/heatmaps.npy" 1e-2
}

broken_files_are_named() {
    head -c 5000 "$golden/weights.pth" >short.pth
    expect 1 "$HRNET" info short.pth
    has err "short.pth: the file is cut short"
    : >empty.pth
    printf 'this is not a checkpoint' >text.pth
    for file in short.pth empty.pth text.pth missing.pth; do
        expect 1 "$HRNET" info $file
        has err "$file"
        expect 1 "$HRNET" convert $file out.pth
        has err "$file"
        test ! -e out.pth
    done
}

weights_of_another_network_are_told() {
    expect 1 "$HRNET" convert "$golden/weights.pth" out.pth --config coco/hrnet/w32_256x192
    test ! -e out.pth
    expect 0 "$HRNET" info "$golden/weights.pth" --config coco/hrnet/w32_256x192
    has out "report:"
}

the_model_that_ships_is_described() {
    expect 0 "$HRNET" info
    has out "ships with hrnet"
    has out "pose_hrnet, 17 heatmaps"
    has out ", 0 missing, 0 of another shape, 0 unexpected"
}

detectors_are_described_and_converted() {
    for detector in yolox_dw_w125_128x96:yolox:3:YOLOX:233288 rtmdet_nano_w125_96x128:rtmdet:1:mmdetection:257715; do
        IFS=: read -r net name classes layout size <<END
$detector
END
        file=$TESTS/golden/people/$net/checkpoint.pth
        expect 0 "$HRNET" info "$file"
        has out "layout:      $layout"
        has out "network:     $name, a detector of $classes class"
        has out "$size trainable numbers"
        expect 0 "$HRNET" info "$file" --json
        has out '"task": "detect"'
        has out "\"n_classes\": $classes"
        expect 0 "$HRNET" convert "$file" d.safetensors
        has err "does not say: mean and standard deviation"
        expect 0 "$HRNET" info d.safetensors
        has out "network:     $name, a detector of $classes class"
        expect 0 "$HRNET" convert "$file" d.pth
        expect 0 "$HRNET" info d.pth
        has out "network:     $name, a detector of $classes class"
    done
    expect 0 "$HRNET" info "$TESTS/golden/people/yolox_dw_w125_128x96/checkpoint.pth"
    has out "not used: optimizer (330 tensors)"
    expect 0 "$HRNET" bench --model d.safetensors --runs 1 --layers
    has out "rtmdet 320x320"
    expect 1 "$HRNET" pose "$data/card.png" --model d.safetensors
    has err "expected a pose network (pose_hrnet, pose_resnet), found rtmdet, which is a detector"
}

# Callers make room for as many keypoints as the skeleton has; joints5_coco.pth names 17 over a network of 5.
names_and_joints_belong_together() {
    expect 1 "$EXAMPLE" "$data/card.png" "$data/joints5_coco.pth"
    has err "hrnet.keypoints: expected 5 names, one for each joint of the network, found 17"
    for command in "pose --whole $data/card.png --model" info "convert $data/joints5_coco.pth"; do
        file=$data/joints5_coco.pth
        case $command in convert*) file=out.safetensors ;; esac
        expect 1 "$HRNET" $command "$file"
        has err "joints5_coco.pth: hrnet.keypoints: expected 5 names"
    done
    [ ! -e out.safetensors ]
    expect 1 "$HRNET" pose --whole "$data/card.png" --allow-missing MODEL.NUM_JOINTS 5
    has err "hrnet.keypoints: expected 5 names"
}

several_networks_and_the_key() {
    config=$golden/config.yaml
    "$FORMULA" "$config" one.safetensors
    "$FORMULA" "$config" two.safetensors _orig_mod.model. ema.
    run="forward -q --config $config -i $golden/input.npy"
    expect 0 "$HRNET" $run -m one.safetensors -o one.npy
    [ ! -s err ]
    expect 0 "$HRNET" $run -m two.safetensors -o two.npy
    has err "warning: two.safetensors: several networks, the first of which is taken: _orig_mod.model, ema (--weights-key"
    has err "warning: two.safetensors: 710 tensors beside the network are not used: ema (710)"
    cmp one.npy two.npy
    expect 0 "$HRNET" $run -m two.safetensors --weights-key model -o two.npy
    cmp one.npy two.npy
    for more in "" "--reference"; do
        expect 0 "$HRNET" $run -m two.safetensors --weights-key ema -o ema.npy $more
        expect 1 "$COMPARE" ema.npy one.npy 1e-3
    done
    expect 1 "$HRNET" $run -m two.safetensors --weights-key teacher -o none.npy
    has err "two.safetensors: weights key: expected one of the networks in the file (_orig_mod.model, ema), found teacher"
    [ ! -e none.npy ]
    expect 0 "$HRNET" convert two.safetensors ema.safetensors --weights-key ema --config "$config"
    expect 0 "$HRNET" $run -m ema.safetensors -o two.npy
    expect 0 "$COMPARE" ema.npy two.npy 1e-5
    expect 0 "$HRNET" convert two.safetensors first.safetensors --config "$config"
    has err "warning: two.safetensors: several networks"
    expect 0 "$HRNET" info two.safetensors --weights-key ema --tensors --config "$config"
    has out "conv1.weight float32 [64, 3, 3, 3] ema.conv1.weight"
}

# Names come from the file: what could command a terminal is not printed.
terminal_escapes_are_harmless() {
    escape=$(printf '\033')
    "$FORMULA" "$golden/config.yaml" evil.safetensors "" "$(printf 'a\033]0;title\007\302\233m.')"
    expect 0 "$HRNET" info evil.safetensors --tensors --config "$golden/config.yaml"
    has out "conv1.weight float32 [64, 3, 3, 3] a?]0;title???m.conv1.weight"
    if grep -q "$escape" out err; then return 1; fi
    expect 1 "$HRNET" info evil.safetensors --tensors --weights-key "$(printf 'b\033[31m')"
    has err "found b?[31m"
    if grep -q "$escape" out err; then return 1; fi
    "$FORMULA" "$golden/config.yaml" evil.safetensors "$(printf '\033[31m.')" b.
    expect 0 "$HRNET" forward -m evil.safetensors --config "$golden/config.yaml" -i "$golden/input.npy" -o x.npy
    has err "several networks, the first of which is taken: ?[31m, b"
    if grep -q "$escape" out err; then return 1; fi
}

usage() {
    expect 2 "$HRNET" info a b
    expect 2 "$HRNET" convert a
    expect 2 "$HRNET" convert a b.onnx
    expect 2 "$HRNET" convert a b.pth --half
}

a_byte_order_mark_is_no_text() {
    cp "$golden/config.yaml" config.yaml
    expect 0 "$HRNET" info -c config.yaml
    mv out plain
    printf '\357\273\277' | cat - "$golden/config.yaml" >config.yaml
    expect 0 "$HRNET" info -c config.yaml
    cmp out plain
    printf '\377\376O' >config.yaml
    expect 1 "$HRNET" info -c config.yaml
    has err 'config.yaml: expected UTF-8, found UTF-16'
}

for name in a_checkpoint_is_described an_experiment_is_described conversion_keeps_the_weights \
    our_single_file_needs_no_configuration half_precision_is_near broken_files_are_named \
    weights_of_another_network_are_told the_model_that_ships_is_described \
    names_and_joints_belong_together detectors_are_described_and_converted a_byte_order_mark_is_no_text several_networks_and_the_key terminal_escapes_are_harmless \
    usage; do
    run_case $name
done
exit "$n_failed"
