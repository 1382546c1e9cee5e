#!/bin/sh
# test_video.sh - a video in, people with tracks out: the drawn video and its timestamps, data in every format, what is a
# video and what is not, and everything that can be wrong with one. Videos are made by the command itself from sources of
# FFmpeg's filters.
# shellcheck disable=SC2086,SC2317 # words of lists; cases are called by name
. "$(dirname "$0")/lib.sh"

detector=$golden/../detect/rtmdet_nano.safetensors

# Everybody is one person who fills the frame.
whole() { # STATUS ARGUMENTS...
    wanted_status=$1
    shift
    expect "$wanted_status" "$HRNET" pose $small --whole -q "$@"
}

# People are found by a small detector that finds them everywhere.
found() { # STATUS ARGUMENTS...
    wanted_status=$1
    shift
    expect "$wanted_status" "$HRNET" pose $small --detector "$detector" --max-persons 4 -q "$@"
}

# clip FILE SECONDS: a video of 10 frames a second, 96 x 80.
clip() {
    whole 0 "lavfi:testsrc2=size=96x80:rate=10:duration=$2" --track off -o "$1"
}

# frame_times FILE: seconds of the video's frames, a line each; nothing where there is no ffprobe.
frame_times() {
    ffprobe -v error -select_streams v:0 -show_entries frame=pts_time -of csv=p=0 "$1" | tr -d , | grep .
}
has_probe() { command -v ffprobe >/dev/null; }

a_drawn_video_has_the_frames_and_times_of_its_source() {
    clip a.mp4 2
    found 0 a.mp4 -o b.mp4 --data b.jsonl
    test "$(wc -l <b.jsonl)" = 20
    has b.jsonl '{"file":"a.mp4","frame":1,"seconds":0,"width":96,"height":80,'
    has b.jsonl '{"file":"a.mp4","frame":20,"seconds":1.9,'
    has b.jsonl '"track":1'
    found 0 a.mp4 -o b.mkv
    # an uneven rate: every third frame
    found 0 a.mp4 -o third.mp4 --every 3 --data third.jsonl
    test "$(wc -l <third.jsonl)" = 7
    has third.jsonl '"frame":4,"seconds":0.3,'
    found 0 a.mp4 -o part.jsonl --from 0.5 --to 1
    test "$(wc -l <part.jsonl)" = 5
    has_probe || return 0
    frame_times a.mp4 >a.txt
    test "$(wc -l <a.txt)" = 20
    frame_times b.mp4 | cmp - a.txt
    frame_times b.mkv | awk '{ printf "%.2f\n", $1 }' >b.txt
    awk '{ printf "%.2f\n", $1 }' a.txt | cmp - b.txt
    frame_times third.mp4 >third.txt
    awk 'NR % 3 == 1' a.txt | cmp - third.txt
}

people_do_not_depend_on_threads() {
    clip a.mp4 1
    for options in '' '--detect-every 3' '--track oks' '--track iou --smooth off' '--track off'; do
        found 0 a.mp4 -t 1 $options -o one.jsonl
        found 0 a.mp4 -t 2 $options -o two.jsonl --summary two.json
        cmp one.jsonl two.jsonl
        found 0 a.mp4 -t 2 $options -o drawn.avi --data two.jsonl
        cmp one.jsonl two.jsonl
    done
}

