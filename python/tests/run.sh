#!/bin/sh
# run.sh PYTHON FOLDER COMMAND - the tests of the Python package in FOLDER, with HRNET_PYTHON in place of PYTHON if that
# is set. Says skipped where Python lacks what they need.
python=${HRNET_PYTHON:-$1}
export PYTHONPATH="$2" HRNET="$3" HRNET_TEST_LINES=1 PYTHONDONTWRITEBYTECODE=1
for module in numpy pytest; do
    if ! "$python" -c "import $module" 2>/dev/null; then
        echo "[  SKIPPED ] python: needs $module for $python (HRNET_PYTHON names another Python)"
        exit 77
    fi
done
exec "$python" -m pytest -q -p no:cacheprovider "$(dirname "$0")"
