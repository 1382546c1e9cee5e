# find_python.sh - sourced: sets python to one that has the module $module, HRNET_PEERS_PYTHON first; where there is none the
# test is skipped (77).
# shellcheck shell=sh disable=SC2154 # module is the caller's
python=
for candidate in ${HRNET_PEERS_PYTHON:+"$HRNET_PEERS_PYTHON"} python3 /usr/bin/python3; do
    if "$candidate" -c "import $module" 2>/dev/null; then python=$candidate; break; fi
done
if [ -z "$python" ]; then
    echo "skipped: no python3 with $module (HRNET_PEERS_PYTHON names one)"
    exit 77
fi
