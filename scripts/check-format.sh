#!/bin/sh
# check-format.sh [FOLDER] - .clang-format's layout holds in every C and C++ file. Other versions of clang-format lay out the
# same rules differently: only 14 (Debian 12's) is asked; says skipped where it is missing.
set -u

cd "${1:-$(dirname "$0")/..}" || exit 1
wanted=14
tool=$(command -v clang-format-$wanted || command -v clang-format)
if [ -z "$tool" ]; then
    echo "[  SKIPPED ] format: needs clang-format $wanted (Debian: clang-format)"
    exit 0
fi
found=$("$tool" --version | sed 's/.*version \([0-9]*\).*/\1/')
if [ "$found" != $wanted ]; then
    echo "[  SKIPPED ] format: needs clang-format $wanted, found $found, which lays out differently"
    exit 0
fi
if find src tools tests include examples python \( -name '*.[ch]' -o -name '*.[ch]pp' \) -exec "$tool" --dry-run -Werror '{}' +; then
    echo "[       OK ] format"
else
    echo "[  FAILED  ] format: run clang-format -i on the files above"
    exit 1
fi
