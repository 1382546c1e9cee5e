#!/bin/sh
# test-musl.sh - the library for musl, as on Alpine: every source of src/ but the modules is compiled with musl-gcc (Debian:
# musl-tools), needs nothing of the C library that musl lacks, and a program of the layers that need no other library runs.
# The headers of libjpeg and the others are Debian's, which is why the whole cannot be linked here. Says skipped, and why,
# where there is no musl-gcc. MUSL_GCC names another.
# shellcheck disable=SC2089,SC2090,SC2129 # the quotes in flags belong to strings of C
set -u

cd "$(dirname "$0")/.." || exit 1
compiler=${MUSL_GCC:-musl-gcc}
if ! command -v "$compiler" >/dev/null; then
    echo "[  SKIPPED ] musl: no $compiler here (Debian: musl-tools)"
    exit 0
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

report() { # NAME OFFENDERS
    if [ -z "$2" ]; then
        echo "[       OK ] $1"
    else
        echo "$2" | head -n 50
        echo "[  FAILED  ] $1"
        failed=1
    fi
}

# headers of the libraries, without those of glibc beside them
mkdir "$folder/headers" "$folder/objects"
for name in jpeglib.h jmorecfg.h jerror.h jconfig.h png.h pngconf.h pnglibconf.h yaml.h zip.h zipconf.h zlib.h zconf.h \
    webp libexif yajl; do
    for place in /usr/include "/usr/include/$(gcc -print-multiarch)" /usr/include/libpng16; do
        [ -e "$place/$name" ] && ln -sf "$place/$name" "$folder/headers/$name"
    done
done
scripts/embed.sh configs/coco/hrnet/*.yaml >"$folder/builtin.c"

flags="-std=gnu11 -O1 -fPIC -fno-math-errno -ffp-contract=off -Wall -Wextra -Werror -D_GNU_SOURCE -DHR_SHIPS_WEIGHTS=0
    -DHR_LIBDIR=\"/usr/lib/hrnet\" -DHR_LIBDIR_NEAR=\"../lib/hrnet\" -Iinclude -Isrc -isystem $folder/headers"

compile() { # SOURCE FLAGS...
    source=$1
    shift
    # shellcheck disable=SC2086 # a list of flags
    $compiler $flags "$@" -c "$source" -o "$folder/objects/$(echo "$source" | sed 's/[^a-z_0-9]/_/g').o"
}

{
    for source in $(find src -name '*.c' ! -path 'src/mpi/*' ! -path 'src/pictures/*' ! -path 'src/video/libav/*' \
        ! -path 'src/window/sdl/*' | sort); do
        case $source in
        *_avx2.c) compile "$source" -O3 -mavx2 -mfma -mf16c ;;
        *_avx512.c) compile "$source" -O3 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mf16c ;;
        *_neon.c) ;;
        *) compile "$source" ;;
        esac
    done
    compile "$folder/builtin.c"
} 2>"$folder/log"
report "musl: every source compiles" "$(cat "$folder/log")"

# what is neither ours nor musl's nor a library's
for library in jpeg png16 webp exif yaml yajl zip z; do
    nm -D --defined-only "$(gcc -print-file-name=lib$library.so)" 2>/dev/null
done | awk '{ sub(/@.*/, "", $3); print $3 }' >"$folder/known"
echo 'int main(void) { return 0; }' >"$folder/empty.c"
libc=$($compiler -static -Wl,--trace "$folder/empty.c" -o "$folder/empty" | grep '/libc\.a$' | head -n 1)
nm -D --defined-only "$(dirname "$libc")/libc.so" | awk '{ print $3 }' >>"$folder/known"
nm --defined-only "$(gcc -print-libgcc-file-name)" 2>/dev/null | awk 'NF == 3 { print $3 }' >>"$folder/known"
nm --defined-only "$folder"/objects/*.o | awk 'NF == 3 { print $3 }' >>"$folder/known"
printf '%s\n' _GLOBAL_OFFSET_TABLE_ >>"$folder/known"
sort -u "$folder/known" >"$folder/known.sorted"
report "musl: every function is there" "$(nm -u "$folder"/objects/*.o | awk 'NF == 2 { print $2 }' | sort -u |
    comm -23 - "$folder/known.sorted")"

# a program of base, pose and track
cat >"$folder/program.c" <<'END'
#include <hrnet_track.h>
#include <stdio.h>

int main(void)
{
    hrnet_tracker *tracker = NULL;
    hrnet_people people = {0};
    int failed = hrnet_tracker_create(&tracker, NULL) != HRNET_OK || hrnet_people_create(&people, "x", 1, 0) != HRNET_OK;
    if (failed) return 1;
    people.persons[0].box = (hrnet_box){10, 10, 50, 100};
    failed = hrnet_tracker_update(tracker, &people, 0) != HRNET_OK || people.persons[0].track != 1;
    failed |= hrnet_tracker_update(tracker, &people, -1) != HRNET_ERR_ARGUMENT;
    printf("%s\n", hrnet_last_error());
    hrnet_people_free(&people);
    hrnet_tracker_free(tracker);
    return failed;
}
END
# shellcheck disable=SC2086 # a list of flags
if $compiler -static $flags "$folder/program.c" "$folder"/objects/src_base_*.o "$folder"/objects/src_pose_*.o \
    "$folder"/objects/src_track_*.o -lm -o "$folder/program" >"$folder/log" 2>&1 &&
    "$folder/program" >>"$folder/log" 2>&1 && grep -q "expected 0 s or later" "$folder/log"; then
    report "musl: a program runs" ""
else
    report "musl: a program runs" "$(cat "$folder/log")"
fi
exit $failed
