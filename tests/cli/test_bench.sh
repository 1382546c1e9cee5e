#!/bin/sh
# test_bench.sh - `bench` tells its times and sizes; which they are is this machine's matter.
# shellcheck disable=SC2086,SC2317 # words of lists; cases are called by name
. "$(dirname "$0")/lib.sh"

text() {
    expect 0 "$HRNET" bench $small -q --runs 3 --threads 2 --batch 2
    has out "pose_hrnet 96x64 (height x width), batch 2, 3 passes"
    has out "time a picture: median"
    has out "MB packed weights"
}

layers() {
    expect 0 "$HRNET" bench $small -q --runs 2 --layers
    has out "stage4.0.branches.3.0.conv2"
    has out "64>64 24x16"
    counts out 1 "final_layer"
    grep -Eq '^direct +[0-9]+ ' out
    grep -Eq '^sum +[0-9]+ ' out
}

# total SED-EXPRESSION: whole numbers of that key, added up
total() {
    sed -n "$1" out | awk '{ sum += $1 } END { printf "%d\n", sum }'
}

json() {
    expect 0 "$HRNET" bench $small -q --runs 5 --json --layers
    for name in network min_ms median_ms p10_ms p90_ms weight_bytes session_bytes peak_bytes algorithms layers; do
        has out "\"$name\":"
    done
    # the network's sum stands at the top, those of the algorithms and of the layers below it
    whole=$(total 's/^  "macs": \([0-9]*\).*/\1/p')
    test "$whole" -gt 0
    test "$(total 's/^ .*  "macs": \([0-9]*\).*/\1/p')" = $((2 * whole))
}

without_weights() {
    expect 0 "$HRNET" bench --config "$golden/config.yaml" --runs 1
    has err "initial"
    # more pictures than go through together
    expect 0 "$HRNET" bench -q --initial-weights --config coco/hrnet/w32_256x192 --layers --batch 3 --runs 1
    has out final_layer
    expect 2 "$HRNET" bench $small extra
    expect 2 "$HRNET" bench $small --runs 0
}

train() {
    expect 0 "$HRNET" bench --train --config "$golden/config.yaml" --runs 2 --batch 2 --threads 1
    has out "pose_hrnet, training, batch 2, 2 steps"
    has out "samples a second"
    expect 0 "$HRNET" bench --train --recompute --config "$golden/config.yaml" --runs 1 --json TRAIN.OPTIMIZER sgd
    for name in min_ms median_ms samples_per_second forward_ms backward_ms weight_gradient_ms activation_bytes; do
        has out "\"$name\":"
    done
    has out '"batch": 8'
    expect 2 "$HRNET" bench --train $small
    expect 2 "$HRNET" bench --train --layers --config "$golden/config.yaml"
    expect 2 "$HRNET" bench --recompute --config "$golden/config.yaml"
    expect 1 "$HRNET" bench --train --config "$golden/config.yaml" TRAIN.OPTIMIZER nonsense
}

for name in text layers json without_weights train; do
    run_case $name
done
exit "$n_failed"
