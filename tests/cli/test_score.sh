#!/bin/sh
# test_score.sh - scoring files: the tables, the JSON, what is refused.
# shellcheck disable=SC2086,SC2317 # words of lists; cases are called by name
. "$(dirname "$0")/lib.sh"

coco=$TESTS/golden/coco
mpii=$TESTS/golden/mpii
mot=$TESTS/golden/mot
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

# the results with spaces between them, so that the text is long enough that threads read parts of them
coco_is_the_same_with_any_threads() {
    spaces=$(printf '%900s' '')
    sed "s/}, {/},$spaces{/g; s/},{/},$spaces{/g" "$coco/coco_synth_dt.json" >wide.json
    test "$(wc -c <wide.json)" -gt 1050000
    for threads in 1 2 5; do
        expect 0 "$HRNET" score coco --gt "$coco/coco_synth_gt.json" --results wide.json --threads $threads \
            --json threads_$threads.json
        has threads_$threads.json '"AP": 0.332883513060'
    done
    cmp threads_1.json threads_2.json
    cmp threads_1.json threads_5.json
    expect 2 "$HRNET" score mpii --gt "$mpii/gt_valid.mat" --preds x.npy --threads 2
    has err "--threads is an option of coco"
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
    has err "short.json: entry 0: keypoints: expected a list"
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

# Upstream looks up thirteen of the sixteen names alone.
mpii_names_that_nobody_reads() {
    sed 's/"pelvis"/"pelv"/; s/"thorax"/"thrx"/; s/"upper_neck"/"neck"/' "$mpii/gt_valid.json" >gt.json
    if cmp -s gt.json "$mpii/gt_valid.json"; then return 1; fi
    expect 0 "$HRNET" score mpii --gt gt.json --preds "$mpii/preds.npy"
    has out "| preds | 81.481 | 76.723 | 73.244 | 80.392 | 71.296 | 83.013 | 80.189 | 77.379 | 7.586 | 9.655 |"
    sed 's/"lsho"/"left"/' "$mpii/gt_valid.json" >gt.json
    expect 1 "$HRNET" score mpii --gt gt.json --preds "$mpii/preds.npy"
    has err 'among them "lsho"'
}

# Byte order marks, NaN, and other categories: what changes the score is told, and the table comes out.
what_exporters_write() {
    expect 0 "$HRNET" score coco $custom
    mv out plain
    printf '\357\273\277' | cat - "$coco/custom_gt.json" >gt.json
    printf '\357\273\277' | cat - "$coco/custom_dt.json" >custom_dt.json
    expect 0 "$HRNET" score coco --gt gt.json --results custom_dt.json
    cmp out plain
    test ! -s err
    printf '\377\376[' >wide.json
    expect 1 "$HRNET" score coco --gt gt.json --results wide.json
    has err 'wide.json: expected UTF-8, found UTF-16'
    truth='{"images": [{"id": 1}, {"id": 2}], "categories": [{"id": 1, "name": "kite", "keypoints": ["a", "b"]}, {"id": 2, "name": "wedge", "keypoints": ["a", "b"]}], "annotations": [
 {"id": 1, "image_id": 1, "category_id": 1, "area": 900, "bbox": [0, 0, 30, 30], "keypoints": [1, 2, 2, 30, 30, 2]},
 {"id": 2, "image_id": 2, "category_id": 2, "area": 900, "bbox": [0, 0, 30, 30], "keypoints": [1, 2, 2, 30, 30, 2]}]}'
    printf '%s' "$truth" >two.json
    result() { # IMAGE CATEGORY SCORE X
        printf '{"image_id": %s, "category_id": %s, "score": %s, "keypoints": [%s, 2, 1, 30, 30, 1]}' "$@"
    }
    # of one category both keypoints are right, of the other one: an OKS of 0.5, which counts at the first of ten
    # thresholds. The mean over both, as pycocotools: (1 + 0.1) / 2
    printf '[%s, %s]' "$(result 1 1 0.9 1)" "$(result 2 2 0.8 500)" >found.json
    expect 0 "$HRNET" score coco --gt two.json --results found.json --sigmas .05,.05
    has out '| found | 0.550 | 1.000 | 0.500 |'
    for category in kite 1; do
        expect 0 "$HRNET" score coco --gt two.json --results found.json --sigmas .05,.05 --category $category
        has out '| found | 1.000 | 1.000 |'
    done
    expect 1 "$HRNET" score coco --gt two.json --results found.json --sigmas .05,.05 --category horse
    has err 'two.json: categories: expected "horse" among them, found "kite" (id 1, 2 keypoints), "wedge" (id 2, 2 keypoints)'
    # of several skeletons the one that the results have
    printf '%s' "$truth" | sed 's/"wedge", "keypoints": \["a", "b"\]/"wedge", "keypoints": ["a", "b", "c"]/; s/\(2, "image_id": 2.*30, 2\)\]/\1, 1, 1, 2]/' >skeletons.json
    printf '[%s]' "$(result 1 1 0.9 1)" >kite.json
    expect 0 "$HRNET" score coco --gt skeletons.json --results kite.json --sigmas .05,.05
    has out '| kite | 1.000 |'
    has err 'category "kite" (2 keypoints) is read, of "kite" (id 1, 2 keypoints), "wedge" (id 2, 3 keypoints)'
    # NaN and text where numbers belong
    printf '[%s, %s, %s]' "$(result 1 1 NaN 1)" "$(result 2 2 0.8 1)" "$(result 2 2 '"0.8"' 1)" >odd.json
    expect 0 "$HRNET" score coco --gt two.json --results odd.json --sigmas .05,.05
    has out '| odd | 1.000 |'
    has err 'warning: odd.json: 1 of 3 results could not be read and are left out; the first: entry 2: score: expected a number, found a string'
    has err 'warning: odd.json: 1 results have the score NaN: they come last, as in pycocotools'
    # pycocotools' numbers of these files
    expect 0 "$HRNET" score coco --gt "$coco/arrows_gt.json" --results "$coco/arrows_nan_dt.json"
    has out '| arrows_nan_dt | 0.353 | 0.804 | 0.281 |'
    # categories that the ground truth does not have
    printf '[%s, %s]' "$(result 1 1 0.9 1)" "$(result 2 9 0.8 1)" >some.json
    expect 0 "$HRNET" score coco --gt two.json --results some.json --sigmas .05,.05
    has err 'warning: some.json: 1 of 2 results are of categories that are not scored: left out'
    printf '[%s]' "$(result 2 9 0.8 1)" >none.json
    expect 1 "$HRNET" score coco --gt two.json --results none.json --sigmas .05,.05
    has err 'results: expected category_id 1 or another one as in the annotations, found none among 1 (the first: 9)'
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

