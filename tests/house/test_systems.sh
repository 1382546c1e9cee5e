#!/bin/sh
# test_systems.sh ROOT - deps.sh on other systems than this one, whose package tools are played by scripts here: Ubuntu's
# names, and the lines for Fedora, Arch and Alpine.
# shellcheck disable=SC2016 # a script inside
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

# the system ID, on which the packages of MISSING (a pattern of the shell) are not installed, and those of UNKNOWN not known
run_deps() { # ID MISSING UNKNOWN ARGUMENTS OF deps.sh
    echo "ID=$1" >"$folder/os-release"
    cat >"$folder/dpkg-query" <<END
#!/bin/sh
for word in "\$@"; do last=\$word; done
case \$last in $2) exit 1 ;; esac
echo "install ok installed"
END
    cat >"$folder/apt-cache" <<END
#!/bin/sh
case \$2 in $3) echo "  Candidate: (none)" ;; *) echo "  Candidate: 1" ;; esac
END
    printf '#!/bin/sh\necho "apt-get $*" >>%s\n' "$folder/apt.log" >"$folder/apt-get"
    printf '#!/bin/sh\nif [ "$1" != -n ]; then exec "$@"; fi\n' >"$folder/sudo"
    chmod +x "$folder/dpkg-query" "$folder/apt-cache" "$folder/apt-get" "$folder/sudo"
    : >"$folder/apt.log"
    shift 3
    OS_RELEASE=$folder/os-release PATH=$folder:$PATH sh "$root/scripts/deps.sh" "$@" >"$folder/log" 2>&1
}

# Ubuntu 24.04 with everything that is needed: libjpeg-dev is there by way of libjpeg-turbo8-dev, Debian's name is not
failed=0
run_deps ubuntu 'libjpeg-dev|libjpeg62-turbo-dev' none build || failed=1
[ ! -s "$folder/apt.log" ] || failed=1
report "deps.sh on Ubuntu, nothing missing" $failed

# Ubuntu 22.04: the runtime of clang is in a package of another name
failed=0
run_deps ubuntu 'libclang-*|shellcheck' libclang-rt-dev check || failed=1
grep -q "install .* libclang-common-14-dev shellcheck\$" "$folder/apt.log" || failed=1
report "deps.sh on Ubuntu, names of its own" $failed

failed=0
for pair in "fedora:dnf install gcc" "arch:pacman -S --needed gcc" "alpine:apk add build-base"; do
    run_deps "${pair%%:*}" none none build || failed=1
    grep -q "^    sudo ${pair#*:}.*libwebp.*zlib.*ffmpeg" "$folder/log" || failed=1
    [ "$(wc -l <"$folder/log")" = 2 ] || failed=1
done
report "deps.sh on Fedora, Arch and Alpine" $failed
exit $status
