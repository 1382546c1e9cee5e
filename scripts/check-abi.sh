#!/bin/sh
# check-abi.sh ROOT LIBRARY - what programs are compiled against has not changed by accident:
#   - libhrnet.so exports the functions that the headers declare, and src/hrnet.map lists them;
#   - every struct of the headers ends in `reserved`, or hrnet.h says that it never grows; what a call is given is checked
#     by HR_CHECK_RESERVED;
#   - debian/ has the version of hrnet.h and the soname of the library;
#   - sizes, offsets and constants are those of tests/house/abi.txt (of machines with 64-bit pointers).
# check-abi.sh --list ROOT prints that list. CONTRIBUTING.md, "The ABI", says when it may change.
set -u

list_only=0
if [ "${1:-}" = --list ]; then
    list_only=1
    shift
fi
root=$1
library=${2:-}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
. "$(dirname "$0")/report.sh"
cat "$root"/include/*.h | sed 's://.*::' >"$folder/headers"

# "struct NAME MEMBERS..." and "enum VALUES..." of all headers, a line each
# shellcheck disable=SC2016 # the program of awk
declarations='
    { text = text " " $0 }
    END {
        gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, " ", text)
        while (match(text, /(struct|enum)( hrnet_[a-z_0-9]+)? \{[^}]*\}/)) {
            body = substr(text, RSTART, RLENGTH)
            text = substr(text, RSTART + RLENGTH)
            split(body, words, " ")
            sub(/^[^{]*\{/, "", body)
            sub(/\}$/, "", body)
            if (words[1] == "enum") {
                line = "enum"
                n = split(body, parts, ",")
                for (i = 1; i <= n; i++) if (match(parts[i], /HRNET_[A-Z0-9_]+/))
                    line = line " " substr(parts[i], RSTART, RLENGTH)
            } else {
                line = "struct " words[2]
                n = split(body, parts, ";")
                for (i = 1; i <= n; i++) {
                    if (match(parts[i], /\(\*[a-z_0-9]+\)/)) { # a function, or a pointer to an array
                        line = line " " substr(parts[i], RSTART + 2, RLENGTH - 3)
                        continue
                    }
                    gsub(/\[[^]]*\]/, "", parts[i])
                    m = split(parts[i], names, ",")
                    for (k = 1; k <= m; k++) if (match(names[k], /[a-z_0-9]+ *$/)) {
                        name = substr(names[k], RSTART, RLENGTH)
                        sub(/ *$/, "", name)
                        line = line " " name
                    }
                }
            }
            print line
        }
    }'
awk "$declarations" "$folder/headers" >"$folder/declarations"

# a program that prints the list
{
    for header in "$root"/include/*.h; do echo "#include <$(basename "$header")>"; done
    echo '#include <stdio.h>'
    echo 'int main(void)'
    echo '{'
    while read -r kind words; do
        # shellcheck disable=SC2086 # words of the line
        set -- $words
        if [ "$kind" = enum ]; then
            for value in "$@"; do echo "    printf(\"$value %d\", (int)$value), puts(\"\");"; done
        else
            name=$1
            shift
            echo "    printf(\"$name %d:\", (int)sizeof(struct $name));"
            for member in "$@"; do echo "    printf(\" $member %d\", (int)offsetof(struct $name, $member));"; done
            echo '    puts("");'
        fi
    done <"$folder/declarations"
    echo '    return 0;'
    echo '}'
} >"$folder/list.c"
if ! cc -std=c11 -I "$root/include" "$folder/list.c" -o "$folder/list"; then
    echo "[  FAILED  ] abi: the list of structs does not compile"
    exit 1
fi
"$folder/list" | LC_ALL=C sort >"$folder/abi.txt"
if [ $list_only = 1 ]; then
    cat "$folder/abi.txt"
    exit 0
fi

# functions: headers, map, library
tr '\n' ' ' <"$folder/headers" | grep -oE 'HRNET_API [^;{]*\(' | grep -oE 'hrnet_[a-z_0-9]+ *\(' | tr -d ' (' |
    LC_ALL=C sort -u >"$folder/declared"
sed -n 's/^    \(hrnet_[a-z_0-9]*\);$/\1/p' "$root/src/hrnet.map" | LC_ALL=C sort >"$folder/mapped"
report "functions of the headers and src/hrnet.map" "$(diff "$folder/declared" "$folder/mapped")"
nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | grep -v '^_' | LC_ALL=C sort \
    >"$folder/exported"
report "functions of src/hrnet.map and the library" "$(diff "$folder/mapped" "$folder/exported")"

# packages
version=$("$root/scripts/version.sh" "$root/include/hrnet.h")
soname=$(objdump -p "$library" | awk '$1 == "SONAME" { print $2 }')
report "debian/ has the version and the soname" "$(
    head -n 1 "$root/debian/changelog" | grep -q "^hrnet ($version-" || echo "debian/changelog: expected $version"
    grep -q "^Package: libhrnet${soname#libhrnet.so.}\$" "$root/debian/control" || echo "debian/control: expected $soname"
    grep -q "^$soname " "$root/debian/libhrnet${soname#libhrnet.so.}.symbols" || echo "debian/: expected symbols of $soname"
)"

# structs that grow in one way
fixed=" $(sed -n '/Eight structs have no/,/^ \*   - /p' "$root/include/hrnet.h" | grep -oE 'hrnet_[a-z_]+' | tr '\n' ' ')"
report "structs end in reserved" "$(while read -r kind name members; do
    [ "$kind" = struct ] || continue
    case $fixed in *" $name "*) continue ;; esac
    case $members in *reserved) ;; *) echo "$name: expected reserved as its last member" ;; esac
done <"$folder/declarations")"
# what a call is given: options, and the structs whose fields it reads
report "reserved is checked" "$(awk '$1 == "struct" && $NF == "reserved" { print $2 }' "$folder/declarations" |
    grep -E '_options$|_files$|^hrnet_(person|people|pose|pixels|skeleton|dataset_info|coco_results|mot_boxes)$' |
    while read -r name; do
        said=$name
        if [ "$name" = hrnet_pixels ]; then said=pixels; fi # a word of messages
        grep -rqE "HR_CHECK_RESERVED\(.*\"$said\"\)" "$root/src" || echo "$name: no HR_CHECK_RESERVED in src/"
    done)"

# sizes, offsets, constants
if [ "$(getconf LONG_BIT)" != 64 ]; then
    echo "[  SKIPPED ] sizes and constants: the list is that of 64-bit pointers"
else
    report "sizes and constants" "$(diff "$root/tests/house/abi.txt" "$folder/abi.txt")"
fi
exit $failed
