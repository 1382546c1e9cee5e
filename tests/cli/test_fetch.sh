#!/bin/sh
# test_fetch.sh - published weights by name: hrnet fetch, and names given to --model and --detector. The server is
# tests/fetch/server.py on this machine; what it calls yolox_nano.pth is the small RTMDet of the other tests, since files are
# told apart by what they hold.
# shellcheck disable=SC2086,SC2317 # words of lists; cases are called by name
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../fetch/start_server.sh"

trap 'stop_servers; rm -rf "$scratch"' EXIT
unset HRNET_OFFLINE HRNET_CURL
# libcurl and its libraries keep memory for good
ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
export ASAN_OPTIONS
mkdir "$scratch/files"
detector=$TESTS/golden/detect/rtmdet_nano.safetensors
cp "$detector" "$scratch/files/yolox_nano.pth"
w32=td-hm_hrnet-w32_8xb64-210e_coco-256x192-81c58e40_20220909.pth
cp "$detector" "$scratch/files/$w32"
start_server "$scratch/files"
case $? in
0) ;;
77)
    echo "[  SKIPPED ] cli_fetch: needs python3"
    exit 77
    ;;
*)
    echo "[  FAILED  ] cli_fetch: the server does not start"
    exit 1
    ;;
esac

# A cache of the case's own, and a manner of the server.
from() { # MANNER
    XDG_CACHE_HOME=$PWD/cache
    HRNET_FETCH_MIRROR=http://127.0.0.1:$port/$1
    export XDG_CACHE_HOME HRNET_FETCH_MIRROR
}

fetch() { # STATUS ARGUMENTS...
    wanted_status=$1
    shift
    expect "$wanted_status" "$HRNET" fetch "$@"
}

the_table_is_listed() {
    from plain
    fetch 0 --list
    has out "hrnet-w32-256x192       HRNet W32, 256x192"
    has out "coco/hrnet/w32_256x192"
    has out "dekr-w32-512"
    counts out 0 "here"
    rows=$(wc -l <out)
    fetch 0 yolox-nano
    fetch 0 -l
    counts out 1 "here"
    fetch 0 --list --json
    counts out $((rows - 1)) '"name": '
    counts out 1 '"here": 1'
    has out '"sha256_begins": "81c58e40"'
    fetch 2 --list yolox-nano
    fetch 2
    fetch 2 yolox-nono
    has err "'yolox-nono' is not in the table; did you mean yolox-nano?"
    fetch 2 yolox-nano nothing-like-it
    has err "'nothing-like-it' is not in the table (hrnet fetch --list)"
}

a_file_is_fetched_and_checked() {
    from plain
    fetch 0 yolox-nano
    test "$(cat out)" = "$PWD/cache/hrnet/yolox_nano.pth"
    cmp cache/hrnet/yolox_nano.pth "$detector"
    (cd cache/hrnet && sha256sum -c SHA256SUMS)
    from error/404
    fetch 0 yolox-nano # it is here
    echo more >>cache/hrnet/yolox_nano.pth
    fetch 1 yolox-nano
    has err "expected the SHA-256 "
    fetch 0 --accept yolox-nano
    rm cache/hrnet/yolox_nano.pth
    from plain
    fetch 1 yolox-nano --json # the one that is served has changed, to the first one
    test ! -e cache/hrnet/yolox_nano.pth
    fetch 0 yolox-nano --json --accept
    has out '"here": 1'
    fetch 0 yolox-nano -q --cache-dir else/where
    cmp else/where/yolox_nano.pth "$detector"
    test ! -s err
}

a_hash_that_is_known_must_agree() {
    from plain
    fetch 1 hrnet-w32-256x192
    has err "expected a SHA-256 that begins with 81c58e40, found "
    test -z "$(ls cache/hrnet)"
}

failures_are_named() {
    from error/404
    fetch 1 yolox-nano yolox-tiny
    has err "/error/404/yolox_nano.pth: expected the file, found HTTP status 404"
    has err "yolox_tiny.pth"
    HRNET_FETCH_MIRROR=ftp://127.0.0.1/ fetch 1 yolox-nano
    has err "HRNET_FETCH_MIRROR: expected an address that begins with http://"
    HRNET_OFFLINE=1 fetch 1 yolox-nano
    has err "put the file of http://127.0.0.1:$port/error/404/yolox_nano.pth to $PWD/cache/hrnet/yolox_nano.pth by hand"
    HRNET_CURL=/nowhere/libhrnet_curl.so fetch 1 yolox-nano
    has err "install libcurl4-openssl-dev"
    test -z "$(ls cache/hrnet)"
}

# A process that is killed leaves what came; the next one goes on.
a_killed_fetch_is_gone_on_with() {
    from slow
    "$HRNET" fetch yolox-nano &
    process=$!
    n=0
    until [ -s cache/hrnet/yolox_nano.pth.part ]; do
        n=$((n + 1))
        test $n -lt 200
        sleep 0.1
    done
    kill -9 $process
    wait $process || true
    from plain
    fetch 0 yolox-nano
    has err "goes on at 0.0 MB"
    grep -q '^GET /plain/yolox_nano.pth bytes=[1-9][0-9]*- "' "$log"
    cmp cache/hrnet/yolox_nano.pth "$detector"
}

