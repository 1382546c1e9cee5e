#!/bin/sh
# arrows.sh HRNET DRAW_ARROWS - README's commands for one's own keypoints on drawn arrows (support/draw_arrows.c), start to
# end, without another word: AP above 0.95 on those that were not trained on, as each tool exports them. Minutes each, so no
# part of the suite; cli/test_fine_tune.sh has a smaller one.
set -eu
hrnet=$(realpath "$1") draw=$(realpath "$2")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for layout in ${3:-cvat roboflow annotator coco}; do
    "$draw" "$layout" arrows 40 300 300
    "$hrnet" train --init shipped --data arrows >log
    "$hrnet" eval --model output/arrows/model_best.safetensors >table
    picture=$(find arrows -name '*.jpg' | sort | tail -n 1)
    "$hrnet" pose "$picture" --whole --model output/arrows/model_best.safetensors -o pose.json
    grep -q '"left_barb"' pose.json
    grep 'time: about' log
    awk -F '|' -v layout="$layout" '/^\| pose_hrnet \|/ { found = $3 } END { print layout ": AP", found; exit !(found > 0.95) }' table
    rm -r arrows output
done
