#!/bin/sh
# test-build.sh BUILD "ARGUMENTS OF meson test" OPTIONS OF meson setup ... - sets up a variant and runs tests in it, which
# builds what these tests need.
set -eu

build=$1
arguments=$2
shift 2
here=$(dirname "$0")
if [ ! -e "$build/build.ninja" ]; then meson setup "$build" "$@" >/dev/null; fi
# the first error ends a test; memory that a failing parser was refused is no error
export ASAN_OPTIONS="allocator_may_return_null=1:detect_stack_use_after_return=1"
LSAN_OPTIONS="print_suppressions=0:suppressions=$(realpath "$here/../tests/support/leaks.txt")"
export LSAN_OPTIONS
export UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1"
export TSAN_OPTIONS="halt_on_error=1"
# shellcheck disable=SC2086 # a list of arguments
exec "$here/test.sh" "$build" --timeout-multiplier 4 $arguments
