#!/bin/sh
# test-ports.sh - the library for other systems than this one: with musl, as on Alpine (musl-gcc, of Debian's musl-tools), and
# with 32-bit pointers (i686-linux-gnu-gcc, of gcc-i686-linux-gnu). Every source of src/ but the modules compiles, needs no
# function that the C library there lacks, and a program of the layers that need no other library runs. The headers of
# libjpeg and the others are Debian's for this machine, which is why the whole cannot be linked here. Says skipped, and why,
# where there is no such compiler.
# shellcheck disable=SC2086,SC2089,SC2090 # lists of flags; the quotes in them belong to strings of C
set -u

cd "$(dirname "$0")/.." || exit 1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
. scripts/report.sh

# headers of the libraries, without those of glibc beside them
mkdir "$folder/headers"
for name in jpeglib.h jmorecfg.h jerror.h jconfig.h png.h pngconf.h pnglibconf.h yaml.h zip.h zipconf.h zlib.h zconf.h \
    webp libexif yajl; do
    for place in /usr/include "/usr/include/$(gcc -print-multiarch)" /usr/include/libpng16; do
        [ -e "$place/$name" ] && ln -sf "$place/$name" "$folder/headers/$name"
    done
done
scripts/embed.sh configs/coco/hrnet/*.yaml >"$folder/builtin.c"
for library in jpeg png16 webp exif yaml yajl zip z; do
    nm -D --defined-only "$(gcc -print-file-name=lib$library.so)" 2>/dev/null
done | awk '{ sub(/@.*/, "", $3); print $3 }' >"$folder/libraries"
flags="-std=gnu11 -O1 -fPIC -fno-math-errno -ffp-contract=off -Wall -Wextra -Werror -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64
    -DHR_SHIPS_WEIGHTS=0 -DHR_LIBDIR=\"/usr/lib/hrnet\" -DHR_LIBDIR_NEAR=\"../lib/hrnet\" -Iinclude -Isrc
    -isystem $folder/headers"

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

# Compile everything. The kernels with instructions of their own are those of 64-bit processors.
compile_all() { # COMPILER BITS
    for source in $(find src -name '*.c' ! -path 'src/mpi/*' ! -path 'src/pictures/*' ! -path 'src/video/libav/*' \
        ! -path 'src/window/sdl/*' ! -path 'src/fetch/curl/*' ! -name '*_neon.c' | sort) "$folder/builtin.c"; do
        more=""
        case $source in
        *_avx2.c) more="-O3 -mavx2 -mfma -mf16c" ;;
        *_avx512.c) more="-O3 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mf16c" ;;
        esac
        if [ -n "$more" ] && [ "$2" = 32 ]; then continue; fi
        $1 $flags $more -c "$source" -o "$folder/objects/$(echo "$source" | sed 's/[^a-z_0-9]/_/g').o"
    done
}

try_port() { # NAME "COMPILER FLAGS" BITS "PACKAGE" FILES WITH THE SYMBOLS OF ITS C LIBRARY...
    name=$1 compiler=$2 bits=$3 package=$4
    shift 4
    if ! command -v "${compiler%% *}" >/dev/null; then
        echo "[  SKIPPED ] $name: no ${compiler%% *} here (Debian: $package)"
        return
    fi
    rm -rf "$folder/objects"
    mkdir "$folder/objects"
    compile_all "$compiler" "$bits" 2>"$folder/log"
    report "$name: every source compiles" "$(head -n 50 "$folder/log")"

    {
        cat "$folder/libraries"
        nm -D --defined-only "$@" | awk '{ sub(/@.*/, "", $NF); print $NF }'
        nm --defined-only "$($compiler -print-libgcc-file-name)" 2>/dev/null | awk 'NF == 3 { print $3 }'
        nm --defined-only "$folder"/objects/*.o | awk 'NF == 3 { print $3 }'
        echo _GLOBAL_OFFSET_TABLE_
    } | sort -u >"$folder/known"
    report "$name: every function is there" "$(nm -u "$folder"/objects/*.o | awk 'NF == 2 { print $2 }' | sort -u |
        comm -23 - "$folder/known" | head -n 50)"

    if $compiler -static $flags "$folder/program.c" "$folder"/objects/src_base_*.o "$folder"/objects/src_pose_*.o \
        "$folder"/objects/src_track_*.o -lm -o "$folder/program" >"$folder/log" 2>&1 &&
        "$folder/program" >>"$folder/log" 2>&1 && grep -q "expected 0 s or later" "$folder/log"; then
        report "$name: a program runs" ""
    else
        report "$name: a program runs" "failed: $(head -n 50 "$folder/log")"
    fi
}

# musl's own library is found by what its compiler links
musl=""
if command -v musl-gcc >/dev/null; then
    echo 'int main(void) { return 0; }' >"$folder/empty.c"
    musl=$(musl-gcc -static -Wl,--trace "$folder/empty.c" -o "$folder/empty" | sed -n 's:/libc\.a$:/libc.so:p' | head -n 1)
fi
i686="i686-linux-gnu-gcc -msse2 -mfpmath=sse"
try_port "musl" musl-gcc 64 musl-tools "$musl"
try_port "32 bits" "$i686" 32 "gcc-i686-linux-gnu libc6-dev-i386-cross" "$($i686 -print-file-name=libc.so.6 2>/dev/null)" \
    "$($i686 -print-file-name=libm.so.6 2>/dev/null)" "$($i686 -print-file-name=ld-linux.so.2 2>/dev/null)"
exit $failed
