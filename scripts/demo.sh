#!/bin/sh
# demo.sh - the main job on a real photograph: everybody in it, as JSON and drawn. Takes IMAGE, or one of the photographs
# in Debian's opencv-doc package, fetched into the build folder. Takes DETECTOR and MODEL, or the networks that ship.
set -eu

build=${BUILD:-build}
hrnet=$build/tools/hrnet
out=$build/demo
mkdir -p "$out"

fetch_photograph() {
    photos=$out/photos
    if [ ! -e "$photos/basketball1.png" ]; then
        if ! command -v apt-get >/dev/null; then
            echo "demo: no photograph; run: make demo IMAGE=photo.jpg" >&2
            exit 1
        fi
        echo "fetching a photograph (Debian's package opencv-doc, 96 MB, into $out) ..." >&2
        scratch=$out/opencv-doc
        mkdir -p "$scratch" "$photos"
        (cd "$scratch" && apt-get download -qq opencv-doc 2>/dev/null) || {
            echo "demo: cannot fetch it; run: make demo IMAGE=photo.jpg" >&2
            exit 1
        }
        dpkg-deb --fsys-tarfile "$scratch"/opencv-doc_*.deb |
            tar -x -C "$scratch" --wildcards '*/data/basketball1.png' '*/data/messi5.jpg'
        find "$scratch" -name '*.jpg' -o -name '*.png' | while read -r photo; do mv "$photo" "$photos"; done
        rm -rf "$scratch"
    fi
    printf '%s\n' "$photos/basketball1.png"
}

image=${IMAGE:-}
if [ -z "$image" ]; then image=$(fetch_photograph); fi
stem=$(basename "$image")
stem=${stem%.*}

set -- --flip --quiet
if [ -n "${MODEL:-}" ]; then set -- "$@" --model "$MODEL"; fi
if [ -n "${DETECTOR:-}" ]; then set -- "$@" --detector "$DETECTOR"; fi
"$hrnet" pose "$image" "$@" -o "$out/"
echo "drawing: $out/${stem}_pose.jpg"
echo "data:    $out/${stem}_pose.json"
