# start_server.sh - sourced: start_server FOLDER [CERTIFICATE] begins server.py on the files of a folder and sets port and log;
# stop_servers ends all that were begun. Without python3 start_server returns 77. TESTS is the folder tests/, scratch one to
# write to.
# shellcheck shell=sh disable=SC2154,SC2034 # variables of the caller and for it
servers=""
stop_servers() {
    for server in $servers; do kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; done
    servers=""
}

start_server() { # FOLDER [CERTIFICATE]
    command -v python3 >/dev/null || return 77
    log=$scratch/server.log
    : >"$log"
    rm -f "$scratch/port"
    python3 "$TESTS/fetch/server.py" "$1" "$scratch/port" "$log" ${2:+"$2"} 2>"$scratch/server.err" &
    server=$!
    servers="$servers $server"
    n=0
    while [ ! -s "$scratch/port" ]; do
        n=$((n + 1))
        if [ $n -gt 300 ] || ! kill -0 "$server" 2>/dev/null; then
            cat "$scratch/server.err"
            return 1
        fi
        sleep 0.1
    done
    port=$(cat "$scratch/port")
    # nothing on the way to this machine
    unset http_proxy HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY
    no_proxy='*'
    export no_proxy
}