every_format_of_data() {
    clip a.mp4 1
    whole 0 a.mp4 -o a.csv
    counts a.csv 17 'a.mp4#10,0,'
    whole 0 a.mp4 -F mot -o a.txt
    counts a.txt 10 ',1,0,0,96,80,1,-1,-1,-1'
    has a.txt '10,1,'
    expect 2 "$HRNET" pose $small --whole -q "$data/card.png" -F mot -o b.txt
    expect 2 "$HRNET" pose $small --whole -q a.mp4 --track off -F mot -o b.txt
    whole 0 a.mp4 -F coco -o a.json
    for frame in 1 10; do has a.json "\"image_id\":$frame,"; done
    whole 0 a.mp4 --data poses -F openpose -o a.webm
    test "$(find poses -type f | wc -l)" = 10
    test -s poses/a_000000000000_keypoints.json # numbered as OpenPose does
    test -s poses/a_000000000009_keypoints.json
    whole 0 a.mp4 --data raw -F openpose-raw
    test "$(find raw -name 'a_*_keypoints.json' | wc -l)" = 10
    whole 0 a.mp4 -o a_px.trc
    test "$(wc -l <a_px.trc)" = 15
    has a_px.trc '10	10	10	17	px	10	1	10'
    has a_px.trc '10	0.9	'
    two="--boxes 10,10,30,60;50,10,30,60"
    expect 0 "$HRNET" pose $small -q a.mp4 $two -o first.trc
    has err 'first.trc: track 1 is written, which is seen in most frames; 1 other tracks are left out'
    expect 0 "$HRNET" pose $small -q a.mp4 $two -o second.trc --trc-track 2
    test "$(grep -c 'left out' err)" = 0
    test "$(wc -l <second.trc)" = 15
    expect 1 cmp first.trc second.trc
    found 0 a.mp4 -o none.trc --trc-track 99
    has err 'track 99 is not in the video'
    whole 0 a.mp4
    counts out 10 '"frame": '
    whole 0 a.mp4 -o both/
    test -s both/a_pose.mp4
    counts both/a_pose.json 10 '"frame": '
    whole 0 a.mp4 -o 'frames/%03d.jpg'
    test "$(find frames -type f | wc -l)" = 10
    test -s frames/010.jpg
    whole 0 'frames/%03d.jpg' --fps 5 -o b.jsonl # and back
    has b.jsonl '"frame":10,"seconds":1.8,'
}

a_folder_is_a_video_if_one_is_asked_for() {
    clip a.mp4 1
    whole 0 a.mp4 -o 'in/%03d.png'
    touch in/notes.txt
    for options in '-F mot -o b.txt' '--track off -o b.txt -F csv' '-o b.mp4 --data b.txt -F csv'; do
        whole 0 in/ $options
        test "$(wc -l <b.txt)" -ge 10
    done
    whole 0 in --fps 5 -o both/
    has both/in_pose.json '"frame": 10,'
    has both/in_pose.json '"seconds": 1.8,'
    whole 0 in -F jsonl # pictures
    counts out 0 '"frame"'
    test "$(wc -l <out)" = 10
    cp in/001.png in/002.jpg # its ending alone counts
    expect 0 "$HRNET" pose $small --whole in --track iou -F jsonl
    test "$(wc -l <out)" = 10
    has err '1 others in the folder are left out'
    mkdir none
    whole 1 none -F mot
    has err 'none: expected a folder of pictures'
    whole 2 in --recursive --track iou
    has err '--recursive goes with pictures'
    whole 2 in/ -o 'in/%03d.png' --track iou
    has err 'not inputs too'
    whole 2 'in/%03d.png' -o './in/%03d.png'
    has err 'not inputs too'
}

tracks_are_summed_up() {
    clip a.mp4 2
    whole 0 a.mp4 --summary sum.json --tracks tracks.svg -o a.jsonl
    counts sum.json 20 '"people": 1'
    counts sum.json 1 '"track": 1'
    has sum.json '"frames": 20,'
    has sum.json '"seconds_seen": 1.9'
    has sum.json '"path": 0,'
    has tracks.svg '<image width="96" height="80" href="data:image/jpeg;base64,/9j/'
    has tracks.svg '>1</text>'
    whole 0 a.mp4 --tracks blank.svg --no-background -o a.jsonl
    counts blank.svg 0 '<image'
    if command -v xmllint >/dev/null; then xmllint --noout tracks.svg; fi
    test -z "$(find . -name '*part*')"
}

totals_are_told() {
    clip a.mp4 1
    expect 0 "$HRNET" pose $small --whole a.mp4 -o a.jsonl
    has err 'a.mp4: 10 frames, 10 people in 1 tracks, '
    counts err 0 'after it was read'
    expect 0 "$HRNET" pose $small --whole 'lavfi:testsrc2=size=96x80:rate=10:duration=1,realtime' -o live.jsonl
    has err ' ms after it was read, at most ' # a live source
}

