#!/bin/sh
# test_window_screen.sh PROGRAM - test_window_screen.c (PROGRAM) under X servers of its own, which show nothing (Xvfb).
set -u

program=$1
if ! command -v Xvfb >/dev/null; then
    echo "[  SKIPPED ] window_screen: needs Xvfb (Debian: xvfb)"
    exit 77
fi
scratch=$(mktemp -d)
server=""
stop() {
    if [ -n "$server" ]; then kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; fi
    server=""
}
trap 'stop; rm -rf "$scratch"' EXIT
# SDL, X11 and OpenGL keep memory for good
ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
export ASAN_OPTIONS
unset SDL_VIDEODRIVER SDL_RENDER_DRIVER WAYLAND_DISPLAY

# The server chooses a display that is free and says which, when it takes connections.
start() { # SIZE
    rm -f "$scratch/display"
    Xvfb -displayfd 3 -screen 0 "$1x24" -nolisten tcp 3>"$scratch/display" 2>"$scratch/log" &
    server=$!
    n=0
    while [ ! -s "$scratch/display" ]; do
        n=$((n + 1))
        if [ $n -gt 300 ] || ! kill -0 $server 2>/dev/null; then
            cat "$scratch/log"
            echo "[  FAILED  ] window_screen: Xvfb does not start"
            exit 1
        fi
        sleep 0.1
    done
    DISPLAY=:$(cat "$scratch/display")
    export DISPLAY
}

status=0
start 640x480
"$program" || status=1
"$program" lost "$server" || status=1
stop
exit $status
