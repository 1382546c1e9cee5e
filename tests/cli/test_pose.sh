#!/bin/sh
# test_pose.sh - pictures in, keypoints out: inputs, boxes, formats, and everything that can be wrong with them.
# shellcheck disable=SC2086,SC2317 # words of lists; cases are called by name
. "$(dirname "$0")/lib.sh"

# With --whole where no boxes are given.
pose() { # STATUS ARGUMENTS...
    wanted_status=$1
    shift
    whole=--whole
    for argument in "$@"; do
        case $argument in -B | --boxes*) whole= ;; esac
    done
    expect "$wanted_status" "$HRNET" pose $small -q $whole "$@"
}

make_pictures() {
    cp "$data/card.png" 000000000785.png
    cp "$data/card.png" b.png
    printf 'no picture' >broken.jpg
}

json_on_standard_output() {
    pose 0 "$data/card.png"
    counts out 1 '"persons"'
    counts out 18 '"name": "' # the network's and 17 keypoints'
    has out '"name": "left_ankle"'
    has out '"width": 96'
}

a_network_report_goes_to_standard_error() {
    expect 0 "$HRNET" pose $small --whole "$data/card.png"
    test -s err
    pose 0 "$data/card.png"
    test ! -s err
}

every_kind_of_input() {
    mkdir folder
    cp "$data/card.png" folder/a.png
    cp "$data/card.png" folder/b.PNG
    cp "$data/card.png" folder/.hidden.png
    : >folder/notes.md
    pose 0 folder --format jsonl
    counts out 2 '"file":"folder/'
    pose 0 'folder/*.png' folder/b.PNG --format jsonl
    counts out 2 '"file":"folder/'
    printf 'folder/a.png\r\n\nfolder/b.PNG\n' >list.txt
    pose 0 list.txt --format jsonl
    counts out 2 '"file":"folder/'
    pose 0 @list.txt --format jsonl
    counts out 2 '"file":"folder/'
    pose 0 --format jsonl - <"$data/card.png"
    has out '"file":"-"'
}

inputs_that_name_nothing() {
    mkdir empty
    : >list.txt
    for input in empty 'nothing*.png' list.txt @missing; do
        pose 1 "$input"
        has err "${input#@}"
        test ! -s out
    done
    pose 1 empty "$data/card.png" --format jsonl
    counts out 1 '"persons"'
    pose 2
}

a_broken_picture_does_not_stop_the_rest() {
    make_pictures
    head -c 1000 "$data/card.png" >short.png
    pose 1 b.png broken.jpg missing.jpg short.png 000000000785.png --format jsonl
    counts out 5 '"file"'
    counts out 2 '"persons"'
    for file in broken.jpg missing.jpg short.png; do
        has out "{\"file\":\"$file\",\"error\":\""
        has err "$file"
    done
}

boxes_on_the_command_line() {
    pose 0 "$data/card.png" --boxes 10,20,30,40 --format csv
    counts out 17 'card.png,0,'
    pose 0 "$data/card.png" --boxes '10,20,30,40;0,0,96,80' --format csv
    counts out 17 'card.png,1,'
    pose 0 "$data/card.png" --boxes 0,0,96,80 --format jsonl
    mv out boxed
    pose 0 "$data/card.png" --format jsonl
    cmp out boxed # the whole picture is the box of its size
    for box in nan,0,1,1 0,0,inf,1 0,0,0,5 0,0,-3,5 1,2,3 1,2,3,4,5 '1,2,3,4;' 1e40,0,1,1; do
        pose 2 "$data/card.png" --boxes "$box"
        has err "--boxes"
    done
}

boxes_outside_the_picture_are_black_crops() {
    pose 0 "$data/card.png" --boxes 5000,5000,20,20 --format csv
    counts out 17 'card.png,0,'
    pose 0 "$data/card.png" --boxes=-90,-90,500,500 --format csv
    counts out 17 'card.png,0,'
}

