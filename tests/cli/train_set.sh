# train_set.sh - a tiny made-up COCO set to train on, for tests of `hrnet train`. Source it after lib.sh.
# shellcheck shell=sh disable=SC2154 # data comes from lib.sh

coco_names='"nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
 "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle"'

# make_train_set FOLDER N [JOINTS [NAMES]]: N pictures of one person each, all different: sets "mine" and pictures in
# FOLDER/images/mine.
make_train_set() {
    mkdir -p "$1/annotations" "$1/images/mine"
    i=0
    while [ $i -lt "$2" ]; do
        "$HRNET" crop "$data/card.png" --box "$((i * 3)),$((i * 2)),$((40 + i * 2)),$((34 + i))" --size 96x80 \
            -o "$1/images/mine/picture $i.png"
        i=$((i + 1))
    done
    awk -v n="$2" -v joints="${3:-17}" -v names="${4:-$coco_names}" 'BEGIN {
        printf "{\"categories\": [{\"id\": 1, \"name\": \"person\", \"keypoints\": [%s]}], \"images\": [", names
        for (i = 0; i < n; i++)
            printf "%s{\"id\": %d, \"file_name\": \"picture %d.png\", \"width\": 96, \"height\": 80}", i ? ", " : "", i + 1, i
        printf "], \"annotations\": ["
        for (i = 0; i < n; i++) {
            printf "%s{\"id\": %d, \"image_id\": %d, \"category_id\": 1, \"iscrowd\": 0, \"area\": 2500, ", i ? ", " : "", i + 1, i + 1
            printf "\"num_keypoints\": %d, \"bbox\": [%d, %d, %d, %d], \"keypoints\": [", joints, 8 + i, 6, 66, 66
            for (j = 0; j < joints; j++)
                printf "%s%d, %d, %d", j ? ", " : "", 14 + (j * 23 + i * 5) % 56, 10 + (j * 11 + i * 7) % 58, 1 + (i + j) % 2
            printf "]}"
        }
        printf "]}"
    }' >"$1/annotations/person_keypoints_mine.json"
}

# What a quick run on it needs; more KEY VALUE pairs may follow.
# shellcheck disable=SC2034 # used by those who include this
train_keys='DATASET.ROOT set DATASET.TRAIN_SET mine DATASET.TEST_SET mine TEST.USE_GT_BBOX true TEST.POST_PROCESS true
 TRAIN.BATCH_SIZE_PER_GPU 4 TRAIN.END_EPOCH 3 TRAIN.SAVE_MINUTES 0.0 PRINT_FREQ 1 WORKERS 1 AUTO_RESUME true'