what_is_a_video() {
    clip a.mp4 1
    cp a.mp4 no_name
    whole 0 no_name -o a.jsonl
    test "$(wc -l <a.jsonl)" = 10
    cp "$data/card.png" picture.mp4 # content counts, not the name
    whole 0 picture.mp4 -o a.jsonl
    counts a.jsonl 0 '"frame"'
    whole 0 a.mp4 -o a.gif
    "$HRNET" pose $small --whole -q a.gif -F jsonl >out || true # a picture, as before, if there is a module for it
    test "$(wc -l <out)" = 1
    whole 0 a.gif --track byte -F jsonl # unless an option is for videos
    test "$(wc -l <out)" = 10
    whole 0 - --data a.jsonl <a.mp4
    test "$(wc -l <a.jsonl)" = 10
    head -c 23040 /dev/zero | whole 0 - --raw 32x24@8 -o raw.jsonl
    test "$(wc -l <raw.jsonl)" = 10
    has raw.jsonl '"frame":10,"seconds":1.125,"width":32,"height":24'
    head -c 11520 /dev/zero | whole 0 - --raw 32x24:nv12 -F jsonl
    test "$(wc -l <out)" = 10
}

what_is_none() {
    : >empty.mp4
    printf 'no video, no picture' >text.mp4
    clip a.mp4 1
    head -c 300 a.mp4 >short.mp4
    whole 1 /dev/video63 --show
    has err '/dev/video63: cannot open'
    for file in empty text short missing; do
        whole 1 $file.mp4 -o out.mp4
        has err "$file.mp4"
        test ! -e out.mp4
    done
}

a_damaged_video_is_read_as_far_as_it_goes() {
    whole 0 "lavfi:testsrc2=size=96x80:rate=10:duration=3" --track off -o a.mkv
    size=$(wc -c <a.mkv)
    head -c $((size / 2)) a.mkv >half.mkv
    whole 0 half.mkv -o half.mp4 --data half.jsonl
    n=$(wc -l <half.jsonl)
    test "$n" -gt 3
    test "$n" -lt 30
    has err "half.mkv: ends after $n frames, expected 30"
    whole 0 half.mp4 -o again.jsonl # it plays, with as many frames
    test "$(wc -l <again.jsonl)" = "$n"
    head -c $((size * 9 / 10)) a.mkv >most.mkv
    whole 0 most.mkv -o most.jsonl
    has err 'most.mkv: 1 corrupt packets or frames; the first: File ended prematurely'
    whole 0 a.mkv -o most.jsonl
    test ! -s err
}

frames_of_another_size_are_told() {
    clip a.mp4 1
    whole 0 a.mp4 -o 'in/%03d.png'
    whole 0 lavfi:testsrc2=size=64x48:rate=10:duration=0.3 -o 'other/%03d.png'
    mv other/003.png in/007.png
    whole 0 in -o b.mp4 --data b.jsonl
    has err 'warning: in: 1 frames are of another size than 96 x 80; they are scaled to fit in b.mp4'
    has b.jsonl '"frame":7,"seconds":0.24,"width":64,"height":48'
    whole 0 b.mp4 -o c.jsonl
    test "$(wc -l <c.jsonl)" = 10
    test ! -s err
}

