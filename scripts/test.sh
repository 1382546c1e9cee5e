#!/bin/sh
# test.sh BUILD [ARGUMENTS OF meson test] - runs the tests of a build folder and ends with "N passed, N failed, N
# skipped", counted over all test cases.
set -u

build=$1
shift
here=$(dirname "$0")
rm -f "$build/meson-logs/testlog.txt" # an old one must not be counted when the build breaks
meson test -C "$build" --print-errorlogs --num-processes "$(nproc)" "$@"
status=$?
"$here/test-summary.sh" "$build/meson-logs/testlog.txt" || status=1
exit $status
