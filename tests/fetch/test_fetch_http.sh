#!/bin/sh
# test_fetch_http.sh TESTS PROGRAM - test_fetch_http.c (PROGRAM) with servers of its own on this machine. Where openssl makes a
# certificate, which nobody vouches for, one of them speaks https; where file systems may be mounted, there is a small disk.
set -u

TESTS=$1
program=$2
scratch=$(mktemp -d)
. "$(dirname "$0")/start_server.sh"
end() {
    stop_servers
    if [ -n "${FETCH_SMALL_DISK:-}" ]; then umount "$FETCH_SMALL_DISK"; fi
    rm -rf "$scratch"
}
trap end EXIT
unset HRNET_OFFLINE HRNET_FETCH_MIRROR HRNET_CURL FETCH_SMALL_DISK FETCH_TLS_PORT
# libcurl, its TLS and its name resolver keep memory for good
ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
export ASAN_OPTIONS
mkdir "$scratch/files" "$scratch/small"
if openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
    -keyout "$scratch/key" -out "$scratch/certificate" 2>/dev/null; then
    cat "$scratch/key" >>"$scratch/certificate"
    start_server "$scratch/files" "$scratch/certificate" && FETCH_TLS_PORT=$port && export FETCH_TLS_PORT
fi
if mount -t tmpfs -o size=64k none "$scratch/small" 2>/dev/null; then
    FETCH_SMALL_DISK=$scratch/small
    export FETCH_SMALL_DISK
fi
start_server "$scratch/files"
case $? in
0) ;;
77)
    echo "[  SKIPPED ] fetch_http: needs python3"
    exit 77
    ;;
*)
    echo "[  FAILED  ] fetch_http: the server does not start"
    exit 1
    ;;
esac
"$program" "$scratch/files" "$port" "$log"