boxes_of_a_coco_file() {
    make_pictures
    cat >boxes.json <<'EOF'
[{"image_id": 785, "category_id": 1, "bbox": [1, 2, 30, 40], "score": 0.9},
 {"image_id": 785, "category_id": 1, "bbox": [5, 6, 30, 40], "score": 0.2},
 {"image_id": 786, "category_id": 1, "bbox": [5, 6, 30, 40], "score": 0.2}]
EOF
    pose 0 000000000785.png b.png --boxes boxes.json --format jsonl
    has out '"box":[1,2,30,40],"box_score":0.9'
    has out '"file":"b.png","width":96,"height":80,"persons":[]'
    pose 0 000000000785.png --boxes boxes.json --box-score 0.5 --format csv
    counts out 17 '000000000785.png,0,'
    counts out 0 '000000000785.png,1,'
    # nobody asked for: an error, whatever the threshold
    pose 1 b.png --boxes boxes.json --format coco
    has err 'boxes.json: expected boxes of the 1 inputs, found none among 3 (the first is of "785")'
    pose 0 000000000785.png --boxes boxes.json --box-score 5 --format coco
    test "$(cat out)" = '[]'
    printf '[]' >nobody.json
    pose 0 b.png --boxes nobody.json --format coco
    test "$(cat out)" = '[]'
}

# The category that is named person, else the only one, else 1.
boxes_of_categories() {
    cp "$data/card.png" photo.png
    for id in 3 0; do
        printf '{"images": [{"id": 7, "file_name": "photo.png"}], "annotations": [{"id": 1, "image_id": 7, "bbox": [10, 10, 50, 60],
            "category_id": %s}, {"id": 2, "image_id": 7, "bbox": [1, 1, 5, 6], "category_id": 1}],
            "categories": [{"id": 1, "name": "dog"}, {"id": %s, "name": "person"}]}' $id $id >ann.json
        pose 0 photo.png -B ann.json -F jsonl
        has out '"persons":[{"box":[10,10,50,60],'
        counts out 0 '"box":[1,1,5,6]'
        pose 0 photo.png -B ann.json -F jsonl --category dog
        has out '"persons":[{"box":[1,1,5,6],'
        pose 0 photo.png -B ann.json -F coco
        has out "\"category_id\":$id,"
        has out '"image_id":7,'
    done
    pose 1 photo.png -B ann.json --category horse
    has err 'ann.json: expected boxes of the category "horse", found the ids 0, 1'
    printf '[{"image_id": "photo", "category_id": 3, "bbox": [1, 2, 30, 40]}]' >three.json
    expect 0 "$HRNET" pose $small photo.png -B three.json -F coco
    has err 'three.json: boxes of category 3 are taken, the only one of the file'
    has err 'three.json: 1 of 1 boxes belong to 1 of 1 inputs'
    has out '"category_id":3,'
    has out '"image_id":"photo",'
    pose 2 photo.png --category person
}

# Folders decide between equal names; a name that fits several pictures is no one's.
boxes_of_equal_file_names() {
    mkdir vidA vidB
    cp "$data/card.png" vidA/000001.png
    cp "$data/card.png" vidB/000001.png
    cat >ann.json <<'EOF'
{"images": [{"id": 10, "file_name": "vidA/000001.png"}, {"id": 20, "file_name": "vidB\\000001.png"}], "annotations": [
 {"id": 1, "image_id": 10, "bbox": [10, 10, 50, 60], "category_id": 1},
 {"id": 2, "image_id": 20, "bbox": [40, 20, 40, 50], "category_id": 1}], "categories": [{"id": 1, "name": "person"}]}
EOF
    pose 0 vidA/000001.png vidB/000001.png -B ann.json -F jsonl
    counts out 2 '"persons":[{"box":['
    counts out 1 '"file":"vidA/000001.png","width":96,"height":80,"persons":[{"box":[10,10,50,60]'
    counts out 1 '"file":"vidB/000001.png","width":96,"height":80,"persons":[{"box":[40,20,40,50]'
    counts out 0 '},{"box"'
    pose 0 vidA/000001.png vidB/000001.png -B ann.json -F coco
    has out '"image_id":10,'
    has out '"image_id":20,'
    # from inside of a folder, too
    (cd vidB && expect 0 "$HRNET" pose $small -q 000001.png -B ../ann.json -F jsonl && has out '"persons":[{"box":[40,20,40,50]' && counts out 0 '[10,10,50,60]')
    printf '[{"image_id": 1, "category_id": 1, "bbox": [1, 2, 30, 40]}]' >one.json
    pose 1 vidA/000001.png vidB/000001.png -B one.json
    has err 'one.json: "1": expected a name that tells one picture from the others'
}

