#!/bin/sh
# test_systems.sh ROOT - Debian's relatives: deps.sh is content where libjpeg-turbo has Ubuntu's name, and names that glibc
# alone has are not needed. The second part needs the headers of musl (musl-dev; MUSL names another place).
set -eu

root=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
status=0

report() { # NAME 0|1
    if [ "$2" = 0 ]; then
        echo "[       OK ] $1"
    else
        cat "$folder/log"
        echo "[  FAILED  ] $1"
        status=1
    fi
}

# Ubuntu 24.04 with everything that is needed: libjpeg-dev is there by way of libjpeg-turbo8-dev, Debian's name is not
cat >"$folder/dpkg-query" <<'END'
#!/bin/sh
for word in "$@"; do last=$word; done
case $last in libjpeg62-turbo-dev) exit 1 ;; esac
echo "install ok installed"
END
cat >"$folder/apt-get" <<'END'
#!/bin/sh
echo "apt-get is not needed: $*"
exit 100
END
chmod +x "$folder/dpkg-query" "$folder/apt-get"
failed=0
PATH=$folder:$PATH sh "$root/scripts/deps.sh" build >"$folder/log" 2>&1 || failed=1
report "deps.sh on Ubuntu" $failed

musl=${MUSL:-/usr/include/x86_64-linux-musl}
if [ ! -e "$musl/unistd.h" ]; then
    echo "[  SKIPPED ] base with musl: no musl-dev here"
    exit $status
fi
failed=0
for file in "$root"/src/base/*.c; do
    gcc -std=gnu11 -fsyntax-only -nostdinc -isystem "$musl" -isystem "$(gcc -print-file-name=include)" -D_GNU_SOURCE \
        -DHR_LIBDIR='"/lib"' -DHR_LIBDIR_NEAR='"../lib"' -I"$root/src" -I"$root/include" "$file" >>"$folder/log" 2>&1 ||
        failed=1
done
report "base with musl" $failed
exit $status
