#!/bin/sh
# test_skeleton.sh - what the joints of a network are, in every sub-command: from the weights, a description or the
# annotations; what is guessed is told, and a flip test whose pairs nobody knows is refused.
# shellcheck disable=SC2086,SC2317 # words of lists; cases are called by name
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/train_set.sh"

# A network of five joints on initial weights, and a picture of its size.
five="--config $golden/config.yaml --initial-weights"
barbs='"tip", "left_barb", "right_barb", "tail", "notch"'
numbers='"keypoint_0", "keypoint_1", "keypoint_2", "keypoint_3", "keypoint_4"'
annotations=set/annotations/person_keypoints_mine.json

forward() { # STATUS ARGUMENTS...
    wanted_status=$1
    shift
    expect "$wanted_status" "$HRNET" forward $five -q -i "$golden/input.npy" -o y.npy --flip-test 1 "$@" \
        MODEL.NUM_JOINTS 5
}

forward_asks_for_pairs() {
    forward 1
    has err '--flip-test: which of the 5 keypoints are left and right is not known'
    has err '--description FILE'
    forward 1 --reference
    has err '--description FILE'
    test ! -e y.npy
    echo 'keypoints: [tip, left_barb, right_barb, tail, notch]' >arrow.yaml
    forward 0 --description arrow.yaml
    mv y.npy named.npy
    echo '{"keypoints": [a, b, c, d, e], "flip_pairs": [[1, 2]]}' >pairs.yaml
    forward 0 --description pairs.yaml
    cmp y.npy named.npy
    forward 0 --description pairs.yaml --reference
    "$COMPARE" y.npy named.npy 1e-5
    echo '{"keypoints": [a, b, c, d, e], "flip_pairs": []}' >none.yaml
    forward 0 --description none.yaml
    if cmp y.npy named.npy; then return 1; fi
    if grep -q 'warning: flip test' err; then return 1; fi
    echo 'keypoints: [tip, top, bottom, tail, notch]' >sideless.yaml
    forward 0 --description sideless.yaml # said even with -q
    has err 'warning: flip test: no name of the 5 keypoints tells left from right (tip, ...)'
    echo '{"keypoints": 5, "flip_pairs": [[1, 2]]}' >numbers.yaml
    forward 0 --description numbers.yaml
    cmp y.npy named.npy
    forward 1 --description "$golden/config.yaml"
    has err 'config.yaml'
    echo 'keypoints: [a, b]' >two.yaml
    forward 1 --description two.yaml
    has err 'skeleton: expected 5 keypoints, one for each joint of the network, found 2 (a, ...)'
}

pose_asks_for_pairs() {
    make_train_set set 2 5 "$barbs"
    picture='set/images/mine/picture 0.png'
    pose="$HRNET pose $five -q -F csv -o -"
    expect 1 $pose "$picture" --whole --flip MODEL.NUM_JOINTS 5
    has err '--flip: which of the 5 keypoints are left and right is not known (keypoint_0, ...)'
    expect 0 $pose "$picture" --whole MODEL.NUM_JOINTS 5
    has out 'keypoint_4'
    expect 0 $pose "$picture" --whole --flip --description $annotations MODEL.NUM_JOINTS 5
    has out 'right_barb'
    # boxes from annotations name the keypoints, too
    expect 0 $pose "$picture" --flip --boxes $annotations MODEL.NUM_JOINTS 5
    has out 'right_barb'
    # but not over a description
    echo 'keypoints: [one, left_two, right_two, four, five]' >two.yaml
    expect 0 $pose "$picture" --flip --boxes $annotations --description two.yaml MODEL.NUM_JOINTS 5
    has out 'right_two'
}

