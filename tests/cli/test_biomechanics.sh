#!/bin/sh
# test_biomechanics.sh - what Pose2Sim and Sports2D, programs that measure movements, read of ours: run_pose2sim.py. They are
# large (2 GB with OpenSim), so the test says skipped unless HRNET_POSE2SIM_PYTHON is a Python that has them
# (pip install pose2sim sports2d).
# shellcheck disable=SC2317 # cases are called by name
. "$(dirname "$0")/lib.sh"

if [ -z "${HRNET_POSE2SIM_PYTHON:-}" ]; then
    echo "[  SKIPPED ] biomechanics: HRNET_POSE2SIM_PYTHON names no Python with Pose2Sim and Sports2D"
    exit 77
fi

pose2sim_triangulates_and_sports2d_measures() {
    mkdir work
    expect 0 "$HRNET_POSE2SIM_PYTHON" "$TESTS/cli/run_pose2sim.py" "$HRNET" work
}

run_case pose2sim_triangulates_and_sports2d_measures
tail -n 1 "$scratch/pose2sim_triangulates_and_sports2d_measures/out"
exit "$n_failed"
