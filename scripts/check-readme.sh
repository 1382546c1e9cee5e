#!/bin/sh
# check-readme.sh [FOLDER] - the program in README.md is examples/pose.c, which the build compiles.
# shellcheck disable=SC2016 # the program of awk holds backquotes
set -u

root=${1:-$(dirname "$0")/..}
program='/^```c$/ { inside = 1; next } /^```$/ { if (inside) exit } inside'
if awk "$program" "$root/README.md" | cmp - "$root/examples/pose.c"; then
    echo "[       OK ] README program"
else
    echo "[  FAILED  ] README program"
    exit 1
fi