# Names that stand in the annotations alone: a .pth scores as the file that has everything.
eval_takes_pairs_from_the_annotations() {
    make_train_set set 4 5 "$barbs"
    config="--config $golden/config.yaml"
    keys="$train_keys MODEL.NUM_JOINTS 5 TRAIN.END_EPOCH 1"
    echo '{"keypoints": [tip, left_barb, right_barb, tail, notch], "sigmas": [0.1, 0.1, 0.1, 0.1, 0.1]}' >arrow.yaml
    expect 0 "$HRNET" train $config -o run --no-validation --description arrow.yaml $keys
    has out 'flip pairs: by their names: left_barb - right_barb'
    "$HRNET" info --config "$golden/config.yaml" --show-config | sed 's/NUM_JOINTS: 17/NUM_JOINTS: 5/' >five.yaml
    expect 0 "$HRNET" convert run/final_state.pth all.safetensors --config five.yaml --description $annotations
    expect 0 "$HRNET" info run/checkpoint.pth
    has out 'skeleton:    custom, 5 keypoints, as the weights say'
    has out 'flip pairs:  left_barb - right_barb'
    expect 0 "$HRNET" info all.safetensors
    has out 'skeleton:    custom, 5 keypoints, as the weights say'
    has out 'flip pairs:  left_barb - right_barb'
    # sigmas in the annotations, where no description is given
    sed 's/"keypoints": \["tip"/"sigmas": [0.1, 0.1, 0.1, 0.1, 0.1], &/' $annotations >with_sigmas.json
    mv with_sigmas.json $annotations
    for flip in true false; do
        for file in run/final_state.pth all.safetensors; do
            expect 0 "$HRNET" eval --config five.yaml -q -m $file -o "$(basename $file).$flip" $train_keys TEST.FLIP_TEST $flip
            if [ $flip = true ]; then has out '; pairs: left_barb - right_barb'; fi
        done
        cmp final_state.pth.$flip/keypoints_mine_results_0.json all.safetensors.$flip/keypoints_mine_results_0.json
    done
    if cmp final_state.pth.true/keypoints_mine_results_0.json final_state.pth.false/keypoints_mine_results_0.json; then
        return 1
    fi
    # the weights' names are compared with the annotations', since joints are scored by their order
    sed 's/left_barb/left_fin/' $annotations >other.json
    expect 0 "$HRNET" eval -q --config five.yaml -m all.safetensors -a other.json -o c $train_keys
    has err 'warning: other.json: keypoint 1 is "left_fin", that of the weights "left_barb"'
    # a description of sigmas alone leaves names and pairs as they are
    echo '{"keypoints": 5, "sigmas": [0.1, 0.1, 0.1, 0.1, 0.1]}' >sigmas.yaml
    for file in run/final_state.pth all.safetensors; do
        expect 0 "$HRNET" eval --config five.yaml -q -m $file -o d --description sigmas.yaml $train_keys TEST.FLIP_TEST true
        has out '; pairs: left_barb - right_barb'
    done
    # a flip test that only published practice asks for takes them, too
    expect 0 "$HRNET" eval -q -m run/final_state.pth -o bare $train_keys MODEL.IMAGE_SIZE '[64, 96]' \
        MODEL.HEATMAP_SIZE '[16, 24]'
    has out 'flip test: yes, with the one-cell shift, by the names; pairs: left_barb - right_barb'
}

numbers_for_names_are_no_pairs() {
    make_train_set set 4 5 "$numbers"
    sed 's/"keypoints": \["keypoint_0"/"sigmas": [0.1, 0.1, 0.1, 0.1, 0.1], &/' $annotations >with_sigmas.json
    mv with_sigmas.json $annotations
    keys="$train_keys MODEL.NUM_JOINTS 5"
    expect 0 "$HRNET" train --config "$golden/config.yaml" -q -o run $keys TRAIN.END_EPOCH 1 DATASET.FLIP true TEST.FLIP_TEST true
    has err 'warning: which of the 5 keypoints are left and right is not known (keypoint_0, ...): DATASET.FLIP and TEST.FLIP_TEST are switched off'
    grep -q 'FLIP: false' run/config.yaml
    size="MODEL.IMAGE_SIZE [64,96] MODEL.HEATMAP_SIZE [16,24]"
    # nobody asked for it: off, and told
    expect 0 "$HRNET" eval -q -m run/final_state.pth -o results $train_keys $size
    has out 'flip test: no'
    has err 'warning: no flip test: which of the 5 keypoints are left and right is not known; --description FILE says it'
    # asked for: refused
    expect 1 "$HRNET" eval -q -m run/final_state.pth -o results $train_keys $size TEST.FLIP_TEST true
    has err 'TEST.FLIP_TEST: which of the 5 keypoints are left and right is not known'
    expect 1 "$HRNET" eval -q --config "$golden/config.yaml" -m run/final_state.pth -o results $keys TEST.FLIP_TEST true
    has err '--description FILE'
}

# A guess changes numbers: it is told even with -q, and convert does not write it down.
guesses_are_told() {
    expect 0 "$HRNET" pose --whole "$data/card.png" -q -m "$golden/weights.pth" -o pose.json
    has err 'warning: '
    has err "codec msra, COCO's names and flip pairs of 17 keypoints (a guess by their number)"
    counts err 2 'is assumed to have'
    # what the command line says is not assumed
    expect 0 "$HRNET" pose --whole "$data/card.png" -q -m "$golden/weights.pth" -o pose.json MODEL.IMAGE_SIZE '[64, 96]' MODEL.HEATMAP_SIZE '[16, 24]'
    counts err 0 'assumed to have: MODEL.IMAGE_SIZE'
    has err 'is assumed to have: DATASET.COLOR_RGB true'
    expect 0 "$HRNET" pose --whole "$data/card.png" -q $small -o pose.json
    test ! -s err
    expect 0 "$HRNET" info "$golden/weights.pth"
    has out 'skeleton:    coco, 17 keypoints, a guess by their number'
    expect 0 "$HRNET" convert "$golden/weights.pth" guessed.safetensors
    has err 'not written'
    expect 0 "$HRNET" info guessed.safetensors
    counts out 0 'metadata:    hrnet.keypoints'
    counts out 0 'metadata:    hrnet.codec'
    has out 'a guess by their number'
    expect 0 "$HRNET" convert "$golden/weights.pth" known.safetensors --config "$golden/config.yaml"
    test ! -s err
    expect 0 "$HRNET" info known.safetensors --json
    has out '"skeleton_from": "weights"'
    has out '"flip_pairs_from": "given"'
    expect 0 "$HRNET" convert known.safetensors plain.pth
    has err 'warning: plain.pth holds tensors alone; not in it: codec msra'
}

for name in forward_asks_for_pairs pose_asks_for_pairs eval_takes_pairs_from_the_annotations \
    numbers_for_names_are_no_pairs guesses_are_told; do
    run_case $name
done
exit "$n_failed"
