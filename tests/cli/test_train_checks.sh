#!/bin/sh
# test_train_checks.sh - what training finds out before its first step, and what it keeps: pictures, labels, validation
# set, weights to begin with, the folder, the checkpoint before the last.
# shellcheck disable=SC2086,SC2317 # words of lists; cases are called by name
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/train_set.sh"

config=$golden/config.yaml
run_keys="--no-validation $train_keys"

train() { # STATUS ARGUMENTS...
    wanted_status=$1
    shift
    expect "$wanted_status" "$HRNET" train --config "$config" "$@"
}

# Nothing was timed or measured yet.
at_once() {
    counts out 0 'memory: '
    counts out 0 'Epoch: '
}

missing_pictures_are_counted_first() {
    make_train_set set 6
    rm 'set/images/mine/picture 2.png' 'set/images/mine/picture 4.png'
    train 1 -o run $run_keys
    has err 'set/images/mine: 2 of 6 pictures are not there: picture 2.png, picture 4.png (--skip-broken leaves them out)'
    at_once
    train 0 -o run --skip-broken $run_keys
    has out 'warning: set/images/mine: 2 of 6 pictures are left out with 2 persons, 2 are not there'
    has out '4 persons, 4 examples an epoch'
    # the same with validation, and a warning that -q does not silence
    train 0 -o valid --skip-broken -q $train_keys
    has err 'warning: set/images/mine: 2 of 6 pictures are left out'
    has err 'warning: set/images/mine: 2 of 6 pictures cannot be validated with'
    test ! -s out
    rm set/images/mine/*
    train 1 -o none --skip-broken $run_keys
    has err 'found none of 6: picture 0.png'
    rmdir set/images/mine
    train 1 -o nowhere $run_keys -i set/nothing
    has err 'set/nothing: cannot open'
    at_once
}

# Fourteen pictures, of which a dozen are tried: the last one is found to be broken on the way.
broken_pictures_are_left_out() {
    make_train_set set 14
    head -c 900 'set/images/mine/picture 1.png' >cut.jpg
    cp cut.jpg 'set/images/mine/picture 1.png'
    train 1 -o early $run_keys
    has err 'picture 1.png'
    has err '(--skip-broken leaves them out)'
    at_once
    make_train_set set 14
    cp cut.jpg 'set/images/mine/picture 13.png'
    train 1 -o late $run_keys TRAIN.END_EPOCH 1
    has err 'picture 13.png'
    train 0 -o one --skip-broken --threads 1 $run_keys TRAIN.END_EPOCH 2
    has out 'picture 13.png'
    has out 'other examples take the place of its own (1 pictures so far)'
    counts out 1 'other examples take the place'
    train 0 -o three --skip-broken --threads 2 $run_keys TRAIN.END_EPOCH 2 WORKERS 3
    cmp one/final_state.pth three/final_state.pth
}

labels_that_cannot_be_meant_are_refused() {
    make_train_set set 4
    file=set/annotations/person_keypoints_mine.json
    cp $file pixels.json
    # visibility 0 everywhere
    sed -E 's/([0-9]+, [0-9]+), [12](,|])/\1, 0\2/g' pixels.json >$file
    train 1 -o run $run_keys
    has err 'the visibility of every keypoint of 4 annotations is 0'
    at_once
    sed -E 's/([0-9]+), ([0-9]+), ([12])(,|])/0.\1, 0.\2, \3\4/g' pixels.json >$file
    train 1 -o run $run_keys
    has err 'keypoints: expected pixels, found parts of the picture'
    sed -E 's/"bbox": \[[^]]*\]/"bbox": [0.1, 0.2, 0.5, 0.6]/g' pixels.json >$file
    train 1 -o run $run_keys
    has err 'bbox: expected pixels, found parts of the picture'
    expect 1 "$HRNET" eval --config "$config" --initial-weights -o results $train_keys
    has err 'bbox: expected pixels'
}

joints_that_nobody_has_are_named() {
    make_train_set set 4 5 '"tip", "left_barb", "right_barb", "middle", "tail"'
    file=set/annotations/person_keypoints_mine.json
    sed -i -E 's/([0-9]+, [0-9]+), [12]\]\}/\1, 0]}/g' $file # the last keypoint of everybody
    train 0 -o run $run_keys MODEL.NUM_JOINTS 5 TRAIN.END_EPOCH 1
    has out 'warning: labelled nowhere, so that nothing is learned about them: tail'
}

the_validation_set_is_checked_too() {
    make_train_set set 4 3 '"tip", "left_end", "right_end"'
    make_train_set other 4 3 '"tip", "right_end", "left_end"'
    make_train_set more 4 4 '"tip", "left_end", "right_end", "tail"'
    keys="$train_keys MODEL.NUM_JOINTS 3 TRAIN.END_EPOCH 1"
    train 1 -o run --valid-annotations other/annotations/person_keypoints_mine.json --valid-images other/images/mine $keys
    has err 'keypoint 1: expected left_end as in the training set, found right_end: the same keypoints in another order'
    at_once
    train 1 -o run --valid-annotations more/annotations/person_keypoints_mine.json --valid-images more/images/mine $keys
    has err 'expected 3 keypoints as in the training set, found 4'
    at_once
    train 1 -o run --valid-images nowhere $keys
    has err 'nowhere: cannot open'
    at_once
    train 0 -o run $keys
    has out 'no OKS constants (sigmas): 0.05 is taken for each of its 3 keypoints'
    # what it was scored with goes with the weights
    expect 0 "$HRNET" eval --model run/model_best.safetensors -o results $keys
    "$HRNET" convert run/model_best.safetensors copy.safetensors
    head -c 100000 copy.safetensors | tr -d '\134' | grep -aqF '"hrnet.sigmas":"[0.0500000007, 0.0500000007, 0.0500000007]"'
}

weights_to_begin_with_must_fit() {
    make_train_set set 4 3 '"tip", "left_end", "right_end"'
    keys="$run_keys MODEL.NUM_JOINTS 3 TRAIN.END_EPOCH 1"
    train 0 -o run $keys TRAIN.INIT "$golden/weights.pth"
    counts out 1 'weights: '
    grep -Eq 'weights: of .*weights.pth \(TRAIN.INIT\): ([0-9]+) of \1 tensors of the body match' out
    has out 'its head is of 17 joints and 3 are trained: final_layer gets initial values'
    # the network that ships is wider
    train 1 -o wide $keys TRAIN.INIT shipped
    has err 'another network, 16, 32 channels in MODEL.EXTRA.STAGE2, 8, 16 expected'
    counts err 1 ''
    at_once
    train 0 -o wide --allow-missing $keys TRAIN.INIT shipped
    grep -Eq 'weights: of the model that ships with hrnet \(TRAIN.INIT\): [0-9]+ of [0-9]+ tensors of the body match, 0 are' out ||
        has out 'are missing and'
    # another kind of network
    train 1 -o other $keys MODEL.NAME pose_resnet MODEL.EXTRA.NUM_LAYERS 18 MODEL.EXTRA.NUM_DECONV_LAYERS 3 \
        MODEL.EXTRA.NUM_DECONV_FILTERS '[16, 16, 16]' MODEL.EXTRA.NUM_DECONV_KERNELS '[4, 4, 4]' TRAIN.INIT "$golden/weights.pth"
    has err 'another network, pose_hrnet, pose_resnet expected'
    # it is not asked for again by a run that goes on
    train 0 -o run $keys TRAIN.END_EPOCH 2 TRAIN.INIT "$golden/weights.pth"
    has out 'resumed: '
    counts out 0 'weights: '
}

a_run_has_its_folder_alone() {
    make_train_set set 6
    "$HRNET" train --config "$config" -o run $run_keys TRAIN.END_EPOCH 2000 >log 2>&1 &
    id=$!
    tries=0
    until grep -qs '^Epoch: ' log || [ $tries -ge 600 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    train 1 -o run $run_keys
    has err "held by process $id: two runs cannot write to one folder"
    # nobody holds what a killed run leaves
    kill -KILL $id
    wait $id || true
    test -e run/run.lock
    train 0 -o run --no-resume $run_keys TRAIN.END_EPOCH 1
    test ! -e run/run.lock
}

the_checkpoint_before_the_last_is_kept() {
    make_train_set set 6
    train 0 -o straight $run_keys
    train 0 -o run $run_keys TRAIN.END_EPOCH 2
    test -s run/checkpoint.previous.pth
    head -c 3000 run/checkpoint.pth >cut.jpg
    cp cut.jpg run/checkpoint.pth
    train 0 -o run $run_keys
    has out 'warning: run/checkpoint.pth'
    has out 'the checkpoint before it is taken, run/checkpoint.previous.pth'
    has out 'resumed: run/checkpoint.previous.pth: epoch 1'
    cmp straight/final_state.pth run/final_state.pth
    # the damaged one never took its place
    expect 0 "$HRNET" info run/checkpoint.previous.pth
    # both are damaged, or there is none
    cp cut.jpg run/checkpoint.pth
    cp cut.jpg run/checkpoint.previous.pth
    train 1 -o run $run_keys TRAIN.END_EPOCH 4
    rm run/checkpoint.previous.pth
    train 1 -o run $run_keys TRAIN.END_EPOCH 4
    has err 'there is no checkpoint.previous.pth to go on from'
}

parts_that_are_frozen_stay() {
    make_train_set set 6
    keys="$run_keys TRAIN.INIT $golden/weights.pth TRAIN.OPTIMIZER adamw TRAIN.CLIP_GRAD 1.0 TRAIN.EMA 0.9"
    train 0 -o whole $keys TRAIN.FREEZE "[conv1, bn1, 'stage2.*', '*.fuse_layers.*']"
    grep -Eq 'frozen: [0-9]+ of [0-9]+ tensors, [0-9]+ of [0-9]+ parameters \(TRAIN.FREEZE\); [0-9]+ norms keep' out
    # the same bits after a stop
    train 0 -o parts $keys TRAIN.FREEZE "[conv1, bn1, 'stage2.*', '*.fuse_layers.*']" TRAIN.END_EPOCH 1
    train 0 -o parts $keys TRAIN.FREEZE "[conv1, bn1, 'stage2.*', '*.fuse_layers.*']"
    cmp whole/final_state.pth parts/final_state.pth
    train 1 -o parts $keys
    has err 'TRAIN.FREEZE was [conv1, bn1,'
    train 1 -o wrong $keys TRAIN.FREEZE '[conv1, stag2]'
    has err 'TRAIN.FREEZE: "stag2"'
    has err 'its modules are conv1, bn1, conv2'
    at_once
    train 1 -o all $keys TRAIN.FREEZE "['*']"
    has err 'nothing is left that learns'
}

patience_ends_a_run() {
    make_train_set set 4
    keys="$train_keys TRAIN.LR 1.0e-12 TRAIN.PATIENCE 3"
    train 0 -o straight $keys TRAIN.END_EPOCH 20
    has out 'ends early: no improvement in 3 validations (TRAIN.PATIENCE 3)'
    counts straight/train.jsonl 4 '"AP"'
    # a run that was stopped counts on, and one that has ended stays so
    train 0 -o parts $keys TRAIN.END_EPOCH 2
    counts out 0 'ends early'
    train 0 -o parts $keys TRAIN.END_EPOCH 20
    has out 'ends early: no improvement in 3 validations'
    cmp straight/final_state.pth parts/final_state.pth
    train 0 -o parts $keys TRAIN.END_EPOCH 20
    counts out 0 'Epoch: '
    cmp straight/final_state.pth parts/final_state.pth
    train 1 -o never --no-validation $keys
    has err 'TRAIN.PATIENCE: 3: it counts validations, and there are none'
}

a_cosine_that_becomes_longer_is_told() {
    make_train_set set 4
    train 0 -o run $run_keys TRAIN.SCHEDULE cosine TRAIN.END_EPOCH 2
    train 0 -o run $run_keys TRAIN.SCHEDULE cosine TRAIN.END_EPOCH 4
    # after half of the new epochs the cosine is at half of the rate
    has out 'warning: TRAIN.END_EPOCH was 2 and is 4: the cosine now ends there, so that the learning rate goes from 0 to 0.0005 in epoch 2'
    train 0 -o run $run_keys TRAIN.SCHEDULE cosine TRAIN.END_EPOCH 4
    counts out 0 'warning: '
}

for name in missing_pictures_are_counted_first broken_pictures_are_left_out labels_that_cannot_be_meant_are_refused \
    joints_that_nobody_has_are_named the_validation_set_is_checked_too weights_to_begin_with_must_fit a_run_has_its_folder_alone \
    the_checkpoint_before_the_last_is_kept parts_that_are_frozen_stay patience_ends_a_run a_cosine_that_becomes_longer_is_told; do
    run_case $name
done
exit $((n_failed != 0))
