#!/bin/sh
# test_eval.sh - the validation pass on a small made-up set: boxes, files, pictures that are missing, what is written.
# shellcheck disable=SC2086,SC2317 # words of lists; cases are called by name
. "$(dirname "$0")/lib.sh"

points='[30,20,2, 35,18,2, 0,0,0, 40,20,2, 20,20,1, 50,30,2, 15,30,2, 55,40,2, 10,40,2, 60,50,2, 8,50,2, 45,55,2, 25,55,2, 46,65,2, 24,65,2, 47,75,2, 23,75,2]'

annotation() { # ID IMAGE BBOX
    printf '{"id": %s, "image_id": %s, "category_id": 1, "iscrowd": 0, "area": 2500, "num_keypoints": 16, "bbox": %s, "keypoints": %s}' \
        "$1" "$2" "$3" "$points"
}

# Three pictures and four persons below the folder set/, and a detector's boxes.
make_set() {
    mkdir -p set/annotations set/images/mine
    cp "$data/card.png" 'set/images/mine/first one.png'
    cp "$data/card.png" set/images/mine/b.png
    cp "$data/card.png" set/images/mine/000000000007.png
    {
        printf '{"images": [{"id": 5, "file_name": "first one.png", "width": 96, "height": 80},'
        printf ' {"id": 7, "file_name": "000000000007.png", "width": 96, "height": 80},'
        printf ' {"id": 6, "file_name": "b.png", "width": 96, "height": 80}], "categories": [{"id": 1, "name": "person",'
        printf ' "keypoints": ["nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder",'
        printf ' "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip",'
        printf ' "left_knee", "right_knee", "left_ankle", "right_ankle"]}], "annotations": ['
        annotation 1 5 '[5, 10, 60, 68]'
        printf ','
        annotation 2 6 '[0, 0, 96, 80]'
        printf ','
        annotation 3 5 '[40, -5, 90, 90]'
        printf ','
        annotation 4 7 '[10, 10, 50, 60]'
        printf ']}'
    } >set/annotations/person_keypoints_mine.json
    cat >boxes.json <<'EOF'
[{"image_id": 7, "category_id": 1, "bbox": [5, 6, 30, 40], "score": 0.9},
 {"image_id": 5, "category_id": 1, "bbox": [1, 2, 30, 40], "score": 0.5},
 {"image_id": 7, "category_id": 1, "bbox": [20, 6, 70, 60], "score": 0.25},
 {"image_id": 99, "category_id": 1, "bbox": [20, 6, 70, 60], "score": 0.25}]
EOF
}

keys='DATASET.ROOT set DATASET.TEST_SET mine TEST.USE_GT_BBOX true TEST.POST_PROCESS true TEST.OKS_THRE 0.9'

evaluate() { # STATUS ARGUMENTS...
    wanted_status=$1
    shift
    expect "$wanted_status" "$HRNET" eval $small -q "$@"
}

the_published_table_and_what_it_was_made_with() {
    make_set
    evaluate 0 $keys TEST.FLIP_TEST true TEST.SHIFT_HEATMAP true
    has out "sha256 $(sha256sum "$golden/weights.pth" | cut -c1-64)"
    has out 'pictures:  3 in set/images/mine'
    has out 'boxes:     ground truth'
    has out 'persons:   4'
    has out 'decoder:   shift'
    has out 'flip test: yes, with the one-cell shift'
    grep -Eq '^Test: \[1/1\].Time [0-9.]+.Loss [0-9]+\.[0-9]{4}.Accuracy [01]\.[0-9]{3}$' out
    has out '| Arch | AP | Ap .5 | AP .75 | AP (M) | AP (L) | AR | AR .5 | AR .75 | AR (M) | AR (L) |'
    has out '| pose_hrnet | '
    results=output/coco/pose_hrnet/config/results/keypoints_mine_results_0.json
    has out "results:   $results"
    counts $results 4 '"image_id": '
    test "$(sed -n 's/.*"image_id": \(.*\),/\1/p' $results | tr '\n' ' ')" = '5 5 7 6 ' # the order of the images
}

results_score_the_same_alone() {
    make_set
    evaluate 0 $keys -o results
    table=$(grep '^| pose_hrnet' out)
    expect 0 "$HRNET" score coco --gt set/annotations/person_keypoints_mine.json --results results/keypoints_mine_results_0.json
    has out "${table#| pose_hrnet }"
}

the_configuration_decides() {
    make_set
    evaluate 0 $keys TEST.POST_PROCESS false TEST.FLIP_TEST true TEST.SHIFT_HEATMAP false -o a
    has out 'decoder:   argmax'
    has out 'without the one-cell shift'
    for decoder in argmax shift dark udp; do
        evaluate 0 $keys --decode $decoder -o a
        has out "decoder:   $decoder"
        has out 'flip test: no'
    done
}

