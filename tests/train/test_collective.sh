#!/bin/sh
# test_collective.sh PROGRAM MODULE JOIN LIBRARY CONFIG - collective_ranks.c (PROGRAM) alone and under mpirun; MODULE is
# libhrnet_mpi.so. Then join_run.c (JOIN), a program of the shared LIBRARY, begins a run of CONFIG.
set -u

program=$(realpath "$1")
module=$2
join=$(realpath "$3") library=$(realpath "$4") config=$(realpath "$5")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
n_failed=0
# MPI keeps memory until its end; libraries of its own hold some for good
ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
export ASAN_OPTIONS

run() { # N CASES...: N processes, more than cores if need be
    n=$1
    shift
    timeout 60 mpirun --allow-run-as-root --oversubscribe -np "$n" "$program" "$@" >out 2>err
}

test_case() { # NAME FUNCTION ARGUMENTS...
    name=$1
    shift
    mkdir -p "$scratch/$name"
    cd "$scratch/$name" || exit 1
    (
        set -e
        "$@"
    ) >log 2>&1
    # shellcheck disable=SC2181 # inside an `if` the case would not stop at its first failure
    if [ $? = 0 ]; then
        echo "[       OK ] $name"
    else
        cat log out err
        echo "[  FAILED  ] $name"
        n_failed=$((n_failed + 1))
    fi
}

has() { # FILE TEXT
    grep -qF -- "$2" "$1" || { echo "expected in '$1': $2"; return 1; }
}

alone() {
    "$program" sum_floats sum_doubles overlap broadcast size_here barrier give_up >out 2>err
}

# Processes started by an mpirun must not become single ones that all do the same.
no_module() {
    status=0
    OMPI_COMM_WORLD_SIZE=2 HRNET_MPI=/nowhere/libhrnet_mpi.so "$program" barrier >out 2>err || status=$?
    [ "$status" = 2 ]
    has err "started by mpirun as one of 2 processes, but this build has no MPI: install libopenmpi-dev"
    has err "/nowhere/libhrnet_mpi.so"
}

all_right() { # N
    run "$1" sum_floats sum_doubles overlap broadcast size_here barrier
}

# The same sums to the bit in every run with as many processes.
same_again() {
    for _ in 1 2 3; do
        run 3 hash
        cat out >>hashes
    done
    [ "$(sort -u hashes | wc -l)" = 1 ]
    [ "$(wc -l <hashes)" = 3 ]
}

# One process ends, in whatever way: mpirun ends all, soon, and not with success.
one_ends() { # CASE WORDS OF MPIRUN
    status=0
    run 3 "$1" || status=$?
    [ "$status" != 0 ] && [ "$status" != 124 ]
    has err "$2"
}

another_mpi() {
    status=0
    OMPI_COMM_WORLD_SIZE=2 "$program" barrier >out 2>err || status=$?
    [ "$status" = 2 ]
    has err "expected 2 processes, found 1"
}

# The library and the program in folders that know nothing of each other.
install_apart() {
    mkdir lib bin
    cp "$library" lib/libhrnet.so.1
    cp "$join" bin/join_run
}

# A file of the module's name beside the library is the one that is opened, though it is none.
beside_the_library() {
    install_apart
    cp "$library" lib/libhrnet_mpi.so
    OMPI_COMM_WORLD_SIZE=2 LD_LIBRARY_PATH="$PWD/lib" bin/join_run "$config" >out 2>err
    has err "$PWD/lib/libhrnet_mpi.so: undefined symbol: hrnet_mpi_calls"
}

two_of_a_program_elsewhere() {
    install_apart
    cp "$module" lib/libhrnet_mpi.so
    program=$PWD/bin/join_run
    LD_LIBRARY_PATH="$PWD/lib" run 2 "$config" || true # mpirun minds that both end without taking leave
    has err "no-data-here/annotations"
}

test_case alone alone
test_case beside_the_library beside_the_library
test_case no_module no_module
if [ ! -e "$module" ] || ! command -v mpirun >/dev/null; then
    echo "[  SKIPPED ] several processes: needs libopenmpi-dev and openmpi-bin when it is built"
    [ $n_failed = 0 ]
    exit
fi
test_case two all_right 2
test_case three all_right 3
test_case five all_right 5
test_case two_of_a_program_elsewhere two_of_a_program_elsewhere
test_case same_again same_again
test_case give_up one_ends give_up "Exit code:    5"
test_case die one_ends die "exited on signal 9 (Killed)"
test_case another_mpi another_mpi
[ $n_failed = 0 ]
