#!/bin/sh
# test_cpp.sh ROOT LIBRARY - hrnet.hpp with g++ and clang++, C++17 and C++20, with exceptions and without: handles.cpp
# twice in one program, and the example, which runs on the test's networks. LIBRARY: libhrnet.so, with the model that ships.
# shellcheck disable=SC2086 # lists of flags
set -u

root=$1
library=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
flags="-O0 -Wall -Wextra -Wshadow -Wconversion -pedantic -Werror -I$root/include"
detector=$root/tests/golden/detect/rtmdet_nano.safetensors
failed=0
LD_LIBRARY_PATH=$(dirname "$library")${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH

cat >"$scratch/main.cpp" <<'END'
#include <cstdio>
int check_throwing(const char *tests, const char *scratch);
int check_results(const char *tests, const char *scratch);
int main(int, char **argv)
{
    return check_throwing(argv[1], argv[2]) + check_results(argv[1], argv[2]) != 0;
}
END

# Everything with one compiler: exceptions in one standard, results in the other.
build_and_run() { # COMPILER STANDARD OF EXCEPTIONS, OF RESULTS
    $1 -std=$2 $flags -DCHECK_HANDLES=check_throwing -c "$root/tests/house/handles.cpp" -o "$scratch/throwing.o" &&
        $1 -std=$3 $flags -fno-exceptions -DCHECK_HANDLES=check_results -c "$root/tests/house/handles.cpp" \
            -o "$scratch/results.o" &&
        $1 -std=c++17 $flags "$scratch/main.cpp" "$scratch/throwing.o" "$scratch/results.o" "$library" \
            -o "$scratch/handles" &&
        "$scratch/handles" "$root/tests" "$scratch" &&
        $1 -std=$2 $flags "$root/examples/people.cpp" "$library" -o "$scratch/people" &&
        "$scratch/people" "$root/tests/cli/data/card.png" "$scratch/drawn.png" "$detector" >"$scratch/lines" &&
        grep -q "box .* nose " "$scratch/lines" && [ -s "$scratch/drawn.png" ] &&
        ! "$scratch/people" /no/such.png "$scratch/other.png" "$detector" 2>"$scratch/message" &&
        grep -q "/no/such.png" "$scratch/message"
}

for pair in "g++ c++17 c++20" "clang++ c++20 c++17"; do
    set -- $pair
    if ! command -v "$1" >/dev/null; then
        echo "[  SKIPPED ] hrnet.hpp with $1: it is not here"
    elif build_and_run "$@"; then
        echo "[       OK ] hrnet.hpp with $1"
    else
        echo "[  FAILED  ] hrnet.hpp with $1"
        failed=1
    fi
done
exit $failed