workers_batches_and_threads_change_nothing() {
    make_set
    evaluate 0 $keys -o one --workers 1 --threads 1 --batch 1
    for how in '--workers 2 --threads 2 --batch 1' '--workers 7 --threads 3 --batch 1'; do
        evaluate 0 $keys -o other $how
        cmp one/keypoints_mine_results_0.json other/keypoints_mine_results_0.json
    done
}

a_detectors_boxes() {
    make_set
    expect 0 "$HRNET" eval $small $keys -B boxes.json -o a
    has out 'boxes:     of a detector, boxes.json, score 0.1 or more'
    has out 'persons:   3'
    has err '1 boxes are of pictures that'
    test "$(sed -n 's/.*"image_id": \(.*\),/\1/p' a/keypoints_mine_results_0.json | uniq | tr '\n' ' ')" = '7 5 '
    evaluate 0 $keys -o a TEST.USE_GT_BBOX false TEST.COCO_BBOX_FILE boxes.json TEST.IMAGE_THRE 0.4
    has out 'persons:   2'
    evaluate 1 $keys -o a TEST.USE_GT_BBOX false
    has err 'TEST.COCO_BBOX_FILE'
}

people=$TESTS/golden/people

# Its boxes mean nothing, and are the same every time. The fourth picture has nobody in it.
a_detector_finds_the_boxes() {
    make_set
    cp "$data/card.png" set/images/mine/empty.png
    sed -i 's/"images": \[/"images": [{"id": 9, "file_name": "empty.png"}, /' set/annotations/person_keypoints_mine.json
    how="$keys --detect --detector $people/yolox_w125_160x224/checkpoint.pth --det-size 96 TEST.IMAGE_THRE 0.5"
    expect 0 "$HRNET" eval $small $how -o found
    has out "checkpoint.pth, sha256 $(sha256sum "$people/yolox_w125_160x224/checkpoint.pth" | cut -c1-64)"
    has out 'boxes:     found by yolox at 96 pixels, score 0.01 or more, NMS at an IoU of 0.65'
    has err 'finds people by yolox at 96 pixels, from a score of 0.01, NMS at an IoU of 0.65'
    has out 'pictures:  4 in set/images/mine'
    has out 'poses of those with 0.5 or more (TEST.IMAGE_THRE)'
    counts found/boxes_mine_results_0.json 400 '"bbox": '
    counts found/boxes_mine_results_0.json 100 '"image_id": 9,'
    truth=set/annotations/person_keypoints_mine.json
    boxes=$(grep '^| yolox' out)
    poses=$(grep '^| pose_hrnet' out)
    expect 0 "$HRNET" score coco --iou bbox --gt $truth --results found/boxes_mine_results_0.json
    has out "${boxes#| yolox }"
    expect 0 "$HRNET" score coco --gt $truth --results found/keypoints_mine_results_0.json
    has out "${poses#| pose_hrnet }"
    # the same boxes from a file, and found by other threads
    evaluate 0 $keys -B found/boxes_mine_results_0.json TEST.IMAGE_THRE 0.5 -o given
    cmp found/keypoints_mine_results_0.json given/keypoints_mine_results_0.json
    evaluate 0 $how -o other --threads 3 --workers 4 --batch 3
    cmp found/boxes_mine_results_0.json other/boxes_mine_results_0.json
    cmp found/keypoints_mine_results_0.json other/keypoints_mine_results_0.json
    evaluate 0 $how -o few --det-threshold 0.5 --det-nms 0.3 --max-persons 5 --worst 2 --out drawn
    has out 'score 0.5 or more, NMS at an IoU of 0.3'
    test "$(find drawn -name 'worst_00*.jpg' | wc -l)" = 2
    rm set/images/mine/b.png
    evaluate 1 $how -o broken
    has err 'set/images/mine/b.png'
    test ! -e broken
    evaluate 1 $how -o broken --skip-broken
    has err '1 pictures could not be read'
    counts broken/boxes_mine_results_0.json 300 '"bbox": '
}

a_detector_that_does_not_fit() {
    make_set
    evaluate 2 $keys --detector $people/yolox_w125_160x224/checkpoint.pth
    has err '--detector goes with --detect'
    evaluate 2 $keys --detect -B boxes.json
    has err '--boxes does not go with --detect'
    evaluate 2 $keys --detect --detector $people/yolox_w125_160x224/checkpoint.pth --det-size 100
    has err 'expected a multiple of 32'
    evaluate 1 $keys --detect --detector "$golden/weights.pth"
    has err 'weights.pth'
    evaluate 1 $keys --detect --detector $people/yolox_dw_w125_128x96/checkpoint.pth
    has err 'expected a class "person"'
    expect 1 "$HRNET" eval -q $keys --model $people/yolox_w125_160x224/checkpoint.pth
    has err 'checkpoint.pth'
    test ! -e output
}

