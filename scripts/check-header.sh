#!/bin/sh
# check-header.sh [FOLDER] - every public header compiles alone, as C11 and as C++17; hrnet.hpp as C++17 and C++20.
set -u

root=${1:-$(dirname "$0")/..}
failed=0
for header in "$root"/include/*.h; do
    name=$(basename "$header")
    if cc -std=c11 -pedantic -Wall -Wextra -Werror -fsyntax-only -x c -I "$root/include" "$header"; then
        echo "[       OK ] $name as C11"
    else
        echo "[  FAILED  ] $name as C11"
        failed=1
    fi
    if ! command -v c++ >/dev/null; then
        echo "[  SKIPPED ] $name as C++17: no C++ compiler here"
    elif c++ -std=c++17 -pedantic -Wall -Wextra -Werror -fsyntax-only -x c++ -I "$root/include" "$header"; then
        echo "[       OK ] $name as C++17"
    else
        echo "[  FAILED  ] $name as C++17"
        failed=1
    fi
done
for standard in c++17 c++20; do
    if ! command -v c++ >/dev/null; then
        echo "[  SKIPPED ] hrnet.hpp as $standard: no C++ compiler here"
    elif c++ -std=$standard -pedantic -Wall -Wextra -Werror -fsyntax-only -x c++ -I "$root/include" \
        "$root/include/hrnet.hpp"; then
        echo "[       OK ] hrnet.hpp as $standard"
    else
        echo "[  FAILED  ] hrnet.hpp as $standard"
        failed=1
    fi
done
exit $failed
