#!/bin/sh
# test_video_copies.sh COPY_VIDEO GOLDEN_FOLDER - what ffprobe says of copies: the timestamps of the source's frames and
# packets of audio, a stream that is whole, and colours as they are marked.
set -eu

copy=$(realpath "$1")
sound=$2/sound.mp4
if ! command -v ffprobe >/dev/null || ! command -v ffmpeg >/dev/null; then
    echo "[  SKIPPED ] copies of videos: no ffprobe and ffmpeg here"
    exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
status=0

report() { # NAME 0|1
    if [ "$2" = 0 ]; then
        echo "[       OK ] $1"
    else
        cat log
        echo "[  FAILED  ] $1"
        status=1
    fi
}

# timestamps of all frames of video, or packets of audio, in seconds with this many digits
stamps() { # FILE v|a DIGITS
    ffprobe -v error -select_streams "$2" -show_entries packet=pts_time -of csv=p=0 "$1" | tr -d ',' | grep . | sort -g |
        awk -v digits="$3" '{ printf "%.*f\n", digits, $1 }'
}

# every frame decodes, without a word
is_whole() { # FILE N
    [ "$(ffprobe -v error -count_frames -select_streams v -show_entries stream=nb_read_frames -of csv=p=0 "$1" 2>>log | tr -d ',')" = "$2" ] &&
        [ ! -s log ]
}

same_times() { # A B DIGITS WITHOUT
    for kind in v a; do
        stamps "$1" $kind "$3" | grep -v "$4" >a
        stamps "$2" $kind "$3" >b
        diff a b >>log || return 1
    done
}

for ending in mp4 mkv mov; do
    failed=0
    : >log
    "$copy" "$sound" "copy.$ending" >n 2>log || failed=1
    [ "$(cat n)" = 16 ] || failed=1
    is_whole "copy.$ending" 16 || failed=1
    digits=6 without=nothing
    if [ $ending = mkv ]; then digits=2 without=^-; fi # milliseconds, none below 0
    same_times "$sound" "copy.$ending" $digits $without || failed=1
    report "$ending: timestamps, audio" $failed
done

# a transport stream, which begins at 1.4 s, in units of 1/90000 s
ffmpeg -v error -i "$sound" -c copy source.ts
failed=0
: >log
"$copy" source.ts late.mp4 >n 2>log || failed=1
is_whole late.mp4 16 || failed=1
same_times source.ts late.mp4 4 nothing || failed=1
report "a late start" $failed

failed=0
: >log
"$copy" "$sound" part.mp4 0.3 0.7 >n 2>log || failed=1
is_whole part.mp4 7 || failed=1
stamps part.mp4 a 3 | awk '$1 < 0 || $1 >= 0.4 { bad = 1 } END { exit bad || NR < 5 }' || failed=1
report "a part: audio of the same time" $failed

# left after 6 frames, as by Ctrl-C: audio ends with them
failed=0
: >log
"$copy" "$sound" stopped.mp4 0 0 1 6 >n 2>log || failed=1
is_whole stopped.mp4 6 || failed=1
stamps stopped.mp4 a 3 | awk '$1 >= 0.36 { bad = 1 } END { exit bad || NR < 4 }' || failed=1
report "stopped: audio ends with the frames" $failed

failed=0
: >log
"$copy" "$sound" copy.webm >n 2>log || failed=1
grep -q "take no audio in aac: it is left out" log || failed=1
: >log
is_whole copy.webm 16 || failed=1
"$copy" "$sound" copy.gif >n 2>log && "$copy" "$sound" copy.avi >n 2>>log || failed=1
: >log
is_whole copy.gif 16 || failed=1
is_whole copy.avi 16 || failed=1
ffprobe -v error -select_streams v -show_entries frame=pts_time -of csv=p=0 copy.avi | tr -d ',' | awk '{ printf "%.3f\n", $1 }' | tail -n +2 >a # AVI begins at 0
stamps "$sound" v 3 | tail -n +2 >b
diff a b >>log || failed=1
report "webm, gif, avi" $failed

failed=0
: >log
for name in bt601:smpte170m bt709:bt709; do
    "$copy" "$2/${name%:*}.mp4" color.mp4 >n 2>>log || failed=1
    found=$(ffprobe -v error -show_entries stream=color_space -of csv=p=0 color.mp4 | tr -d ',')
    [ "$found" = "${name#*:}" ] || failed=1
    echo "$name: $found" >>log
done
report "colours are marked" $failed
exit $status