pictures_that_are_missing_or_broken() {
    make_set
    rm set/images/mine/b.png
    head -c 500 "$data/card.png" >'set/images/mine/first one.png'
    evaluate 1 $keys -o a
    has err 'set/images/mine/first one.png'
    test ! -e a
    evaluate 1 $keys -o a --skip-broken
    has err 'set/images/mine/first one.png'
    has err 'set/images/mine/b.png'
    has err '2 pictures could not be read'
    counts a/keypoints_mine_results_0.json 1 '"image_id": '
    has out '| pose_hrnet |'
}

files_of_any_place() {
    make_set
    mv set/annotations/person_keypoints_mine.json here.json
    mv set/images/mine pictures
    evaluate 0 -a here.json -i pictures -o a $keys
    has out 'persons:   4'
    evaluate 1 -a missing.json -i pictures -o a $keys
    has err 'missing.json'
    evaluate 1 -a here.json -i nowhere -o a $keys
    has err 'nowhere'
    evaluate 1 -a here.json -i here.json -o a $keys
    has err 'zip'
}

pictures_in_an_archive() {
    make_set
    evaluate 0 $keys -o plain
    (cd set/images/mine && zip -q ../mine.zip ./*)
    rm -r set/images/mine
    evaluate 0 $keys DATASET.DATA_FORMAT zip -o zipped
    has out 'set/images/mine.zip'
    cmp plain/keypoints_mine_results_0.json zipped/keypoints_mine_results_0.json
}

a_test_set_gets_results_only() {
    make_set
    mv set/images/mine set/images/test2017
    sed 's/"annotations": .*/"annotations": []}/' set/annotations/person_keypoints_mine.json \
        >set/annotations/image_info_test-dev2017.json
    evaluate 0 $keys DATASET.TEST_SET test-dev2017 -B boxes.json -o a
    has out 'no ground truth: not scored'
    counts a/keypoints_test-dev2017_results_0.json 3 '"image_id": '
}

the_worst_are_drawn() {
    make_set
    evaluate 0 $keys -o a --worst 2 --out drawn
    counts drawn/joint_errors.svg 17 'below 0.1</text>'
    test "$(find drawn -name 'worst_00*.jpg' | wc -l)" = 2
    evaluate 2 $keys --out drawn
    has err '--worst'
}

mpii_persons() {
    mkdir -p set/annot set/images
    cp "$data/card.png" set/images/a.png
    joints='[[31,21],[32,22],[33,23],[34,24],[35,25],[36,26],[37,27],[38,28],[39,29],[40,30],[41,31],[42,32],[43,33],[44,34],[45,35],[46,36]]'
    vis='[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,0]'
    printf '[{"image": "a.png", "center": [48, 40], "scale": 0.3, "joints": %s, "joints_vis": %s}]' "$joints" "$vis" \
        >set/annot/valid.json
    mpii='DATASET.DATASET mpii DATASET.ROOT set DATASET.TEST_SET valid MODEL.NUM_JOINTS 16'
    expect 0 "$HRNET" eval -q --config "$golden/config.yaml" --initial-weights -o a $mpii --worst 1
    has out 'no ground truth: not scored'
    test -s a/pred.mat
    has a/pred.json '"image": "a.png", "center": [48.0, 40.0'
    names='["rank","rkne","rhip","lhip","lkne","lank","pelvis","thorax","upper_neck","head","rwri","relb","rsho","lsho","lelb","lwri"]'
    # every number a list of one: MATLAB's order has persons last
    printf '{"dataset_joints": %s, "jnt_missing": [%s], "pos_gt_src": [%s], "headboxes_src": [[[30],[60]],[[20],[60]]]}' \
        "$names" "$(echo "$vis" | tr 01 10 | sed 's/,/],[/g')" "$(echo "$joints" | sed 's/,/],[/g')" >gt.json
    expect 0 "$HRNET" eval -q --config "$golden/config.yaml" --initial-weights -o a --gt gt.json $mpii
    has out '| Arch | Head | Shoulder | Elbow | Wrist | Hip | Knee | Ankle | Mean | Mean@0.1 |'
    expect 0 "$HRNET" score mpii --gt gt.json --preds a/pred.mat
    expect 1 "$HRNET" eval $small -q -o a $mpii MODEL.NUM_JOINTS 17
    has err '16 keypoints a person, the network finds 17'
}

