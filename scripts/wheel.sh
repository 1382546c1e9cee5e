#!/bin/sh
# wheel.sh [FOLDER] - builds the wheel of the Python package into FOLDER (dist): one for Python 3.9 and all later ones,
# and, where auditwheel is, with the libraries that it needs inside (manylinux). PYTHON names the Python that builds; it
# needs the modules build and wheel.
set -eu

cd "$(dirname "$0")/.."
out=${1:-dist}
python=${PYTHON:-python3}
for module in build wheel; do
    if ! "$python" -c "import $module" 2>/dev/null; then
        echo "wheel.sh: expected the module $module in $python: $python -m pip install build wheel auditwheel" >&2
        exit 1
    fi
done
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
"$python" -m build --wheel --outdir "$made" .
# meson-python tags a wheel with the Python that builds it; the extension keeps to the limited API of 3.9
"$python" -m wheel tags --remove --python-tag cp39 --abi-tag abi3 "$made"/*.whl
mkdir -p "$out"
if "$python" -c "import auditwheel" 2>/dev/null; then
    "$python" -m auditwheel repair --wheel-dir "$out" "$made"/*.whl
else
    echo "wheel.sh: without auditwheel the wheel is for this system alone" >&2
    cp "$made"/*.whl "$out"
fi
ls -l "$out"/*.whl