names_stand_for_files() {
    from plain
    cp "$data/card.png" .
    expect 0 "$HRNET" detect card.png --detector "$detector" -q
    mv out given
    expect 2 "$HRNET" detect card.png --detector yolox-nano
    has err "--detector yolox-nano: not in the cache: run \`hrnet fetch yolox-nano\`, or give --yes"
    test ! -e cache
    HRNET_OFFLINE=1 expect 1 "$HRNET" detect card.png --detector yolox-nano --yes
    has err "HRNET_OFFLINE"
    expect 0 "$HRNET" detect card.png --detector yolox-nano --yes -q
    cmp out given
    HRNET_OFFLINE=1 expect 0 "$HRNET" detect card.png --detector yolox-nano -q # from the cache
    cmp out given
    expect 0 "$HRNET" pose card.png --detector yolox-nano -q
    cp "$detector" yolox-tiny # a file of that name comes first
    expect 0 "$HRNET" detect card.png --detector yolox-tiny -q
    cmp out given
}

names_stand_for_files_elsewhere() {
    from plain
    expect 2 "$HRNET" info yolox-nano
    has err "FILE yolox-nano: not in the cache"
    expect 0 "$HRNET" info yolox-nano --yes
    has out "rtmdet"
    expect 0 "$HRNET" convert yolox-nano copy.safetensors
    test -s copy.safetensors
    expect 2 "$HRNET" train --init yolox-nano --data . --yes
    has err "--init yolox-nano: expected a pose network"
}

somebody_at_a_terminal_is_asked() {
    from plain
    cp "$data/card.png" .
    expect 1 python3 "$TESTS/fetch/on_terminal.py" n "$HRNET" detect card.png --detector yolox-nano
    has out "yolox-nano (YOLOX nano, 416, Apache-2.0): fetch about 7 MB from 127.0.0.1:$port? [y/N]"
    has out "not fetched"
    test ! -e cache
    expect 0 python3 "$TESTS/fetch/on_terminal.py" y "$HRNET" detect card.png --detector yolox-nano -o boxes.json
    test -s boxes.json
    expect 0 python3 "$TESTS/fetch/on_terminal.py" n "$HRNET" detect card.png --detector yolox-nano -o boxes.json
}

names_of_other_networks_are_refused() {
    from plain
    cp "$data/card.png" .
    expect 2 "$HRNET" pose card.png --yes --model yolox-nano
    has err "--model yolox-nano: expected a pose network, found YOLOX nano, 416, which is a detector"
    expect 2 "$HRNET" pose card.png --yes --detector hrnet-w32-256x192
    has err "which is a pose network"
    expect 2 "$HRNET" pose card.png --yes --model dekr-w32-512
    has err "which this version cannot run"
    expect 2 "$HRNET" pose card.png --yes --model hrnet-w32-256x193
    has err "did you mean hrnet-w32-256x192?"
    expect 1 "$HRNET" pose card.png --yes --model hrnet-w32.pth
    has err "hrnet-w32.pth: cannot open"
    test ! -e cache
}

# The experiment of the table with its changes, unless --config says another.
the_configuration_follows_the_name() {
    from plain
    mkdir -p cache/hrnet
    file=td-hm_res50_8xb64-210e_coco-256x192-04af38ce_20220923.pth
    "$FORMULA" coco/resnet/res50_256x192 cache/hrnet/$file
    echo "04af38ce00000000000000000000000000000000000000000000000000000000  $file" >cache/hrnet/SHA256SUMS
    cp "$data/card.png" .
    expect 0 "$HRNET" pose card.png --whole -F csv --model res50-256x192
    has err "res50-256x192: with the configuration coco/resnet/res50_256x192"
    cp out named
    config="--config coco/resnet/res50_256x192"
    expect 0 "$HRNET" pose card.png --whole -F csv --model cache/hrnet/$file $config DATASET.COLOR_RGB true
    cmp out named
    expect 0 "$HRNET" pose card.png --whole -F csv --model res50-256x192 $config
    if cmp -s out named; then return 1; fi
    expect 0 "$HRNET" pose card.png --whole -F csv --model res50-256x192 DATASET.COLOR_RGB false
    if cmp -s out named; then return 1; fi
    fetch 1 res50-256x192 # reads the file, whose hash is another
}

for name in the_table_is_listed a_file_is_fetched_and_checked a_hash_that_is_known_must_agree failures_are_named \
    a_killed_fetch_is_gone_on_with names_stand_for_files names_stand_for_files_elsewhere somebody_at_a_terminal_is_asked names_of_other_networks_are_refused \
    the_configuration_follows_the_name; do
    run_case $name
done
exit $n_failed