# Ids are texts of any form; what Windows, Python and editors write is read.
boxes_of_any_name() {
    for name in frame.0001 1.0 7 'a b'; do cp "$data/card.png" "$name.png"; done
    cat >boxes.json <<'EOF'
[{"image_id": "frame.0001", "bbox": [1, 1, 30, 40]}, {"image_id": "1.0", "bbox": [2, 1, 30, 40]},
 {"image_id": 7.0, "bbox": [3, 1, 30, 40]}, {"image_id": 3, "file_name": "C:\\data\\a b.png", "bbox": [4, 1, 30, 40]}]
EOF
    printf '\357\273\277' | cat - boxes.json >marked.json
    for file in boxes.json marked.json; do
        expect 0 "$HRNET" pose $small frame.0001.png 1.0.png 7.png 'a b.png' -B $file -F jsonl
        has err "$file: 4 of 4 boxes belong to 4 of 4 inputs"
        for x in 1 2 3 4; do counts out 1 "\"persons\":[{\"box\":[$x,1,30,40]"; done
    done
    printf '\357\273\2777.png\r\na b.png\r\n' >list.txt
    pose 0 list.txt -F jsonl
    counts out 2 '"persons":[{"box"'
}

# A box of a tool that writes none is that of the keypoints; a bad entry is named, and the rest goes on.
boxes_of_keypoints_and_broken_ones() {
    cp "$data/card.png" 7.png
    printf '[{"image_id": 7, "bbox": [], "keypoints": [10, 20, 2, 40, 60, 2, 0, 0, 0]}, {"image_id": 7, "bbox": [1, 2, NaN, 3]}]' >boxes.json
    pose 0 7.png -B boxes.json -F jsonl
    has out '"persons":[{"box":[10,20,30,40]'
    has err 'warning: boxes.json: 1 of the boxes could not be read and are left out; the first: entry 1: bbox[2]: expected a number that a float can hold, found NaN'
    has err 'warning: boxes.json: 1 entries have no box'
}

bad_box_files_are_named() {
    printf '[{"image_id": 785, "category_id": 1, "bbox": [1, 2, NaN, 40]}]' >nan.json
    printf '[{"image_id": 785, "category_id": 1, "bbox": [1, 2' >short.json
    printf '{"what": 1}' >other.json
    for file in nan.json short.json other.json missing.json; do
        pose 1 "$data/card.png" --boxes $file
        has err "$file"
    done
}

an_empty_box_of_a_file_is_no_person() {
    cp "$data/card.png" 785.png
    printf '[{"image_id": 785, "category_id": 1, "bbox": [1, 2, 0, 40], "score": 1}]' >flat.json
    pose 0 785.png --boxes flat.json --format jsonl
    has out '"persons":[]'
}

every_format() {
    make_pictures
    pose 0 000000000785.png --format coco
    has out '[{"box":[0,0,96,80],"box_score":1,"category_id":1,"center":['
    has out '"image_id":785,'
    pose 0 b.png --format openpose
    has out '"pose_keypoints_2d":['
    test "$(tr ',' '\n' <out | wc -l)" -gt 75
    pose 0 b.png --format openpose-18
    pose 0 b.png --format csv
    test "$(head -n 1 out)" = 'file,person,person_score,keypoint,name,x,y,score,box_x,box_y,box_w,box_h,box_score,track'
    test "$(wc -l <out)" = 18
}

the_ending_of_the_output_decides() {
    make_pictures
    pose 0 b.png -o data.csv
    has data.csv 'b.png,0,'
    pose 0 b.png -o data.jsonl
    counts data.jsonl 1 '"file":"b.png"'
    pose 0 b.png -o data.json
    has data.json '"images": ['
    pose 0 b.png -o data.json --format coco
    has data.json '[{"box":['
    for ending in png jpg webp; do
        pose 0 b.png -o drawing.$ending --threshold=-1000
        test -s drawing.$ending
        test ! -s out
    done
    pose 2 b.png 000000000785.png -o drawing.png
    pose 2 b.png -o drawing.png --format csv
    pose 2 b.png -o what.ever
    pose 2 b.png 000000000785.png --format openpose
}

