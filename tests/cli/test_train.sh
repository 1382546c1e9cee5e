#!/bin/sh
# test_train.sh - training on a tiny made-up set: what it leaves, what it refuses, how it ends.
# shellcheck disable=SC2086,SC2317 # words of lists; cases are called by name
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/train_set.sh"

config=$golden/config.yaml

train() { # STATUS ARGUMENTS...
    wanted_status=$1
    shift
    expect "$wanted_status" "$HRNET" train --config "$config" "$@"
}

# The mean loss of an epoch in a log: the number in brackets of its last line.
epoch_loss() { # FILE EPOCH
    sed -n "s/^Epoch: \[$2\].*Loss [0-9.]* (\([0-9.]*\)).*/\1/p" "$1" | tail -n 1
}

a_run_leaves_what_is_published() {
    make_train_set set 6
    train 0 -o run $train_keys
    has out 'optimiser: Adam without weight decay'
    has out 'data: coco mine, 6 persons, 6 examples an epoch'
    has out 'step: 4 examples x 1 passes x 1 processes = 4; 2 steps an epoch, epochs 0 to 2'
    has out 'schedule: learning rate 0.001, x 0.1 at epochs 90, 110'
    has out 'memory: '
    has out 'time: about '
    has out '| Arch | AP | Ap .5 |'
    printf 'Epoch: \\[2\\]\\[1/2\\]\tTime [0-9.]+s \\([0-9.]+s\\)\tSpeed [0-9.]+ samples/s\tData [0-9.]+s \\([0-9.]+s\\)\t' >pattern
    printf 'Loss [0-9]\\.[0-9]{5} \\([0-9]\\.[0-9]{5}\\)\tAccuracy [01]\\.[0-9]{3} \\([01]\\.[0-9]{3}\\)\tRate 0\\.001\tLeft 0:00:00$' >>pattern
    grep -Eq "$(cat pattern)" out
    for file in checkpoint.pth model_best.pth final_state.pth model_best.safetensors; do
        expect 0 "$HRNET" info run/$file
        has out '17'
    done
    test -s run/config.yaml
    grep -q '^2[0-9-]* [0-9:]*,[0-9]* Epoch: \[0\]\[0/2\]' run/config_*_train.log
    counts run/train.jsonl 6 '"train_loss"'
    counts run/train.jsonl 3 '"valid_loss"'
    test -n "$(find run/tensorboard -name 'events.out.tfevents.*')"
    test -z "$(find run -name '*.tmp*')"
    expect 0 "$HRNET" pose --whole "set/images/mine/picture 0.png" --model run/model_best.safetensors -o pose.json
    expect 0 "$HRNET" eval --config "$config" --model run/checkpoint.pth -o results $train_keys
}

without_a_folder_the_published_ones() {
    make_train_set set 4
    train 0 $train_keys TRAIN.END_EPOCH 1
    test -s output/coco/pose_hrnet/config/final_state.pth
    test -n "$(find log/coco/pose_hrnet -path '*/config_2*/events.out.tfevents.*')"
    # a run that goes on stays in the folder of its beginning, whatever the time is now
    mv log/coco/pose_hrnet/config_2* log/coco/pose_hrnet/config_2019-03-01-17-05
    sed -i 's/config_2[0-9-]*$/config_2019-03-01-17-05/' output/coco/pose_hrnet/config/checkpoint.txt
    train 0 $train_keys
    has out 'resumed: '
    test "$(ls log/coco/pose_hrnet)" = config_2019-03-01-17-05
}

# A run whose folder is chosen leaves nothing outside of it, unless LOG_DIR is chosen as well.
the_chosen_folder_holds_all() {
    make_train_set set 4
    run_keys="--no-validation $train_keys TRAIN.END_EPOCH 1"
    train 0 -o run $run_keys LOG_DIR log
    test -n "$(find run/tensorboard -name 'events.out.tfevents.*')"
    train 0 $run_keys OUTPUT_DIR elsewhere
    test -n "$(find elsewhere/coco/pose_hrnet/config/tensorboard -name 'events.out.tfevents.*')"
    train 0 $run_keys OUTPUT_DIR elsewhere TRAIN.END_EPOCH 2
    has out 'resumed: '
    test "$(find elsewhere -type d -name 'tensorboard*' | wc -l)" = 1
    test ! -e log
    test ! -e output
    train 0 -o other $run_keys LOG_DIR board
    test -n "$(find board/coco/pose_hrnet -path '*/config_2*/events.out.tfevents.*')"
    test ! -e other/tensorboard
}

