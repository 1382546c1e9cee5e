#!/bin/sh
# test_fetch_http.sh TESTS PROGRAM - test_fetch_http.c (PROGRAM) with a server of its own on this machine.
set -u

TESTS=$1
program=$2
scratch=$(mktemp -d)
. "$(dirname "$0")/start_server.sh"
trap 'stop_server; rm -rf "$scratch"' EXIT
unset HRNET_OFFLINE HRNET_FETCH_MIRROR HRNET_CURL
# libcurl, its TLS and its name resolver keep memory for good
ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
export ASAN_OPTIONS
mkdir "$scratch/files"
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