a_folder_gets_a_drawing_and_data_for_every_input() {
    make_pictures
    pose 1 b.png 000000000785.png broken.jpg -o out_folder
    for stem in b 000000000785; do
        test -s out_folder/${stem}_pose.jpg
        has out_folder/${stem}_pose.json '"left_knee"'
    done
    has out_folder/broken_pose.json '"error"'
    test ! -e out_folder/broken_pose.jpg
    pose 0 b.png -o new/ --format openpose
    has new/b_keypoints.json '"version":1.3'
}

outputs_are_not_inputs() {
    mkdir in
    cp "$data/card.png" in/a.png
    pose 0 in -o in --heatmaps in
    ls in >first
    pose 0 in -o in --heatmaps in
    ls in >second
    cmp first second
    has err "in: 1 picture; passed over: 2 outputs of hrnet, 1 .npy, 1 .json"
    pose 0 'in/*.?[np]g' -o in
    has err "in/*.?[np]g: passed over: 2 outputs of hrnet"
    ls in >third
    cmp first third
    # a picture of that name without data beside it is a picture
    mkdir other
    cp "$data/card.png" other/a_pose.jpg
    pose 0 other --format jsonl
    counts out 1 '"file":"other/a_pose.jpg"'
    test ! -s err
}

outputs_keep_folders() {
    mkdir -p in/vidA in/vidB/deep empty
    for file in in/x.png in/vidA/1.png in/vidB/1.png in/vidB/deep/1.png; do cp "$data/card.png" $file; done
    ln -s ../vidA in/vidB/link
    pose 0 in -o out_folder
    test "$(find out_folder -type f | wc -l)" = 2
    has err "in: 1 picture; passed over: 2 folders (see --recursive)"
    for _ in 1 2; do # the second time outputs lie below the inputs, too
        pose 0 in -r -o in/results --heatmaps in/results
        test "$(cd in/results && find . -name '*_pose.j*' | sort | tr '\n' ' ')" = "./vidA/1_pose.jpg ./vidA/1_pose.json \
./vidB/1_pose.jpg ./vidB/1_pose.json ./vidB/deep/1_pose.jpg ./vidB/deep/1_pose.json ./x_pose.jpg ./x_pose.json "
        test "$(find in/results -name '*_heatmaps.*' | wc -l)" = 8
    done
    has err "1 links to folders"
    # several folders are kept apart by their names
    pose 0 in/vidA/ in/vidB -o apart
    test -s apart/vidA/1_pose.json
    test -s apart/vidB/1_pose.json
    pose 0 in -r --format jsonl
    test "$(grep -c '"file":"in/' out)" = 4
}

one_output_for_two_inputs_is_refused() {
    make_pictures
    mkdir again
    cp b.png again/b.png
    for inputs in "b.png again/b.png" "b.png b.png" "b.png ./again/*"; do
        pose 2 $inputs -o out_folder
        has err "would be written to one name, b"
        test ! -e out_folder
        pose 2 $inputs --heatmaps maps
        test ! -e maps
    done
    # one stem in one folder: endings tell them apart
    cp b.png again/b.webp
    pose 0 again -o out_folder
    test "$(cd out_folder && echo *)" = "b.png_pose.jpg b.png_pose.json b.webp_pose.jpg b.webp_pose.json"
    pose 0 again -o again
    pose 0 again -o again
    test "$(cd again && echo *)" = \
        "b.png b.png_pose.jpg b.png_pose.json b.webp b.webp_pose.jpg b.webp_pose.json"
}