persons_of_mpii() {
    mkdir -p set/annot set/images
    cp "$data/card.png" set/images/a.png
    joints='[[31,21],[32,22],[33,23],[34,24],[35,25],[36,26],[37,27],[38,28],[39,29],[40,30],[41,31],[42,32],[43,33],[44,34],[45,35],[46,36]]'
    person=$(printf '{"image": "a.png", "center": [48, 40], "scale": 0.3, "joints": %s, "joints_vis": [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}' "$joints")
    echo "[$person, $person]" >set/annot/train.json
    echo "[$person]" >set/annot/valid.json
    names='["rank","rkne","rhip","lhip","lkne","lank","pelvis","thorax","upper_neck","head","rwri","relb","rsho","lsho","lelb","lwri"]'
    printf '{"dataset_joints": %s, "jnt_missing": [[0],[0],[0],[0],[0],[0],[0],[0],[0],[0],[0],[0],[0],[0],[0],[0]], "pos_gt_src": [%s], "headboxes_src": [[[30],[60]],[[20],[60]]]}' \
        "$names" "$(echo "$joints" | sed 's/,/],[/g')" >gt.json
    train 0 -o run --valid-gt gt.json $train_keys DATASET.DATASET mpii DATASET.TRAIN_SET train DATASET.TEST_SET valid MODEL.NUM_JOINTS 16
    has out 'data: mpii train, 2 persons'
    has out '| Arch | Head | Shoulder | Elbow | Wrist | Hip | Knee | Ankle | Mean |'
    grep -q '"Mean"' run/train.jsonl
    expect 0 "$HRNET" info run/model_best.safetensors
    has out '"right_ankle"'
    train 1 -o other $train_keys DATASET.DATASET mpii DATASET.TRAIN_SET train DATASET.TEST_SET valid MODEL.NUM_JOINTS 16
    has err 'no ground truth to validate with'
}

the_loss_falls() {
    make_train_set set 8
    train 0 -o run --no-validation $train_keys TRAIN.END_EPOCH 30 PRINT_FREQ 100 DATASET.FLIP false
    first=$(epoch_loss out 0)
    last=$(epoch_loss out 29)
    awk -v a="$first" -v b="$last" 'BEGIN { exit !(a > 0 && b > 0 && b < 0.6 * a) }'
    test ! -e run/model_best.pth
    test -s run/final_state.safetensors
}

threads_and_workers_change_nothing() {
    make_train_set set 6
    train 0 -o one --no-validation --threads 1 $train_keys
    train 0 -o three --no-validation --threads 3 $train_keys WORKERS 3
    train 0 -o again --no-validation --threads 2 --recompute $train_keys
    cmp one/final_state.pth three/final_state.pth
    cmp one/final_state.pth again/final_state.pth
}

more_epochs_later_are_as_more_at_once() {
    make_train_set set 6
    train 0 -o whole $train_keys TRAIN.EMA 0.9 TRAIN.ACCUMULATE 2 TRAIN.BATCH_SIZE_PER_GPU 2
    train 0 -o parts $train_keys TRAIN.EMA 0.9 TRAIN.ACCUMULATE 2 TRAIN.BATCH_SIZE_PER_GPU 2 TRAIN.END_EPOCH 1
    train 0 -o parts $train_keys TRAIN.EMA 0.9 TRAIN.ACCUMULATE 2 TRAIN.BATCH_SIZE_PER_GPU 2
    has out 'resumed: parts/checkpoint.pth: epoch 1, 0 of 3 passes done, step 2'
    cmp whole/final_state.pth parts/final_state.pth
    cmp whole/model_best.pth parts/model_best.pth
    train 0 -o parts $train_keys TRAIN.EMA 0.9 TRAIN.ACCUMULATE 2 TRAIN.BATCH_SIZE_PER_GPU 2
    cmp whole/final_state.pth parts/final_state.pth
}

a_published_checkpoint_goes_on() {
    make_train_set set 4
    mkdir run
    cp "$golden/checkpoint_official.pth" run/checkpoint.pth
    train 0 -o run --no-validation $train_keys TRAIN.END_EPOCH 6
    has out 'resumed: run/checkpoint.pth: epoch 5, 0 of 1 passes done'
    has out 'Epoch: [5][0/1]'
    cmp "$golden/checkpoint_official.pth" run/checkpoint.pth && return 1
    expect 0 "$HRNET" info run/checkpoint.pth
}

