# report.sh - sourced: report NAME OFFENDERS prints the test line of a check, which failed if there are offenders;
# failed is then 1.
# shellcheck shell=sh disable=SC2034 # failed is the caller's
failed=0

report() { # NAME OFFENDERS
    if [ -z "$2" ]; then
        echo "[       OK ] $1"
    else
        echo "$2"
        echo "[  FAILED  ] $1"
        failed=1
    fi
}
