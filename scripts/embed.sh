#!/bin/sh
# embed.sh .../configs/NAME.yaml... - print C source that holds the files as strings, and their names: the paths below
# configs/ without ".yaml". The library carries the published experiments so, and needs no data path at run time.
set -eu
echo '/* Made by scripts/embed.sh. */'
echo '#include "config/config.h"'
echo
echo 'const char *const hr_builtin_names[] = {'
for file in "$@"; do
    name=${file##*configs/}
    printf '    "%s",\n' "${name%.yaml}"
done
echo '    0,'
echo '};'
echo
echo 'const char *const hr_builtin_texts[] = {'
for file in "$@"; do
    sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/    "/' -e 's/$/\\n"/' "$file"
    echo '    ,'
done
echo '};'
