#!/bin/sh
# test_readme.sh ROOT BUILD DRAW_ARROWS FORMULA_WEIGHTS - every example of README.md as a reader would run it, against an installed copy: blocks
# of sh and python run, in their order and in one folder, beside files of the names that they use; programs in C and C++ are
# saved under the name in their first line, for the block that compiles them. What a block writes behind -o must be there
# afterwards. A block behind the line "<!-- not run: REASON -->" is skipped. Training is cut short to an epoch.
set -u

root=$1
build=$2
draw=$(realpath "$3")
formula=$(realpath "$4")
options=""
. "$(dirname "$0")/installed.sh"
golden=$root/tests/golden
sed -i "s:^prefix=.*:prefix=$prefix:" "$pc"
package=$(find "$prefix" -type d -path '*python3*/hrnet' | head -n 1)
HRNET_PREFIX=$prefix
LD_LIBRARY_PATH=$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
PATH=$scratch/bin:$prefix/bin:$PATH
PYTHONPATH=$(dirname "${package:-$prefix}")
export HRNET_PREFIX LD_LIBRARY_PATH PATH PYTHONPATH

# the command, with an epoch of training in place of all
mkdir "$scratch/bin" "$scratch/work" "$scratch/blocks"
cat >"$scratch/bin/hrnet" <<'END'
#!/bin/sh
if [ "$1" = train ]; then set -- "$@" TRAIN.END_EPOCH 1; fi
exec "$HRNET_PREFIX/bin/hrnet" "$@"
END
chmod +x "$scratch/bin/hrnet"

# The files that README's examples name.
make_inputs() {
    cd "$scratch/work" || return 1
    hrnet pose "$root/docs/figure.png" -q --whole --threshold 1e6 -o photo.jpg || return 1 # a JPEG, nothing drawn
    cp photo.jpg new.jpg
    mkdir photos img1
    cp photo.jpg photos/one.jpg
    cp photo.jpg photos/two.jpg
    cp photo.jpg img1/000001.jpg
    cp photo.jpg img1/000002.jpg
    cp "$golden/detect/rtmdet_nano.safetensors" yolox_s.pth
    "$formula" coco/hrnet/w32_256x192 w32.safetensors && hrnet convert w32.safetensors pose_hrnet_w32_256x192.pth || return 1
    rm w32.safetensors
    "$draw" coco arrows 8 96 96 || return 1
    mkdir -p data
    data=$root/tests/cli/data
    HRNET=hrnet
    . "$root/tests/cli/train_set.sh"
    make_train_set data/coco 4 || return 1
    for name in train val; do
        ln -s mine "data/coco/images/${name}2017"
        ln -s person_keypoints_mine.json "data/coco/annotations/person_keypoints_${name}2017.json"
    done
    cp "$golden/coco/plain_gt.json" person_keypoints_val2017.json
    cp "$golden/coco/plain_dt.json" results.json
    printf '1,1,34,52,204,268,1,1,1\n2,1,34,52,204,268,1,1,1\n' >gt.txt
    if hrnet pose -q --whole --track off lavfi:testsrc2=size=192x160:rate=10:duration=1 -o walk.mp4; then cp walk.mp4 cam01.mp4; fi
}
(make_inputs) >"$log" 2>&1
report "files that the examples name" $?

# a file a block: LINE.LANGUAGE, and LINE.reason beside those that are not run
awk -v folder="$scratch/blocks" '
    /^```[a-z]+$/ { name = sprintf("%s/%04d", folder, NR); file = name "." substr($0, 4); inside = 1
                    if (reason != "") print reason >(name ".reason"); next }
    /^```$/ { if (inside) close(file); inside = 0; next }
    inside { print >file }
    { reason = match($0, /^<!-- not run: .* -->$/) ? substr($0, 15, length($0) - 18) : "" }' "$root/README.md"

# The files that a block names behind -o and --data are there.
has_outputs() { # BLOCK
    sed -n 's/[[:space:]]#.*//; s/.* --\{0,1\}o\(nnx\)\{0,1\} \([^ ]*\).*/\2/p; s/.* --data \([^ ]*\).*/\1/p' "$1" |
        while read -r output; do
            if [ ! -s "$output" ]; then
                echo "expected $output, which the block writes"
                return 1
            fi
        done
}

python=$(command -v python3)
"$python" -c "import numpy" 2>/dev/null || python=/usr/bin/python3
cd "$scratch/work" || exit 1
for block in "$scratch"/blocks/*.*; do
    line=$(basename "${block%.*}" | sed 's/^0*//')
    reason=${block%.*}.reason
    case $block in
    *.reason) continue ;;
    *.c | *.cpp)
        cp "$block" "$(sed -n '1s:^/\* \([a-z_.]*\) - .*:\1:p' "$block")"
        continue
        ;;
    *.cmake) continue ;; # tests/house/cmake
    esac
    if [ -s "$reason" ]; then
        echo "[  SKIPPED ] README line $line: $(cat "$reason")"
    elif grep -q '\.mp4' "$block" && [ ! -e walk.mp4 ]; then
        echo "[  SKIPPED ] README line $line: no module for videos"
    elif [ "${block##*.}" = python ] && { [ -z "$package" ] || ! "$python" -c 'import hrnet' 2>"$log"; }; then
        echo "[  SKIPPED ] README line $line: no Python package here ($(tail -n 1 "$log"))"
    elif [ "${block##*.}" = python ]; then
        "$python" "$block" >"$log" 2>&1
        report "README line $line" $?
    else
        { sh -eu "$block" && has_outputs "$block"; } >"$log" 2>&1
        report "README line $line" $?
    fi
done
exit $failed
