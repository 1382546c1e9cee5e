#!/bin/sh
# check-layers.sh [FOLDER] - who may include whom (CONTRIBUTING.md): src/ by layer, tools/ public headers only. Prints
# every include that breaks the table. Also: no source at src/'s root, and no two files of one name in the tree.
set -eu

root=${1:-$(dirname "$0")/..}
cd "$root"

# The layers from the lowest floor to the highest, one a line: its folder, then the layers that it may include besides
# itself. A layer stands behind all that it includes, so that the table has no circle. A name with .h is that header alone.
table='
base
io: base
pose: base
detect: base pose
track: base pose
config: base io
graph: base io
cpu/kern: base/cpu.h base/half.h graph/activation.h
networks: base config graph
weights: base io config graph networks
cpu/conv: base cpu/kern
cpu/ops: graph cpu/kern
cpu/engine: base graph cpu/kern cpu/conv cpu/ops
cpu/backprop: base graph cpu/kern cpu/conv cpu/ops cpu/engine
data: base io pose
score: base io pose data
batches: base io pose detect config data
report: base io pose
results: base io pose
video: base pose
window: base pose
fetch: base
train: base io config graph networks cpu/kern cpu/conv cpu/backprop batches
session: base io pose detect track video config graph networks weights cpu/engine
eval: base pose config data score batches report train session
trainer: base io pose detect config graph networks weights cpu/backprop data batches report train session eval
mpi: train/collective_calls.h
pictures: io/image/image_module.h
video/libav: base/clock.h video/video_module.h
window/sdl: window/window_module.h
fetch/curl: fetch/fetch_module.h
'

broken=0
complain() {
    echo "$*"
    broken=1
}

# every include of a header of ours, as "FILE HEADER"
includes() { # FOLDER
    grep -rE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' --include='*.[ch]' "$1" |
        sed 's/^\([^:]*\):[^"]*"\([^"]*\)".*/\1 \2/' | sort
}

# shellcheck disable=SC2016 # the program of awk
rules='
    # the layer of a path below src/: the longest folder that the table names
    function layer_of(path) {
        while (sub("/[^/]*$", "", path)) if (path in allowed) return path
        return ""
    }
    function complain(text) { print text; broken = 1 }
    FILENAME == "-" && NF > 0 { # the table
        layer = $1
        sub(":$", "", layer)
        allowed[layer] = " " layer " "
        for (i = 2; i <= NF; i++) {
            to = $i ~ /\.h$/ ? layer_of($i) : $i
            if (!(to in allowed)) complain("the table: " layer " stands before " to ", which it includes")
            allowed[layer] = allowed[layer] $i " "
        }
    }
    FILENAME != "-" {
        from = layer_of(substr($1, 5))
        to = layer_of($2)
        if (from == "") complain($1 ": stands in no layer")
        else if (!index(allowed[from], " " to " ") && !index(allowed[from], " " $2 " "))
            complain($1 ": layer " from " may not include \"" $2 "\"")
    }
    END { exit broken }'
list=$(mktemp)
trap 'rm -f "$list"' EXIT
includes src >"$list"
echo "$table" | awk "$rules" - "$list" || broken=1
includes tools | while read -r file header; do
    [ -e "tools/$header" ] || echo "$file: tools may include <hrnet.h> and their own headers, not \"$header\""
done >"$list"
[ ! -s "$list" ] || complain "$(cat "$list")"
root_files=$(find src -maxdepth 1 -name '*.c')
[ -z "$root_files" ] || complain "$root_files: a source that belongs to no layer"
twice=$(find src tools tests include examples -name '*.[ch]' | sed 's#.*/##' | sort | uniq -d)
for name in $twice; do complain "$name: a name of two files: $(find src tools tests include examples -name "$name" | tr '\n' ' ')"; done
if [ $broken = 0 ]; then echo "[       OK ] layers"; else echo "[  FAILED  ] layers"; fi
exit $broken
