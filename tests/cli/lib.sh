# lib.sh - for tests of the command: runs cases in folders of their own and prints cmocka's lines. Source it; HRNET is
# the command, COMPARE compare_npy, EXAMPLE the program of README, FORMULA formula_weights, TESTS the folder tests/,
# ROOT the repository.
# shellcheck shell=sh

: "${HRNET:?}" "${COMPARE:?}" "${EXAMPLE:?}" "${FORMULA:?}" "${TESTS:?}" "${ROOT:?}"
data=$TESTS/cli/data
golden=$TESTS/golden/hrnet_w8_96x64
small="--config $golden/config.yaml --model $golden/weights.pth"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
n_failed=0
export data golden small

# Run a function as a test case: it fails at its first failing command.
run_case() {
    mkdir "$scratch/$1"
    (
        cd "$scratch/$1" || exit 1
        set -eu
        "$1"
    ) >"$scratch/log" 2>&1
    # shellcheck disable=SC2181 # inside an `if` the case would not stop at its first failure
    if [ $? = 0 ]; then
        echo "[       OK ] $1"
    else
        cat "$scratch/log"
        echo "[  FAILED  ] $1"
        n_failed=$((n_failed + 1))
    fi
}

# expect STATUS COMMAND...: run it, with its output in the files out and err, and compare the exit status.
expect() {
    wanted=$1
    shift
    found=0
    "$@" >out 2>err || found=$?
    if [ "$found" != "$wanted" ]; then
        echo "'$*': expected exit status $wanted, found $found"
        cat out err
        return 1
    fi
}

# has FILE TEXT: the file holds the text.
has() {
    grep -qF -- "$2" "$1" && return
    echo "expected in '$1': $2"
    cat "$1"
    return 1
}

# counts FILE N TEXT: the text stands in N lines.
counts() {
    n=$(grep -cF -- "$3" "$1") || true
    [ "$n" = "$2" ] && return
    echo "expected $2 lines with '$3' in '$1', found $n"
    cat "$1"
    return 1
}
