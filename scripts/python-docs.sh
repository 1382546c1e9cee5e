#!/bin/sh
# python-docs.sh [BUILD] - the pages of the Python package, made from its docstrings, in BUILD/python-docs (build). BUILD
# has been built with -Dpython=enabled. PYTHON names the Python that reads it; it needs the modules pdoc and numpy.
set -eu

cd "$(dirname "$0")/.."
build=${1:-build}
python=${PYTHON:-python3}
if ! ls "$build"/python/hrnet/_core.*so >/dev/null 2>&1; then
    echo "python-docs.sh: $build/python: expected the package: meson setup $build -Dpython=enabled && ninja -C $build" >&2
    exit 1
fi
for module in pdoc numpy; do
    if ! "$python" -c "import $module" 2>/dev/null; then
        echo "python-docs.sh: expected the module $module in $python: $python -m pip install pdoc numpy" >&2
        exit 1
    fi
done
PYTHONPATH="$build/python" PYTHONDONTWRITEBYTECODE=1 "$python" -m pdoc --docformat restructuredtext --no-show-source \
    --output-directory "$build/python-docs" hrnet hrnet.body hrnet.cocoeval
ls "$build"/python-docs/*.html
