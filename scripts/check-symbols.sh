#!/bin/sh
# check-symbols.sh SHARED STATIC - the shared library exports hrnet_ names alone, the static one has hr_ and hrnet_
# names alone, and nothing inside prints, exits, or goes to the heap except through base/mem.
set -u

shared=$1
static=$2
. "$(dirname "$0")/report.sh"

# names that tools (sanitizers, the linker) put into every object start with '_'
report "exported names" "$(nm -D --defined-only "$shared" | awk '$2 != "A" { print $3 }' | grep -Ev '^(hrnet_|_)')"
report "global names" "$(nm -A --defined-only --extern-only "$static" 2>/dev/null |
    awk '$NF !~ /^(hr_|hrnet_|_)/ { print $1, $NF }')"
report "no printing, no exit" "$(nm -A --undefined-only "$static" 2>/dev/null |
    awk '$NF ~ /^(printf|puts|putchar|perror|stderr|exit|_exit|abort|setlocale)$/ { print $1, $NF }')"
report "one door to the heap" "$(nm -A --undefined-only "$static" 2>/dev/null | grep -v '[:/]mem\.c\.o:\|_mem\.c\.o:' |
    awk '$NF ~ /^(malloc|calloc|realloc|strdup|strndup|asprintf|posix_memalign|aligned_alloc)$/ { print $1, $NF }')"
exit $failed
