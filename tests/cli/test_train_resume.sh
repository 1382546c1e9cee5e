#!/bin/sh
# test_train_resume.sh - kill -9 at random moments, the same command again, until it is done: the same bits as a run that
# nobody stopped. HRNET_TEST_KILLS (3) says how many times, HRNET_TEST_SEED when.
# shellcheck disable=SC2086,SC2317 # words of lists; cases are called by name
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/train_set.sh"

config=$golden/config.yaml
kills=${HRNET_TEST_KILLS:-3}

# Checkpoints all the time (every 0.06 s), so that kills meet them at every stage of being written.
keys="$train_keys TRAIN.END_EPOCH 12 TRAIN.SAVE_MINUTES 0.001 TRAIN.EMA 0.95 TRAIN.WARMUP_STEPS 7"

killed_runs_end_as_the_straight_one() { # MORE KEYS
    make_train_set set 10
    start=$(date +%s%N)
    expect 0 "$HRNET" train --config "$config" -o straight $keys "$@"
    took=$((($(date +%s%N) - start) / 1000000))
    i=0
    while [ $i -lt "$kills" ]; do
        "$HRNET" train --config "$config" -o killed $keys "$@" >>log 2>&1 &
        id=$!
        tries=0 # the first one lives until there is something to go on from
        until [ $i != 0 ] || [ -e killed/checkpoint.pth ] || [ $tries -ge 3000 ]; do
            sleep 0.01
            tries=$((tries + 1))
        done
        sleep "$(awk -v seed="${HRNET_TEST_SEED:-1}" -v i=$i -v took=$took -v n="$kills" \
            'BEGIN { srand(seed * 100 + i); for (k = 0; k < 5; k++) rand(); print took / 1000 * rand() / (n + 1) }')"
        kill -KILL $id 2>/dev/null || true
        wait $id 2>/dev/null || true
        i=$((i + 1))
    done
    expect 0 "$HRNET" train --config "$config" -o killed $keys "$@"
    has out 'resumed: killed/checkpoint.pth'
    cmp straight/final_state.pth killed/final_state.pth
    cmp straight/model_best.pth killed/model_best.pth
    # each step stands once in the log, with the same loss
    for run in straight killed; do
        sed -n 's/.*"step": *\([0-9]*\).*"train_loss": *\([^,}]*\).*/\1 \2/p' $run/train.jsonl >$run.steps
    done
    test -s straight.steps
    cmp straight.steps killed.steps
}

killed_with_adam() { killed_runs_end_as_the_straight_one; }
killed_with_sgd() { killed_runs_end_as_the_straight_one TRAIN.OPTIMIZER sgd TRAIN.NESTEROV true TRAIN.ACCUMULATE 2 TRAIN.BATCH_SIZE_PER_GPU 2; }

run_case killed_with_adam
run_case killed_with_sgd
exit $((n_failed != 0))
