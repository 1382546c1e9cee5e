#!/bin/sh
# version.sh HEADER - prints the version that hrnet.h names, for meson and packages.
set -eu

number() { # WORD
    sed -n "s/^#define HRNET_VERSION_$1 *\([0-9][0-9]*\)\$/\1/p" "$header"
}

header=$1
echo "$(number MAJOR).$(number MINOR).$(number PATCH)"
