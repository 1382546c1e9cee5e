#!/bin/sh
# test_score.sh - scoring files: the tables, the JSON, what is refused.
# shellcheck disable=SC2086,SC2317 # words of lists; cases are called by name
. "$(dirname "$0")/lib.sh"

coco=$TESTS/golden/coco
mpii=$TESTS/golden/mpii
synth="--gt $coco/coco_synth_gt.json --results $coco/coco_synth_dt.json"
custom="--gt $coco/custom_gt.json --results $coco/custom_dt.json"

coco_prints_the_published_table() {
    expect 0 "$HRNET" score coco $synth
    has out " Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets= 20 ] = 0.333"
    has out " Average Recall     (AR) @[ IoU=0.50:0.95 | area= large | maxDets= 20 ] = 0.588"
    has out "| Arch | AP | Ap .5 | AP .75 | AP (M) | AP (L) | AR | AR .5 | AR .75 | AR (M) | AR (L) |"
    has out "| coco_synth_dt | 0.333 | 0.565 | 0.315 | 0.442 | 0.311 | 0.574 | 0.767 | 0.586 | 0.561 | 0.588 |"
    test ! -s err
}

coco_per_joint_and_json() {
    expect 0 "$HRNET" score coco $synth --per-joint --json score.json
    has out "k16"
    has score.json '"AP": 0.332883513060'
    has score.json '"persons": 326'
    expect 0 "$HRNET" score coco $synth --json -
    cmp out score.json
}

coco_takes_sigmas_from_the_annotations_or_the_line() {
    expect 0 "$HRNET" score coco $custom --json of_file.json
    has of_file.json '"AP": 0.10996055732627'
    expect 0 "$HRNET" score coco $custom --sigmas .03,.05,.07,.09,.11 --json of_line.json
    cmp of_file.json of_line.json
    expect 0 "$HRNET" score coco $custom --sigmas 1,1,1,1,1 --json other.json
    if cmp -s of_file.json other.json; then return 1; fi
    printf 'keypoints: [a, b, c, d, e]\nsigmas: [.03, .05, .07, .09, .11]\n' >info.yaml
    expect 0 "$HRNET" score coco $custom --info info.yaml --per-joint
    has out "| custom_dt | 0.110"
    has out "e       "
}

mpii_prints_both_rows_of_a_tenth() {
    expect 0 "$HRNET" score mpii --gt "$mpii/gt_valid.mat" --preds "$mpii/preds.npy" --per-joint
    has out "| Mean | Mean@0.1 | Mean@0.11 (published as Mean@0.1) |"
    has out "| preds | 81.481 | 76.723 | 73.244 | 80.392 | 71.296 | 83.013 | 80.189 | 77.379 | 7.586 | 9.655 |"
    has out "left_wrist"
    expect 0 "$HRNET" score mpii --gt "$mpii/gt_valid.json" --preds "$mpii/preds.npy" --json -
    has out '"Mean": 77.3793103448'
}

broken_files_are_named() {
    printf '[{"image_id": 1000, "category_id": 1, "score": 1, "keypoints": [1, 2]}]' >short.json
    expect 1 "$HRNET" score coco --gt "$coco/coco_synth_gt.json" --results short.json
    has err "short.json: line 1, byte"
    has err "entry 0: keypoints: expected a list"
    printf '[{"image_id": 1, "category_id": 1, "score": 1, "keypoints": [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3]}]' \
        >stray.json
    expect 1 "$HRNET" score coco --gt "$coco/custom_gt.json" --results stray.json
    has err "image 1, which the annotations do not have"
    expect 1 "$HRNET" score coco --gt missing.json --results short.json
    has err "missing.json"
    printf 'keypoints: [a, b, c, d, e]\nflip_pairs: [[a, b], [b, c]]\n' >info.yaml
    expect 1 "$HRNET" score coco $custom --info info.yaml
    has err "info.yaml: skeleton: keypoint 1 is in two flip pairs"
    expect 1 "$HRNET" score mpii --gt "$mpii/preds.npy" --preds "$mpii/preds.npy"
    has err "preds.npy: "
    expect 1 "$HRNET" score mpii --gt "$mpii/gt_valid.mat" --preds "$mpii/gt_valid.mat"
    has err 'expected an array of numbers "preds"'
}

# 0.05 as given, when nobody gives any
coco_assumes_sigmas_and_says_so() {
    sed 's/, *"sigmas": *\[[^]]*\]//' "$coco/custom_gt.json" >plain.json
    expect 0 "$HRNET" score coco --gt plain.json --results "$coco/custom_dt.json" --json assumed.json
    has err 'plain.json: no OKS constants (sigmas): 0.05 is taken for each of its 5 keypoints'
    expect 0 "$HRNET" score coco --gt plain.json --results "$coco/custom_dt.json" --sigmas .05,.05,.05,.05,.05 --json given.json
    test ! -s err
    cmp assumed.json given.json
}

usage() {
    expect 2 "$HRNET" score
    expect 2 "$HRNET" score coco --gt x.json
    expect 2 "$HRNET" score mpii --gt x.mat --results y.json
    expect 2 "$HRNET" score coco $custom --sigmas 1,2
    has err "2 numbers, expected 5"
    expect 2 "$HRNET" score coco $custom --sigmas 1,x
    expect 2 "$HRNET" score coco $custom --sigmas 1,-2,1,1,1
}

for name in coco_prints_the_published_table coco_per_joint_and_json coco_takes_sigmas_from_the_annotations_or_the_line \
    mpii_prints_both_rows_of_a_tenth broken_files_are_named coco_assumes_sigmas_and_says_so usage; do
    run_case $name
done
exit "$n_failed"
