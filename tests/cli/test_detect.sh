#!/bin/sh
# test_detect.sh - people found by a detector: hrnet detect, and hrnet pose without boxes. But for the one that ships, the
# detector is a small one that finds "people" everywhere.
# shellcheck disable=SC2086,SC2317 # words of lists; cases are called by name
. "$(dirname "$0")/lib.sh"

detector=$TESTS/golden/detect/rtmdet_nano.safetensors

pose() { # STATUS ARGUMENTS...
    wanted_status=$1
    shift
    expect "$wanted_status" "$HRNET" pose $small -q "$@"
}

detect() { # STATUS ARGUMENTS...
    wanted_status=$1
    shift
    expect "$wanted_status" "$HRNET" detect --detector "$detector" -q "$@"
}

black_picture() { # FILE WIDTH HEIGHT
    "$HRNET" crop "$data/card.png" --box 5000,5000,9,9 --size "$2x$3" -o "$1"
}

boxes_in_every_format() {
    cp "$data/card.png" 000000000785.png
    detect 0 000000000785.png
    has out '"detector": {'
    has out '"threshold": 0.3,'
    counts out 0 '"keypoints"'
    n=$(grep -c '"box_score"' out)
    test "$n" -gt 20
    detect 0 000000000785.png -F jsonl
    test "$(wc -l <out)" = 1
    has out '{"file":"000000000785.png","width":96,"height":80,"persons":[{"box":['
    detect 0 000000000785.png -F csv
    test "$(head -n 1 out)" = 'file,person,box_x,box_y,box_w,box_h,box_score,track'
    test "$(wc -l <out)" = $((n + 1))
    detect 0 000000000785.png -F coco -o boxes.json
    has boxes.json '[{"bbox":['
    has boxes.json '"category_id":1,"image_id":785,"score":0.5'
    detect 2 000000000785.png -F openpose
}

# What is found is what would be found with the boxes of `hrnet detect` given.
found_people_are_those_of_their_boxes() {
    cp "$data/card.png" 785.png
    detect 0 785.png -F coco -o boxes.json
    pose 0 785.png --boxes boxes.json -F csv
    cut -d, -f3- out | sort >given
    pose 0 785.png --detector "$detector" --oks-nms 1 -F csv
    cut -d, -f3- out | sort | cmp - given
    pose 0 785.png --detector "$detector" --oks-nms 0.05 -F csv
    test "$(wc -l <out)" -lt "$(wc -l <given)"
    # best first
    cut -d, -f3 out | tail -n +2 | uniq >scores
    sort -gr scores | cmp - scores
}

what_was_found_is_told() {
    expect 0 "$HRNET" pose $small "$data/card.png" --detector "$detector" -o data.json
    has err "rtmdet_nano.safetensors: finds people by rtmdet at 320 pixels, from a score of 0.3, NMS at an IoU of 0.3"
    has err " people in 1 picture"
    has data.json '"detector": {'
    has data.json '"box_score"'
    expect 0 "$HRNET" detect "$data/card.png" --detector "$detector" --max-persons 2 -F csv
    test "$(wc -l <out)" = 3
    has err "warning: $data/card.png: more than 2 people; the best are kept (--max-persons)"
    expect 0 "$HRNET" detect "$data/card.png" --detector "$detector" --det-size 96 --det-threshold 0.5 --det-nms 1 -F csv
    has err "at 96 pixels, from a score of 0.5, NMS at an IoU of 1"
}

nobody_is_an_empty_list() {
    black_picture dark.png 64 48
    "$HRNET" crop "$data/card.png" --box 0,0,9,9 --size 1x1 -o dot.png
    "$HRNET" crop "$data/card.png" --box 0,0,9,9 --size 4000x20 -o line.png
    for file in dark.png dot.png line.png; do
        expect 0 "$HRNET" pose $small $file --detector "$detector" --det-threshold 0.99 -F jsonl
        has out '"persons":[]'
        has err "$file: nobody was found"
        expect 0 "$HRNET" detect $file --detector "$detector" --det-threshold 0.99 -o $file.drawn.png
        test -s $file.drawn.png
        pose 0 $file --detector "$detector" -F jsonl # however many: it is defined
        counts out 1 '"persons"'
    done
    expect 0 "$HRNET" pose $small dark.png dot.png "$data/card.png" --detector "$detector" --det-threshold 0.55 -F coco
    has err "people in 3 pictures; nobody was found in "
    pose 0 dark.png --detector "$detector" --det-threshold 0.99 -F openpose
    has out '"people":[]'
}