options_that_do_not_go_together() {
    clip a.mp4 1
    refused() { # MESSAGE ARGUMENTS...
        message=$1
        shift
        expect 2 "$HRNET" pose $small -q "$@"
        has err "$message"
    }
    refused 'a.mp4 is a video: expected it alone' a.mp4 "$data/card.png"
    refused '--track goes with a video' "$data/card.png" --track oks
    refused 'b.mp4 goes with a video' "$data/card.png" -o b.mp4
    refused '--smooth one-euro' a.mp4 --track off --smooth one-euro
    refused '--detect-every' a.mp4 --track off --detect-every 2
    refused '--to 1' a.mp4 --from 2 --to 1
    refused '--heatmaps' a.mp4 --heatmaps maps
    refused '--tracks' a.mp4 --track off --tracks t.svg
    refused '--no-background' a.mp4 --no-background
    refused 't.png' a.mp4 --tracks t.png
    refused 'frames/%06d.jpg' a.mp4 -o drawing.jpg
    refused '--format trc is of tracks' a.mp4 --track off -F trc -o a.trc
    refused '--format trc is of tracks, which a video has' "$data/card.png" -F trc
    refused '--trc-track goes with a video' "$data/card.png" --trc-track 1
    refused 'openpose is one file a frame' a.mp4 -F openpose -o a.txt
    refused 'cannot tell from its ending' a.mp4 -o a.txt
    refused 'name where to write it with --data' a.mp4 -o b.mp4 -F csv
    refused 'both name data' a.mp4 -o a.csv --data b.csv
    refused '--raw' - --raw 32
    refused '--raw' - --raw 32x24:yuv
    refused 'not an input too' a.mp4 -o ./a.mp4
    refused 'not an input too' a.mp4 -o b.mp4 --data a.mp4 -F csv
    refused 'timestamps of its own' a.mp4 --whole --fps 30 -o a.csv
    refused '--detect-every' a.mp4 --detect-every 0
}

given_boxes_hold_for_every_frame() {
    clip a.mp4 1
    expect 0 "$HRNET" pose $small -q a.mp4 --boxes '10,10,30,60;50,10,30,60' -F jsonl
    counts out 10 '"box":[10,10,30,60]'
    counts out 10 '"box":[50,10,30,60],"box_score":1,"track":2'
}

# A source without an end: the first signal ends it, and the video plays.
a_signal_finishes_the_video() {
    for signal in INT TERM; do
        "$HRNET" pose $small --whole -q lavfi:testsrc2=size=96x80:rate=10 -o cut.mp4 --data cut.jsonl 2>err &
        job=$!
        for _ in $(seq 1 100); do
            sleep 0.2
            if [ -n "$(find . -name '*cut.jsonl*')" ]; then break; fi
        done
        sleep 1
        kill -$signal $job
        status=0
        wait $job || status=$?
        case $signal in INT) test $status = 130 ;; TERM) test $status = 143 ;; esac
        n=$(wc -l <cut.jsonl)
        test "$n" -gt 0
        whole 0 cut.mp4 -o again.jsonl
        test "$(wc -l <again.jsonl)" = "$n"
        rm cut.mp4 cut.jsonl
    done
}

a_full_disk_is_told_and_the_drawing_plays() {
    test -c /dev/full || return 0
    clip a.mp4 2
    whole 1 a.mp4 -o b.mp4 --data /dev/full -F jsonl
    counts err 1 '/dev/full: cannot write: No space left on device'
    test "$(wc -l <err)" = 1
    whole 0 b.mp4 -o b.jsonl
    whole 1 a.mp4 -o b.jsonl --summary /dev/full
    has err '/dev/full'
    (
        ulimit -f 2 # blocks of 512 bytes, or 1024
        whole 1 a.mp4 -o 'frames/%03d.png'
    )
    has err 'frame 1: the drawing: frames/001.png: cannot write: File too large'
    test -z "$(find frames -type f)"
}

# ---------------------------------------------------------------------------------------------- the window

what_is_shown_changes_nothing() {
    clip a.mp4 1
    found 0 a.mp4 -o a.jsonl
    SDL_VIDEODRIVER=dummy
    export SDL_VIDEODRIVER
    found 0 a.mp4 --show -o shown.jsonl
    cmp a.jsonl shown.jsonl
    found 0 a.mp4 --show -o b.mp4 --data shown.jsonl
    cmp a.jsonl shown.jsonl
    test -s b.mp4
    found 0 a.mp4 --show
    test ! -s out # shown alone, nothing is written
}

a_window_needs_a_display() {
    clip a.mp4 1
    unset DISPLAY WAYLAND_DISPLAY SDL_VIDEODRIVER
    whole 1 a.mp4 --show -o b.mp4
    has err DISPLAY
    test ! -e b.mp4
}

