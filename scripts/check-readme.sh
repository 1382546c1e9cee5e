#!/bin/sh
# check-readme.sh [FOLDER] - the programs in README.md are those of examples/, which the build compiles.
# shellcheck disable=SC2016 # the program of awk holds backquotes
set -u

root=${1:-$(dirname "$0")/..}
failed=0
# the first block of that language
block='$0 == "```" language { inside = 1; next } /^```$/ { if (inside) exit } inside'
for pair in c:pose.c cpp:people.cpp; do
    if awk -v language="${pair%:*}" "$block" "$root/README.md" | cmp - "$root/examples/${pair#*:}"; then
        echo "[       OK ] README ${pair#*:}"
    else
        echo "[  FAILED  ] README ${pair#*:}"
        failed=1
    fi
done
exit $failed