wrong_command_lines() {
    make_set
    evaluate 2 stray $keys
    evaluate 2 --workers 0 $keys
    evaluate 1 $keys DATASET.DATASET lsp
    has err 'DATASET.DATASET'
    evaluate 1 $keys DATASET.TEST_SET other
    has err 'person_keypoints_other.json'
}

# A detector whose only category has another number than the annotations' is taken and told; results have the
# annotations' one.
boxes_of_another_category() {
    make_set
    sed 's/"category_id": 1/"category_id": 3/g; s/"categories": \[{"id": 1/"categories": [{"id": 3/' \
        set/annotations/person_keypoints_mine.json >three.json
    sed 's/"category_id": 1/"category_id": 3/g' boxes.json >boxes3.json
    for boxes in boxes3 boxes; do
        expect 0 "$HRNET" eval $small $keys -a three.json -B $boxes.json -o $boxes
        has out 'persons:   3'
        counts $boxes/keypoints_mine_results_0.json 3 '"category_id": 3,'
    done
    has err 'boxes.json: no box is of a category of the annotations (3)'
    has err 'boxes.json: boxes of category 1 are taken, the only one of the file'
    cmp boxes/keypoints_mine_results_0.json boxes3/keypoints_mine_results_0.json
    sed 's/"category_id": 3/"category_id": 5/' boxes3.json | sed '1!s/"category_id": 5/"category_id": 7/' >mixed.json
    expect 1 "$HRNET" eval $small $keys -a three.json -B mixed.json -o d
    has err 'mixed.json: expected boxes of one category, or of one that is known as person, found the ids 5, 7'
}

# Several categories with the same joints (AP-10K): each person keeps its own, with labelled and with detected boxes.
categories_stay_apart() {
    make_set
    names=$(sed -n 's/.*"keypoints": \(\["nose".*right_ankle"\]\).*/\1/p' set/annotations/person_keypoints_mine.json)
    sed 's/"id": 2, "image_id": 6, "category_id": 1/"id": 2, "image_id": 6, "category_id": 8/;
        s/"categories": \[/"categories": [{"id": 8, "name": "dog", "keypoints": '"$names"'}, /' \
        set/annotations/person_keypoints_mine.json >two.json
    evaluate 0 $keys -a two.json -o labelled
    counts labelled/keypoints_mine_results_0.json 3 '"category_id": 1,'
    counts labelled/keypoints_mine_results_0.json 1 '"category_id": 8,'
    sed 's/"image_id": 99, "category_id": 1/"image_id": 6, "category_id": 8/' boxes.json >both.json
    evaluate 0 $keys -a two.json -B both.json -o detected
    counts detected/keypoints_mine_results_0.json 3 '"category_id": 1,'
    counts detected/keypoints_mine_results_0.json 1 '"category_id": 8,'
    evaluate 0 $keys -a two.json -o dog --category dog
    has out 'persons:   1'
    counts dog/keypoints_mine_results_0.json 1 '"category_id": 8,'
}

# Who is left out is counted by reason; nobody left is an error that says so.
left_out_and_why() {
    make_set
    sed 's/"image_id": 5/"image_id": 1001/; s/"image_id": 6, "category_id": 1, "iscrowd": 0/"image_id": 6, "category_id": 1, "iscrowd": 1/' \
        set/annotations/person_keypoints_mine.json >some.json
    expect 0 "$HRNET" eval $small $keys -a some.json -o a
    has err 'warning: some.json: 1 of 4 annotations are of images that the file does not list (the first: 1001): left out'
    has err 'some.json: 2 persons; 1 are crowds'
    sed 's/"image_id": /"image_id": 100/g' set/annotations/person_keypoints_mine.json >none.json
    evaluate 1 $keys -a none.json -o a
    has err 'none.json: annotations: expected some that can be used, found none among 4; 4 are of images that the file does not list (the first: 1005)'
    sed 's/"iscrowd": 0/"iscrowd": 1/g' set/annotations/person_keypoints_mine.json >crowds.json
    evaluate 1 $keys -a crowds.json -o a
    has err 'crowds.json: expected persons to evaluate, found none; 4 are crowds'
}

for name in the_published_table_and_what_it_was_made_with results_score_the_same_alone the_configuration_decides \
    workers_batches_and_threads_change_nothing a_detectors_boxes a_detector_finds_the_boxes a_detector_that_does_not_fit boxes_of_another_category categories_stay_apart left_out_and_why pictures_that_are_missing_or_broken files_of_any_place \
    pictures_in_an_archive a_test_set_gets_results_only the_worst_are_drawn mpii_persons wrong_command_lines; do
    if [ $name = pictures_in_an_archive ] && ! command -v zip >/dev/null; then
        echo "[  SKIPPED ] $name: there is no zip command here (test_image_store reads archives)"
        continue
    fi
    run_case $name
done
exit "$n_failed"