another_configuration_or_other_data_are_refused() {
    make_train_set set 6
    train 0 -o run --no-validation $train_keys TRAIN.END_EPOCH 1
    cp run/checkpoint.pth before.pth
    train 1 -o run --no-validation $train_keys TRAIN.LR 0.01
    has err 'belongs to another run: TRAIN.LR was 0.001, is 0.01'
    make_train_set set 7
    train 1 -o run --no-validation $train_keys
    has err 'data was 6 persons'
    cmp run/checkpoint.pth before.pth
    train 0 -o run --no-validation --no-resume $train_keys TRAIN.END_EPOCH 1
    has out 'checkpoint.pth is there but not used'
    train 1 -o elsewhere --resume --no-validation $train_keys
    has err 'elsewhere/checkpoint.pth: no checkpoint to go on from'
}

a_loss_that_is_not_finite_ends_the_run() {
    make_train_set set 6
    train 1 -o run --no-validation $train_keys TRAIN.OPTIMIZER sgd TRAIN.LR_STEP '[1]' TRAIN.LR_FACTOR 1e30
    has err 'epoch '
    has err 'the loss is '
    "$HRNET" info run/checkpoint.pth >told
    cp run/checkpoint.pth before.pth
    train 1 -o run --no-validation $train_keys TRAIN.OPTIMIZER sgd TRAIN.LR_STEP '[1]' TRAIN.LR_FACTOR 1e30
    cmp run/checkpoint.pth before.pth
}

a_full_disk_ends_the_run() {
    make_train_set set 6
    train 0 -o run --no-validation $train_keys TRAIN.END_EPOCH 1
    cp run/checkpoint.pth before.pth
    (
        trap '' XFSZ
        ulimit -f 2048
        train 1 -o run --no-validation $train_keys
    )
    has err 'cannot write'
    cmp run/checkpoint.pth before.pth
    test -z "$(find run -name '*.tmp*')"
    train 0 -o run --no-validation $train_keys
}

