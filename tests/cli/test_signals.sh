#!/bin/sh
# test_signals.sh - a command that is interrupted, killed, out of room, or told to write over what it reads.
# shellcheck disable=SC2086,SC2317 # words of lists; cases are called by name
. "$(dirname "$0")/lib.sh"

# ends_by SIGNAL COMMAND...: start COMMAND in the background, with standard input from the FIFO `stdin`, send it the
# signal when it waits, and compare how it ended. A command that does not end is killed after ten seconds.
ends_by() { # SIGNAL COMMAND...
    signal=$1
    shift
    "$@" <>stdin >out 2>err &
    job=$!
    # until it waits: state S, and no further processor time for half a second
    for _ in $(seq 1 40); do
        before=$(cut -d' ' -f14,15 /proc/$job/stat)
        sleep 0.5
        if [ "$before" = "$(cut -d' ' -f14,15 /proc/$job/stat)" ]; then break; fi
    done
    kill -$signal $job
    (sleep 10 && kill -KILL $job) 2>/dev/null &
    watcher=$!
    status=0
    wait $job || status=$?
    kill $watcher 2>/dev/null || true
    case $signal in INT) wanted=130 ;; TERM) wanted=143 ;; esac
    [ $status = $wanted ] || { echo "'$*': expected $wanted, found $status"; cat err; return 1; }
}

a_wait_ends_by_a_signal() {
    mkfifo stdin fifo
    for signal in INT TERM; do
        ends_by $signal "$HRNET" pose --whole $small -q - -o out.json
        ends_by $signal "$HRNET" pose --whole $small -q fifo -o out.json
        ends_by $signal "$HRNET" pose --whole $small -q "$data/card.png" -o fifo --format json
    done
    # what a shell starts in the background ignores SIGINT unless it asks for it
    ends_by TERM "$HRNET" forward $small -i - -o y.npy
    ends_by TERM "$HRNET" forward $small -i fifo -o y.npy
    ends_by TERM "$HRNET" pose $small --boxes fifo "$data/card.png"
    ends_by TERM "$HRNET" score coco --gt fifo --results fifo
    ends_by TERM "$HRNET" crop fifo --box 1,1,20,20 -o crop.png
}

# The picture stops in the middle: the writer lives and sends nothing more.
a_signal_ends_a_picture_that_never_ends() {
    mkfifo stdin
    { head -c 100 "$data/card.png"; sleep 30; } >stdin &
    writer=$!
    ends_by TERM "$HRNET" pose --whole $small -q - -o out.json
    kill $writer 2>/dev/null || true
}

what_was_done_is_kept_when_standard_input_waits() {
    mkfifo stdin
    cp "$data/card.png" a.png
    ends_by TERM "$HRNET" pose --whole $small -q --batch 1 a.png - -o done.jsonl
    test "$(wc -l <done.jsonl)" = 1
}

a_killed_run_leaves_nothing_for_long() {
    cp "$data/card.png" a.png
    awk 'BEGIN { for (i = 0; i < 50000; i++) print "a.png" }' >list.txt
    "$HRNET" pose --whole $small -q list.txt -o done.jsonl 2>err &
    job=$!
    for _ in $(seq 1 40); do
        if ls done.jsonl.tmp-* 2>/dev/null; then break; fi
        sleep 0.25
    done
    kill -KILL $job
    wait $job || true
    test "$(find . -name '*.tmp-*' | wc -l)" = 1
    expect 0 "$HRNET" pose --whole $small -q a.png -o other.json
    test "$(find . -name '*.tmp-*' | wc -l)" = 0
    test ! -e done.jsonl
}

# Eight blocks are less than the weights have.
a_limit_of_file_size_names_the_file() {
    expect 1 sh -c "ulimit -f 8; exec '$HRNET' convert '$golden/weights.pth' w.safetensors --config '$golden/config.yaml'"
    has err "w.safetensors: cannot write: File too large"
    test "$(ls)" = "$(printf 'err\nout')"
}

an_output_is_no_input() {
    cp "$golden/weights.pth" w.pth
    cp "$golden/input.npy" x.npy
    cp "$data/card.png" a.png
    cp "$golden/config.yaml" c.yaml
    ln -s x.npy link.npy
    ln w.pth hard.safetensors
    mkdir sub
    "$HRNET" info --config c.yaml --json >info.json
    cksum w.pth x.npy a.png c.yaml info.json >before
    refused() {
        expect 2 "$HRNET" "$@"
        has err "not an input too"
    }
    refused forward --config c.yaml --model w.pth -i x.npy -o x.npy
    refused forward --config c.yaml --model w.pth -i x.npy -o link.npy
    refused forward --config c.yaml --model w.pth -i x.npy -o ./sub/../x.npy
    refused forward --config c.yaml --model w.pth -i x.npy -o w.pth
    refused forward --config c.yaml --model w.pth -i x.npy -o c.yaml
    refused forward --config c.yaml --model w.pth -i x.npy -o x.npy --reference
    refused convert w.pth w.pth --config c.yaml
    refused convert w.pth hard.safetensors --config c.yaml
    refused export --config c.yaml --model w.pth --onnx w.pth
    refused decode --heatmaps x.npy --center w.pth --scale c.yaml --output x.npy
    refused decode --heatmaps x.npy --center w.pth --scale c.yaml --output w.pth
    refused crop a.png --box 1,1,20,20 -o a.png
    refused score coco --gt info.json --results x.npy --json info.json
    refused score mpii --gt info.json --preds x.npy --json x.npy
    cksum w.pth x.npy a.png c.yaml info.json | cmp - before
}

for name in a_wait_ends_by_a_signal a_signal_ends_a_picture_that_never_ends \
    what_was_done_is_kept_when_standard_input_waits a_killed_run_leaves_nothing_for_long \
    a_limit_of_file_size_names_the_file an_output_is_no_input; do
    run_case $name
done
exit "$n_failed"