# An X server of our own, $server, whose memory is the file Xvfb_screen0.
start_server() {
    unset WAYLAND_DISPLAY SDL_VIDEODRIVER
    SDL_RENDER_DRIVER=software # drivers of OpenGL leave memory behind, which LeakSanitizer sees
    export SDL_RENDER_DRIVER
    Xvfb -displayfd 3 -fbdir . -screen 0 400x300x24 -nolisten tcp 3>display 2>server.txt &
    server=$!
    for _ in $(seq 1 100); do [ -s display ] || sleep 0.1; done
    DISPLAY=:$(cat display)
    export DISPLAY
}

stop_server() {
    kill $server
    wait $server 2>/dev/null || true
}

# press KEY: strikes it, then waits for the line about a saved frame, if it is one that saves: $frame is its number.
press() {
    n_saved=$(grep -c 'is saved' err || true)
    "$KEYS" walk.mp4 "$1"
    [ "$1" = s ] || return 0
    for _ in $(seq 1 100); do
        if [ "$(grep -c 'is saved' err || true)" -gt "$n_saved" ]; then break; fi
        sleep 0.1
    done
    frame=$(grep 'is saved' err | tail -n 1 | sed 's/.*_0*\([1-9][0-9]*\)\.png is saved$/\1/')
    test "$frame" -gt 0
}

# Paused it stands still; a step is one frame; what was found until the end is whole.
keys_are_obeyed() {
    clip walk.mp4 120
    start_server
    "$HRNET" pose $small --whole -q walk.mp4 --show -o walk.jsonl 2>err &
    job=$!
    press space
    press period # the first frame may not have been there
    sleep 1
    press s
    first=$frame
    sleep 1
    press s
    test "$frame" = "$first"
    press period
    sleep 1
    press s
    test "$frame" = $((first + 1))
    press q
    status=0
    wait $job || status=$?
    stop_server
    test $status = 0
    test "$(wc -l <walk.jsonl)" -ge "$frame"
    tail -n 1 walk.jsonl | grep '}$' >/dev/null
    test -s "walk_$(printf %06d "$frame").png"
}

# The X server's memory, a file, has the red of the video.
frames_are_on_the_screen() {
    start_server
    "$HRNET" pose $small --whole -q lavfi:color=c=red:size=320x240:rate=10 --show -o red.jsonl 2>err &
    job=$!
    n_red=0
    for _ in $(seq 1 100); do
        sleep 0.2
        n_red=$(od -An -v -tx1 -w4 Xvfb_screen0 | grep -c '^ 0[0-9] 0[0-9] f') || true
        if [ "$n_red" -gt 50000 ]; then break; fi
    done
    kill -INT $job
    status=0
    wait $job || status=$?
    stop_server
    echo "$n_red red pixels of 76800, exit status $status"
    test "$n_red" -gt 50000
    test $status = 130
    test -s red.jsonl
}

for name in a_drawn_video_has_the_frames_and_times_of_its_source people_do_not_depend_on_threads every_format_of_data \
    a_folder_is_a_video_if_one_is_asked_for tracks_are_summed_up totals_are_told what_is_a_video what_is_none \
    a_damaged_video_is_read_as_far_as_it_goes frames_of_another_size_are_told options_that_do_not_go_together \
    given_boxes_hold_for_every_frame a_signal_finishes_the_video a_full_disk_is_told_and_the_drawing_plays \
    what_is_shown_changes_nothing a_window_needs_a_display frames_are_on_the_screen keys_are_obeyed; do
    case $name in
    what_is_shown* | a_window* | frames_are_on* | keys_are*)
        if [ "${WINDOW:-0}" = 0 ]; then
            echo "[  SKIPPED ] $name: needs SDL2 (-Dwindow=enabled)"
            continue
        fi
        ;;
    esac
    case $name in
    frames_are_on* | keys_are*)
        if ! command -v Xvfb >/dev/null || { [ $name = keys_are_obeyed ] && [ -z "${KEYS:-}" ]; }; then
            echo "[  SKIPPED ] $name: needs Xvfb and libx11-dev (Debian: xvfb libx11-dev)"
            continue
        fi
        ;;
    esac
    run_case $name
done
exit "$n_failed"