a_signal_saves_and_ends() {
    make_train_set set 6
    train 0 -o whole --no-validation $train_keys TRAIN.END_EPOCH 40
    "$HRNET" train --config "$config" -o run --no-validation $train_keys TRAIN.END_EPOCH 40 >log 2>&1 &
    id=$!
    tries=0
    until grep -qs '^Epoch: \[2\]' log || [ $tries -ge 300 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    kill -TERM $id
    found=0
    wait $id || found=$?
    [ $found = 143 ] || { cat log; exit 1; }
    has log 'the same command goes on from run/checkpoint.pth'
    train 0 -o run --no-validation $train_keys TRAIN.END_EPOCH 40
    has out 'resumed: '
    cmp whole/final_state.pth run/final_state.pth
}

what_is_missing_is_named() {
    train 1 -o run DATASET.ROOT nowhere DATASET.TRAIN_SET mine
    has err 'nowhere/annotations/person_keypoints_mine.json'
    make_train_set set 4
    rm 'set/images/mine/picture 2.png'
    train 1 -o run --no-validation $train_keys
    has err 'picture 2.png'
    train 1 -o run --no-validation $train_keys MODEL.NUM_JOINTS 16
    has err 'expected 16 keypoints (MODEL.NUM_JOINTS)'
    make_train_set set 4
    train 1 -o run --no-validation $train_keys TRAIN.INIT nothing.pth
    has err 'nothing.pth'
    expect 2 "$HRNET" train -o run
    expect 2 "$HRNET" train --config "$config" --resume --no-resume
}

what_does_not_fit_is_refused() {
    make_train_set set 4
    expect 1 "$HRNET" train --config coco/hrnet/w48_384x288 -o run --no-validation $train_keys MODEL.PRETRAINED '' \
        TRAIN.BATCH_SIZE_PER_GPU 1024 GPUS '[0]'
    has err 'TRAIN.BATCH_SIZE_PER_GPU 1024'
    has err 'TRAIN.ACCUMULATE'
}

weights_of_a_model_with_other_joints() {
    make_train_set set 4 3 '"tip", "left_end", "right_end"'
    train 0 -o run --no-validation $train_keys MODEL.NUM_JOINTS 3 TRAIN.INIT "$golden/weights.pth"
    has out 'its head is of 17 joints and 3 are trained: final_layer gets initial values'
    expect 0 "$HRNET" info run/final_state.safetensors
    has out 'left_end'
}

pictures_before_and_after() {
    make_train_set set 6
    train 0 -o run --preview 5 $train_keys
    test -s run/preview_gt.jpg
    test -s run/preview_hm_gt.jpg
    train 0 -o run $train_keys DEBUG.DEBUG true DEBUG.SAVE_BATCH_IMAGES_GT true DEBUG.SAVE_HEATMAPS_PRED true --profile
    test -s run/train_0_gt.jpg
    test -s run/train_1_hm_pred.jpg
    test ! -e run/train_0_pred.jpg
    test -s run/val_0_gt.jpg
    test -s run/val_0_hm_pred.jpg
    has out 'times: data'
    train 0 -o run --plot
    has run/train.svg '<title>train_loss</title>'
    test "$(wc -l <run/train.csv)" = 4
}

# What annotation tools write is trained on, and what was made of it is told (COCO Annotator, CVAT, Label Studio and
# others).
annotations_as_tools_write_them() {
    make_train_set set 4
    plain=set/annotations/person_keypoints_mine.json
    look() { # STATUS EDIT: the preview of what the edited annotations say
        sed "$2" $plain >ann.json
        if cmp -s ann.json $plain; then
            echo "nothing is changed by: $2"
            return 1
        fi
        train "$1" -o look --preview 1 --no-validation $train_keys -a ann.json
    }
    # a label that is no skeleton; annotations without keypoints
    look 0 's/"categories": \[/"categories": [{"id": 2, "name": "box", "keypoints": [], "skeleton": []}, /'
    has out 'ann.json: 4 persons'
    for none in '[]' null; do
        look 0 's/"num_keypoints": 17, "bbox": \(\[8[^]]*\]\), "keypoints": \[[^]]*\]/"bbox": \1, "keypoints": '$none'/'
        has out 'ann.json: 3 persons; 1 have no labelled keypoint'
    done
    # no boxes
    look 0 's/"area": 2500/"area": 0/g; s/"bbox": \[[^]]*\]/"bbox": [0, 0, 0, 0]/g'
    has out 'ann.json: 4 persons'
    has out 'warning: ann.json: 4 annotations have no box or an empty one: it is taken from their keypoints'
    # links that count from 0
    look 0 's/"name": "person"/"name": "person", "skeleton": [[0, 1], [1, 2]]/'
    has out 'ann.json: 4 persons'
    has out 'count from 0'
    # two skeletons: the network's, or the one that is asked for
    look 0 's/"categories": \[/"categories": [{"id": 2, "name": "wedge", "keypoints": ["a", "b", "c"]}, /;
        s/"annotations": \[/"annotations": [{"id": 99, "image_id": 1, "category_id": 2, "bbox": [0, 0, 10, 5], "area": 50, "keypoints": [1, 1, 2, 5, 3, 2, 9, 4, 2]}, /'
    has out 'ann.json: 4 persons; 1 are of other categories (the first: 2)'
    has out 'category "person" (17 keypoints) is read'
    train 1 -o look --preview 1 --no-validation $train_keys -a ann.json --category wedge
    has err 'ann.json: expected 17 keypoints (MODEL.NUM_JOINTS), found 3'
    # one bad entry, and nothing but bad entries
    look 0 's/"keypoints": \[14, /"keypoints": ["14", /'
    has out 'warning: ann.json: 1 of the annotations could not be read and are left out; the first: annotations[0]: keypoints[0]: expected a number, found a string'
    has out 'ann.json: 3 persons; 1 could not be read'
    look 1 's/"keypoints": \[[0-9][0-9]*, /"keypoints": ["14", /g'
    has err 'ann.json: annotations: expected some that can be used, found none among 4; 4 could not be read (annotations[0]: keypoints[0]'
    # nobody is left
    look 1 's/"iscrowd": 0/"iscrowd": 1/g'
    has err 'ann.json: expected persons to train on, found none among 4; 4 are crowds'
    look 1 's/"bbox": \[/"bbox": [500/g'
    has err 'found none among 4; 4 have a box outside of the picture'
}

run_case a_run_leaves_what_is_published
run_case without_a_folder_the_published_ones
run_case the_chosen_folder_holds_all
run_case persons_of_mpii
run_case the_loss_falls
run_case threads_and_workers_change_nothing
run_case more_epochs_later_are_as_more_at_once
run_case a_published_checkpoint_goes_on
run_case another_configuration_or_other_data_are_refused
run_case a_loss_that_is_not_finite_ends_the_run
run_case a_full_disk_ends_the_run
run_case a_signal_saves_and_ends
run_case annotations_as_tools_write_them
run_case what_is_missing_is_named
run_case what_does_not_fit_is_refused
run_case weights_of_a_model_with_other_joints
run_case pictures_before_and_after
exit $((n_failed != 0))
