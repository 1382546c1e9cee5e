#!/bin/sh
# check-layers.sh [FOLDER] - who may include whom (CONTRIBUTING.md): src/ by layer, tools/ public headers only. Prints
# every include that breaks the table.
set -eu

root=${1:-$(dirname "$0")/..}
cd "$root"

# the headers of ours that a file includes
includes() { # FILE
    sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$1"
}

# what a layer may include besides itself; a name with .h is that header alone
allowed() {
    case $1 in
    base) echo "" ;;
    kern) echo "base/cpu.h base/half.h" ;;
    io) echo "base" ;;
    pose) echo "base kern" ;;
    net) echo "base kern io" ;;
    data) echo "base io pose" ;;
    mpi) echo "train/collective_calls.h" ;;
    train) echo "base kern io net pose data" ;;
    cuda) echo "base net/graph.h net/backend.h" ;;
    *) echo "unknown" ;;
    esac
}

may_include() { # LAYER HEADER
    case $2 in "$1"/*) return 0 ;; esac
    for permitted in $(allowed "$1"); do
        case $2 in "$permitted" | "$permitted"/*) return 0 ;; esac
    done
    return 1
}

broken=0
for folder in src/*/; do
    layer=$(basename "$folder")
    for file in $(find "$folder" -name '*.[ch]' | sort); do
        for header in $(includes "$file"); do
            if ! may_include "$layer" "$header"; then
                echo "$file: layer $layer may not include \"$header\""
                broken=1
            fi
        done
    done
done
for file in tools/*.[ch]; do
    for header in $(includes "$file"); do
        if [ ! -e "tools/$header" ]; then
            echo "$file: tools may include <hrnet.h> and their own headers, not \"$header\""
            broken=1
        fi
    done
done
if [ $broken = 0 ]; then echo "[       OK ] layers"; else echo "[  FAILED  ] layers"; fi
exit $broken