a_broken_picture_does_not_stop_the_rest() {
    cp "$data/card.png" a.png
    cp "$data/card.png" c.png
    printf 'no picture' >b.jpg
    detect 1 a.png b.jpg missing.png c.png -F jsonl
    test "$(sed 's/"width.*//; s/"error.*//' out | tr -d '\n')" = \
        '{"file":"a.png",{"file":"b.jpg",{"file":"missing.png",{"file":"c.png",'
    has err "b.jpg: expected a JPEG"
    pose 1 a.png b.jpg c.png --detector "$detector" -o folder --heatmaps maps
    test "$(cd folder && echo *)" = "a_pose.jpg a_pose.json b_pose.json c_pose.jpg c_pose.json"
    test "$(cd maps && echo *)" = "a_heatmaps.jpg a_heatmaps.npy c_heatmaps.jpg c_heatmaps.npy"
    detect 1 a.png b.jpg c.png -o folder
    test "$(cd folder && echo *_boxes*)" = "a_boxes.jpg a_boxes.json b_boxes.json c_boxes.jpg c_boxes.json"
    # outputs are no inputs
    detect 0 folder/a_boxes.jpg -F csv
    cp a.png folder
    expect 0 "$HRNET" detect folder --detector "$detector" -F jsonl
    counts out 1 '"persons"'
    has err "passed over: 4 outputs of hrnet"
}

# The same people whatever the threads and the pictures beside them.
threads_and_company_change_nothing() {
    for i in 1 2 3 4 5 6 7 8 9; do cp "$data/card.png" $i.png; done
    "$HRNET" crop "$data/card.png" --box 20,20,40,40 --size 120x90 -o 5.png
    for i in 1 2 3 4 5 6 7 8 9; do
        pose 0 $i.png --detector "$detector" -t 1 -F jsonl
        cat out >>single
    done
    for threads in 1 2 5; do
        pose 0 [1-9].png --detector "$detector" -t $threads -F jsonl
        cmp out single
    done
}

networks_in_each_others_place_are_refused() {
    pose 1 "$data/card.png" --detector "$golden/weights.pth"
    has err "weights.pth: expected a detector (detect_hrnet, yolox, rtmdet), found pose_hrnet, which is a pose network"
    expect 1 "$HRNET" pose "$data/card.png" --whole --model "$detector"
    has err "rtmdet_nano.safetensors: expected a pose network (pose_hrnet, pose_resnet), found rtmdet, which is a detector"
    expect 1 "$HRNET" detect "$data/card.png" --detector missing.pth
    has err "missing.pth"
    pose 1 "$data/card.png" --detector "$detector" --legacy
    has err "rtmdet"
}

options_that_exclude_each_other() {
    for option in "--detector ours" --legacy "--det-threshold 0.5" "--det-nms 0.5" "--det-size 96" "--max-persons 3" \
        "--oks-nms 0.5"; do
        pose 2 "$data/card.png" --whole $option
        has err "${option%% *} goes with people that are found, not with --whole"
        pose 2 "$data/card.png" --boxes 1,1,9,9 $option
        has err "not with --boxes"
    done
    pose 2 "$data/card.png" --whole --boxes 1,1,9,9
    pose 2 "$data/card.png" --detector "$detector" --category person
    detect 2 "$data/card.png" --det-size 100
    has err "--det-size 100: expected a multiple of 32"
    for value in "--det-threshold 1" "--det-nms 0" "--max-persons 0" "--det-size 0"; do
        detect 2 "$data/card.png" $value
        has err "${value%% *}"
    done
    detect 2
}

# Three mannequins, by the networks that ship.
nothing_typed() {
    cp "$ROOT/docs/figure.png" .
    expect 0 "$HRNET" pose figure.png -F csv
    has err "the detector that ships: finds people by detect_hrnet at 384 pixels"
    test "$(cut -d, -f2 out | tail -n +2 | sort -u | wc -l)" = 3
    test "$(grep -c ,nose, out)" = 3
    expect 0 "$HRNET" detect figure.png -q -F csv
    test "$(wc -l <out)" = 4
    expect 0 "$HRNET" detect figure.png -q -F csv --detector ours
    test "$(wc -l <out)" = 4
}

drawings_tell_people_apart() {
    cp "$data/card.png" a.png
    for way in "--color person" "--color side" "--draw-boxes" "--draw-scores" ""; do
        pose 0 a.png --detector "$detector" --max-persons 3 --threshold=-1000 $way -o drawn.png
        cksum <drawn.png >>sums
    done
    test "$(sed -n 1p sums)" = "$(sed -n 5p sums)" # auto is by person when there are several
    test "$(sort -u sums | wc -l)" = 4
    pose 0 a.png --whole --threshold=-1000 -o auto.png
    pose 0 a.png --whole --threshold=-1000 --color side -o side.png
    cmp auto.png side.png
    detect 0 a.png -o boxes.png
    detect 0 a.png --no-scores -o plain.png
    if cmp -s boxes.png plain.png; then return 1; fi
}

for name in nothing_typed boxes_in_every_format found_people_are_those_of_their_boxes what_was_found_is_told nobody_is_an_empty_list \
    a_broken_picture_does_not_stop_the_rest threads_and_company_change_nothing \
    networks_in_each_others_place_are_refused options_that_exclude_each_other drawings_tell_people_apart; do
    run_case $name
done
exit "$n_failed"
