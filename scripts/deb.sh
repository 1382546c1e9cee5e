#!/bin/sh
# deb.sh - Debian's packages of what git tracks here, in build-deb/, and what lintian says of them: an error of its fails.
# What is needed to build them is installed if that is allowed (as root), else dpkg-buildpackage names it.
set -eu

cd "$(dirname "$0")/.."
version=$(scripts/version.sh include/hrnet.h)
folder=build-deb/hrnet-$version
if ! command -v dpkg-buildpackage >/dev/null; then
    echo "deb.sh: needs dpkg-buildpackage (Debian: dpkg-dev, debhelper)" >&2
    exit 1
fi
rm -rf build-deb
mkdir -p "$folder"
git ls-files -z | tar --null --files-from=- -cf - | tar -xf - -C "$folder"
if [ "$(id -u)" = 0 ] && ! (cd "$folder" && dpkg-checkbuilddeps 2>/dev/null); then
    apt-get build-dep -y -qq --no-install-recommends "./$folder" >/dev/null
fi
(cd "$folder" && dpkg-buildpackage -us -uc -b)
ls -l build-deb/*.deb
if command -v lintian >/dev/null; then
    lintian --allow-root --fail-on error build-deb/*.changes
    echo "[       OK ] lintian"
else
    echo "[  SKIPPED ] lintian is not here"
fi