an_output_that_is_an_input_is_refused() {
    make_pictures
    cp b.png c_pose.jpg
    cp b.png c.png
    ln b.png link.png
    printf 'b.png\n' >list.txt
    printf '[{"image_id": 785, "category_id": 1, "bbox": [1, 2, 30, 40], "score": 0.9}]' >boxes.json
    sha256sum ./* >before
    for arguments in "b.png -o b.png" "b.png -o ./b.png" "b.png -o link.png" "c.png c_pose.jpg -o ." \
        "list.txt -o list.txt --format csv" "b.png --boxes boxes.json -o boxes.json" ". -o ."; do
        pose 2 $arguments
        has err "expected an output that is not an input too"
        rm -f out err
        sha256sum --quiet -c before
    done
}

a_folder_tells_what_it_passes_over() {
    mkdir -p in/sub
    cp "$data/card.png" in/a.PNG
    for file in b.mp4 c.MP4 d.json README .hidden 'e.x y'; do : >"in/$file"; done
    pose 0 in --format jsonl
    counts out 1 '"file"'
    has err "hrnet pose: in: 1 picture; passed over: "
    for part in "1 hidden" "2 .mp4" "1 .json" "1 without ending" "1 others" "1 folders (see --recursive)"; do
        has err "$part"
    done
}

damage_is_a_warning() {
    pose 0 "$TESTS/golden/images/damaged.jpg" "$TESTS/golden/images/cut.jpg" --format jsonl
    counts out 2 '"persons"'
    has err "warning: $TESTS/golden/images/damaged.jpg: the JPEG picture is damaged"
    has err "warning: $TESTS/golden/images/cut.jpg: the JPEG picture is cut short"
    expect 0 "$HRNET" crop "$TESTS/golden/images/cut.jpg" --box 0,0,9,9 -o crop.png
    has err "warning: $TESTS/golden/images/cut.jpg: the JPEG picture is cut short"
}

# The rule is one for all kinds of pictures: the colours that are stored count, whatever alpha says.
alpha_is_dropped() {
    pose 0 "$TESTS/golden/images/rgb8.png" --format csv
    cut -d, -f2- out >opaque
    for file in rgba8.png alpha.webp interlaced_rgba8.png bmp32.bmp; do
        pose 0 "$TESTS/golden/images/$file" --format csv
        cut -d, -f2- out | cmp - opaque
    done
}

pictures_without_a_module_say_what_is_missing() {
    mkdir modules
    for pair in "raw.tif libtiff-dev" "plain.gif libgif-dev" "lossy.avif libavif-dev" "lossy.heic libheif-dev"; do
        expect 1 env HRNET_PICTURES=modules "$HRNET" pose $small -q --whole "$TESTS/golden/images/${pair% *}" --format jsonl
        has err "${pair% *}: a"
        has err "which this hrnet cannot read without"
        has err "install ${pair#* } and build hrnet again"
        has out '"error":"'
    done
    echo "no module" >modules/libhrnet_tiff.so
    expect 1 env HRNET_PICTURES=modules "$HRNET" crop "$TESTS/golden/images/raw.tif" --box 0,0,9,9 -o crop.png
    has err "raw.tif: a TIFF picture, which needs libtiff, and that cannot be loaded (modules/libhrnet_tiff.so: "
    has err "install it, as libtiff-dev does"
}

drawing_changes_the_picture() {
    make_pictures
    pose 0 b.png -o plain.png --threshold 1000
    pose 0 b.png -o drawn.png --threshold=-1000 --boxes 5,5,80,70 --draw-boxes
    if cmp -s plain.png drawn.png; then return 1; fi
}

heatmaps_are_written() {
    pose 0 "$data/card.png" --boxes '10,20,30,40;0,0,96,80' --heatmaps maps
    test -s maps/card_heatmaps.jpg
    # [2][17][24][16] floats behind a header of 128 bytes
    test "$(wc -c <maps/card_heatmaps.npy)" = $((128 + 4 * 2 * 17 * 24 * 16))
}

batches_and_threads_do_not_change_results() {
    make_pictures
    pose 0 b.png 000000000785.png --boxes '10,20,30,40;0,0,96,80;5,5,50,50' --batch 1 --threads 1
    mv out one
    for threads in 2 3; do
        pose 0 b.png 000000000785.png --boxes '10,20,30,40;0,0,96,80;5,5,50,50' --batch 1 --threads $threads
        cmp out one
    done
}

decoders_flip_and_samplers_run() {
    for arguments in "--flip" "--flip --no-shift" "--decode argmax" "--decode dark" "--decode udp" "--sampler float"; do
        pose 0 "$data/card.png" $arguments --format csv
        counts out 17 'card.png,0,'
    done
}

writing_errors_are_reported() {
    pose 1 "$data/card.png" -o no/such/folder/out.json
    has err "no/such/folder/out.json"
    if [ -c /dev/full ]; then
        pose 1 "$data/card.png" -o /dev/full --format json
        has err "/dev/full: cannot write"
        wanted=0
        "$HRNET" pose $small -q --whole "$data/card.png" >/dev/full 2>err || wanted=$?
        test $wanted = 1
        counts err 1 "standard output: cannot write"
        test -c /dev/full
    fi
    : >file
    pose 1 "$data/card.png" -o file/
    test "$(ls)" = "$(printf 'err\nfile\nout')" # nothing half-written stays
}

an_interrupt_leaves_what_was_done() {
    cp "$data/card.png" a.png
    awk 'BEGIN { for (i = 0; i < 50000; i++) print "a.png" }' >list.txt
    "$HRNET" pose $small -q --whole list.txt -o done.jsonl 2>err &
    job=$!
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        if ls done.jsonl.tmp-* 2>/dev/null; then break; fi
        sleep 0.5
    done
    kill -TERM $job
    status=0
    wait $job || status=$?
    test $status = 143
    test "$(ls)" = "$(printf 'a.png\ndone.jsonl\nerr\nlist.txt')"
    counts err 0 "a.png"
}

odd_names_are_quoted() {
    cp "$data/card.png" 'a,"b".png'
    cp "$data/card.png" "$(printf 'x\377y.png')"
    pose 0 'a,"b".png' --format csv
    has out '"a,""b"".png",0,'
    pose 0 . --format jsonl
    has out '"file":"./a,\"b\".png"'
    has out "$(printf '"file":"./x\357\277\275y.png"')"
}

weights_are_asked_for() {
    expect 2 "$HRNET" pose --whole "$data/card.png" --config "$golden/config.yaml"
    has err "--model"
    expect 0 "$HRNET" pose --whole "$data/card.png" --config "$golden/config.yaml" --initial-weights --threads 1
    has err "initial"
    expect 1 "$HRNET" pose --whole "$data/card.png" --model missing.pth
    has err "missing.pth"
    head -c 5000 "$golden/weights.pth" >short.pth
    expect 1 "$HRNET" pose --whole "$data/card.png" --model short.pth
    has err "short.pth"
    expect 1 "$HRNET" pose --whole "$data/card.png" --config no/such --model "$golden/weights.pth"
    has err "no/such"
}

progress_is_shown_when_asked() {
    pose 0 "$data/card.png" --progress
    has err "1 of 1 pictures"
}

the_program_of_readme_runs() {
    expect 0 "$HRNET" convert "$golden/weights.pth" w.safetensors --config "$golden/config.yaml"
    expect 0 "$EXAMPLE" "$data/card.png" "$TESTS/golden/detect/rtmdet_nano.safetensors" w.safetensors
    test "$(wc -l <out)" -gt 20
    counts out 0 nan
    expect 1 "$EXAMPLE" "$data/card.png" missing.safetensors
    has err "missing.safetensors"
    # with the networks that ship, where a detector does
    "$EXAMPLE" "$data/card.png" >out 2>err || has err "without a detector"
}

for name in json_on_standard_output a_network_report_goes_to_standard_error every_kind_of_input \
    inputs_that_name_nothing a_broken_picture_does_not_stop_the_rest boxes_on_the_command_line \
    boxes_outside_the_picture_are_black_crops boxes_of_a_coco_file bad_box_files_are_named \
    boxes_of_categories boxes_of_equal_file_names boxes_of_any_name boxes_of_keypoints_and_broken_ones \
    an_empty_box_of_a_file_is_no_person every_format \
    the_ending_of_the_output_decides a_folder_gets_a_drawing_and_data_for_every_input \
    outputs_are_not_inputs outputs_keep_folders one_output_for_two_inputs_is_refused \
    an_output_that_is_an_input_is_refused a_folder_tells_what_it_passes_over damage_is_a_warning alpha_is_dropped \
    pictures_without_a_module_say_what_is_missing drawing_changes_the_picture \
    heatmaps_are_written batches_and_threads_do_not_change_results decoders_flip_and_samplers_run \
    writing_errors_are_reported an_interrupt_leaves_what_was_done odd_names_are_quoted weights_are_asked_for \
    progress_is_shown_when_asked the_program_of_readme_runs; do
    run_case $name
done
exit "$n_failed"