boxes_print_twelve_numbers() {
    bbox=$TESTS/golden/bbox
    boxes="--iou bbox --gt $bbox/classes_gt.json --results $bbox/classes_dt.json"
    expect 0 "$HRNET" score coco $boxes --json score.json
    has out " Average Precision  (AP) @[ IoU=0.50:0.95 | area= small | maxDets=100 ] = 0.286"
    has out " Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets=  1 ] = 0.147"
    has out "| classes_dt | 0.253 | 0.550 | 0.186 | 0.286 | 0.266 | 0.255 | 0.147 | 0.392 | 0.392 | 0.379 | 0.401 | 0.412 |"
    has out " 3 categories, "
    has score.json '"AP (S)": 0.285974463897'
    has score.json '"large": ['
    expect 0 "$HRNET" score coco $boxes --json -
    cmp out score.json
    # keypoints are not asked for, and several skeletons are no question
    expect 0 "$HRNET" score coco $boxes --category 90
    has out " 1 categories, "
    has out "| classes_dt | "
    expect 1 "$HRNET" score coco $boxes --category horse
    has err 'categories: expected "horse" among them'
    expect 1 "$HRNET" score coco --iou bbox --gt "$bbox/classes_gt.json" --results "$coco/plain_dt.json"
    has err 'plain_dt.json: entry 0: expected "bbox": [x, y, width, height], found nothing'
    expect 1 "$HRNET" score coco --iou bbox --gt "$bbox/many_gt.json" --results "$bbox/classes_dt.json"
    has err "which the annotations do not have"
    expect 2 "$HRNET" score coco $boxes --per-joint
    has err "without --preds, --sigmas, --info and --per-joint"
    expect 2 "$HRNET" score mpii --iou bbox --gt "$mpii/gt_valid.mat" --preds "$mpii/preds.npy"
    expect 2 "$HRNET" score coco $boxes --iou masks
}

mot_prints_the_numbers_of_trackeval() {
    expect 0 "$HRNET" score mot --gt "$mot/TUD-Campus_gt.txt" --results "$mot/TUD-Campus_dt.txt"
    has out "71 frames, 359 boxes of 8 people to find, 222 boxes of 13 tracks"
    has out "| Sequence | HOTA | DetA | AssA | LocA | MOTA | MOTP | IDF1 | IDP | IDR | IDSW | FP | FN | MT | ML | Frag |"
    has out "| TUD-Campus_dt | 0.391 | 0.418 | 0.369 | 0.770 | 0.526 | 0.723 | 0.558 | 0.730 | 0.451 | 7 | 13 | 150 | 1 | 1 | 7 |"
    test ! -s err
    expect 0 "$HRNET" score mot --gt "$mot/TUD-Campus_gt.txt" --results "$mot/TUD-Campus_dt.txt" -o score.json
    has score.json '"HOTA": 0.391397437845'
    has score.json '"IDSW": 7,'
    expect 0 "$HRNET" score mot --gt "$mot/TUD-Campus_gt.txt" --results "$mot/TUD-Campus_dt.txt" -o -
    cmp out score.json
}

