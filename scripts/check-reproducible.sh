#!/bin/sh
# check-reproducible.sh - two builds of what git tracks here, in folders of different names and depths, at different times:
# what would be installed has the same bytes.
set -eu

cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

build() { # FOLDER OF THE SOURCES, BUILD FOLDER, DESTINATION
    mkdir -p "$1"
    git ls-files -z | tar --null --files-from=- -cf - | tar -xf - -C "$1"
    meson setup "$2" "$1" --buildtype=release -Dtests=false >/dev/null
    ninja -C "$2" >/dev/null
    DESTDIR=$3 meson install -C "$2" --no-rebuild >/dev/null
}

build "$folder/a" "$folder/a/build" "$folder/first"
build "$folder/somewhere/else/hrnet" "$folder/other-build" "$folder/second"
if diff -r "$folder/first" "$folder/second"; then
    echo "[       OK ] reproducible: $(find "$folder/first" -type f | wc -l) files"
else
    echo "[  FAILED  ] reproducible"
    exit 1
fi
