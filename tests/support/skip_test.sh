#!/bin/sh
# skip_test.sh NAME OPTIONS... - stands for a test that needs what this build was made without.
name=$1
shift
echo "[  SKIPPED ] $name: needs $*"
exit 77
