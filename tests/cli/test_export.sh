#!/bin/sh
# test_export.sh - exported networks, and that ONNX Runtime computes from them what we do. The latter needs a python
# with numpy, onnx and onnxruntime, named by HRNET_PEERS_PYTHON.
# shellcheck disable=SC2086,SC2317 # words of lists; cases are called by name
. "$(dirname "$0")/lib.sh"

the_same_file_every_time() {
    expect 0 "$HRNET" export $small --onnx a.onnx
    has err "tensors matched"
    expect 0 "$HRNET" export $small -q --onnx - >b.onnx
    test ! -s err
    cmp a.onnx out
    has a.onnx "final_layer.weight"
}

a_network_from_its_weights_alone() {
    expect 0 "$HRNET" convert "$golden/weights.pth" w.safetensors --config "$golden/config.yaml"
    expect 0 "$HRNET" export --model w.safetensors --onnx carried.onnx
    expect 0 "$HRNET" export $small --onnx given.onnx
    cmp carried.onnx given.onnx
    expect 0 "$HRNET" export --model w.safetensors --onnx other.onnx MODEL.IMAGE_SIZE '[64, 128]' \
        MODEL.HEATMAP_SIZE '[16, 32]'
    expect 1 cmp carried.onnx other.onnx
}

initial_weights_are_said() {
    expect 0 "$HRNET" export --config "$golden/config.yaml" --onnx a.onnx --batch 2
    has err "initial"
}

the_model_that_ships_is_exported() {
    expect 0 "$HRNET" export --onnx a.onnx
    test ! -s err || ! grep -q initial err
    grep -qa final_layer.weight a.onnx
}

mistakes() {
    expect 2 "$HRNET" export $small
    has err "--onnx"
    expect 2 "$HRNET" export $small --onnx a.onnx more
    expect 2 "$HRNET" export $small --onnx a.onnx --batch 0
    expect 1 "$HRNET" export $small --onnx no/folder/a.onnx
    has err "no/folder/a.onnx"
    expect 1 "$HRNET" export --model missing.pth --onnx a.onnx
    has err "missing.pth"
    expect 1 "$HRNET" export --config coco/hrnet/w32_256x192 --model "$golden/weights.pth" --onnx a.onnx
    has err "of another shape"
    test ! -e a.onnx
}

onnx_runtime_agrees() {
    for net in hrnet_w8_96x64 hrnet_w8_bottleneck_k3_64x64 hrnet_w12_odd_160x96; do
        folder=$TESTS/golden/$net
        expect 0 "$HRNET" export --config "$folder/config.yaml" --model "$folder/weights.pth" --onnx net.onnx
        expect 0 "$HRNET_PEERS_PYTHON" "$TESTS/cli/run_onnx.py" net.onnx "$folder/input.npy" y.npy
        "$COMPARE" y.npy "$folder/heatmaps.npy" 1e-5
    done
}

# the transposed convolutions and the pool of a SimpleBaseline network
onnx_runtime_agrees_on_resnet() {
    "$FORMULA" coco/resnet/res50_256x192 r.safetensors
    set -- --config coco/resnet/res50_256x192 --model r.safetensors MODEL.IMAGE_SIZE '[64, 64]' \
        MODEL.HEATMAP_SIZE '[16, 16]'
    expect 0 "$HRNET" export -q --onnx net.onnx "$@"
    input=$TESTS/golden/hrnet_w8_bottleneck_k3_64x64/input.npy
    expect 0 "$HRNET" forward -q --input "$input" --output ours.npy "$@"
    expect 0 "$HRNET_PEERS_PYTHON" "$TESTS/cli/run_onnx.py" net.onnx "$input" y.npy
    "$COMPARE" y.npy ours.npy 1e-5
}

# detectors have three outputs; their activations, pools, space to depth and attention
onnx_runtime_agrees_on_detectors() {
    people=$TESTS/golden/people
    for detector in yolox_dw_w125_128x96:96:128 rtmdet_w094_128x160:160:128; do
        folder=$people/${detector%%:*} size=${detector#*:}
        set -- --model "$folder/checkpoint.pth" MODEL.IMAGE_SIZE "[${size%:*}, ${size#*:}]"
        expect 0 "$HRNET" export -q --onnx net.onnx "$@"
        expect 0 "$HRNET" forward -q --input "$folder/input.npy" --output ours.npy "$@"
        expect 0 "$HRNET_PEERS_PYTHON" "$TESTS/cli/run_onnx.py" net.onnx "$folder/input.npy" y.npy
        for stride in 8 16 32; do "$COMPARE" y_head_$stride.npy ours_head_$stride.npy 3e-5; done
    done
}

for name in the_same_file_every_time a_network_from_its_weights_alone initial_weights_are_said \
    the_model_that_ships_is_exported mistakes; do
    run_case $name
done
for name in onnx_runtime_agrees onnx_runtime_agrees_on_resnet onnx_runtime_agrees_on_detectors; do
    if [ -n "${HRNET_PEERS_PYTHON:-}" ]; then
        run_case $name
    else
        echo "[  SKIPPED ] $name: HRNET_PEERS_PYTHON names no python with onnxruntime"
    fi
done
exit "$n_failed"
