#!/bin/sh
# fuzz.sh SECONDS - builds the fuzzers with libFuzzer and sanitizers and runs each for SECONDS (0: only replays its
# corpus). New inputs go to build-fuzz/corpus, not into the repository. Prints a test line a fuzzer.
set -eu

seconds=${1:-60}
build="build-fuzz"
if [ ! -e "$build/build.ninja" ]; then
    CC=clang meson setup "$build" -Dfuzz=true -Dwerror=true -Db_sanitize=address,undefined -Db_lundef=false \
        --buildtype=debugoptimized >/dev/null
fi
ninja -C "$build" --quiet
failed=0
for fuzzer in "$build"/tests/fuzz/fuzz_*; do
    if [ ! -x "$fuzzer" ] || [ -d "$fuzzer" ]; then continue; fi
    name=${fuzzer##*/fuzz_}
    mkdir -p "$build/corpus/$name"
    limit="-max_total_time=$seconds"
    if [ "$seconds" = 0 ]; then limit="-runs=0"; fi
    if "$fuzzer" "$limit" -timeout=20 -rss_limit_mb=3000 -malloc_limit_mb=1500 -verbosity=0 \
        -artifact_prefix="$build/crash-$name-" "$build/corpus/$name" "tests/fuzz/corpus/$name"; then
        echo "[       OK ] fuzz $name"
    else
        echo "[  FAILED  ] fuzz $name"
        failed=1
    fi
done
exit $failed