# The numbers are those of tests/golden/mot/street.json.
mot_scores_folders() {
    mkdir -p gt/seqmaps gt/street-a/gt results/data
    cp "$mot/street-a_gt.txt" gt/street-a/gt/gt.txt
    for name in b c d e; do cp "$mot/street-${name}_gt.txt" gt/street-$name.txt; done
    cp "$mot/street-a_dt.txt" results/street-a.txt
    cp "$mot/street-b_dt.txt" results/street-b_tracks.txt
    for name in c d e; do cp "$mot/street-${name}_dt.txt" results/data/street-$name.txt; done
    expect 0 "$HRNET" score mot --gt gt --results results -o score.json
    counts out 7 "| "
    has out "left out, as MOT17 does: "
    has err "warning: gt/street-d.txt: no box counts"
    # COMBINED_SEQ
    has score.json '"HOTA": 0.47983261054'
    has score.json '"AssA": 0.53808113914'
    has score.json '"MOTA": 0.17391304347'
    has score.json '"IDF1": 0.51789473684'
    counts score.json 5 '"name": "street-'
    mv gt/street-a gt/MOT20-a
    mv results/street-a.txt results/MOT20-a.txt
    expect 0 "$HRNET" score mot --gt gt --results results
    has out "left out, as their benchmarks do: "
    rm gt/street-?.txt
    expect 0 "$HRNET" score mot --gt gt --results results
    has out "left out, as MOT20 does: "
    has err "results: 1 file of results without a sequence in the ground truth; the first: results/street-b_tracks.txt"
    expect 0 "$HRNET" score mot --gt gt --results results --benchmark mot15
    has out "left out, as MOT15 does: "
    rm results/MOT20-a.txt
    expect 1 "$HRNET" score mot --gt gt --results results
    has err "results: expected MOT20-a.txt, MOT20-a_tracks.txt or data/MOT20-a.txt for the sequence MOT20-a, found none"
    expect 1 "$HRNET" score mot --gt results/data/none --results results
    expect 1 "$HRNET" score mot --gt gt/seqmaps --results results
    has err "gt/seqmaps: expected sequences, SEQ/gt/gt.txt or SEQ.txt, found none"
    expect 1 "$HRNET" score mot --gt gt --results score.json
    has err "expected two files or two folders"
}

mot_refuses_and_warns() {
    printf '1,1,0,0,10,20,1\n2,1,0,0,10,20,1\n' >gt.txt
    printf '1,1,0,0,10,20,1\n1,1,0,1,10,20,1\n4,1,0,0,10,20,1\n' >dt.txt
    expect 0 "$HRNET" score mot --gt gt.txt --results dt.txt
    has err "warning: dt.txt: a track has a further box in a frame, which MOTChallenge does not allow: 1 times; the first: line 2: frame 1 has id 1 in line 1 already"
    has err "warning: dt.txt: boxes in frames behind the last of the ground truth, which count as false: 1"
    expect 1 "$HRNET" score mot --gt dt.txt --results gt.txt
    has err "dt.txt: line 2: frame 1 has id 1 in line 1 already: expected an id once in a frame"
    printf '1,-1,0,0,10,20,1\n' >det.txt
    expect 1 "$HRNET" score mot --gt gt.txt --results det.txt
    has err "det.txt: line 1: id: expected a whole number from 0, found -1"
    printf '1,1,0,0,10,20,1,14,1\n' >classes.txt
    expect 1 "$HRNET" score mot --gt classes.txt --results dt.txt
    has err "dt: ground truth: frame 1, id 1: class: expected 1 to 13, found 14"
    expect 0 "$HRNET" score mot --gt classes.txt --results gt.txt --benchmark mot15
    expect 1 "$HRNET" score mot --gt missing.txt --results dt.txt
    has err "missing.txt"
    expect 2 "$HRNET" score mot --gt gt.txt
    expect 2 "$HRNET" score mot --gt gt.txt --results dt.txt --per-joint
    expect 2 "$HRNET" score mot --gt gt.txt --results dt.txt --benchmark mot21
    expect 2 "$HRNET" score mot --gt gt.txt --results dt.txt -o dt.txt
    expect 2 "$HRNET" score coco --gt gt.txt --results dt.txt --benchmark mot17
    has err "--benchmark is an option of mot"
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

for name in coco_prints_the_published_table coco_per_joint_and_json coco_is_the_same_with_any_threads \
    coco_takes_sigmas_from_the_annotations_or_the_line \
    mpii_prints_both_rows_of_a_tenth mpii_names_that_nobody_reads what_exporters_write broken_files_are_named \
    coco_assumes_sigmas_and_says_so boxes_print_twelve_numbers mot_prints_the_numbers_of_trackeval \
    mot_scores_folders mot_refuses_and_warns usage; do
    run_case $name
done
exit "$n_failed"
