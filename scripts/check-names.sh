#!/bin/sh
# check-names.sh [FOLDER] - one name, one thing: no type of src/ is defined twice, in whatever files, and none of tools/
# twice in headers.
set -eu

cd "${1:-$(dirname "$0")/..}"
twice=$({
    find src include -name '*.[ch]' -exec sed -nE 's/^typedef (struct|enum|union) ([a-z_0-9]+) \{.*/\2/p' {} +
    sed -nE 's/^typedef (struct|enum|union) ([a-z_0-9]+) \{.*/\2/p' tools/*.h
} | sort | uniq -d)
for name in $twice; do
    echo "$name: a type of several files: $(grep -rlE "^typedef (struct|enum|union) $name \{" src include tools | tr '\n' ' ')"
done
if [ -z "$twice" ]; then echo "[       OK ] names"; else echo "[  FAILED  ] names"; fi
[ -z "$twice" ]
