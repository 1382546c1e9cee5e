#!/bin/sh
# What we write, TensorBoard reads: read_events.sh SAVE_RECORD. A run that was killed and resumed shows each step once,
# with the same numbers as our log. Skipped (77) where no python has tensorboard; HRNET_PEERS_PYTHON is asked first.
set -e
module=tensorboard
. "$(dirname "$0")/../support/find_python.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$1" "$folder"
"$python" - "$folder" <<'PYTHON'
import json, struct, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

float32 = lambda x: struct.unpack("f", struct.pack("f", x))[0]
board = EventAccumulator(sys.argv[1])
board.Reload()
reports = [json.loads(line) for line in open(sys.argv[1] + "/train.jsonl")]
assert [r["step"] for r in reports] == list(range(12)), reports
assert sorted(board.Tags()["scalars"]) == ["learning_rate", "train_loss"], board.Tags()
for tag in board.Tags()["scalars"]:
    ours = [(r["step"], float32(r[tag])) for r in reports if tag in r]
    theirs = [(s.step, s.value) for s in board.Scalars(tag)]
    assert ours == theirs, (tag, ours, theirs)
    for report, scalar in zip([r for r in reports if tag in r], board.Scalars(tag)):
        assert report["time"] == scalar.wall_time, (report, scalar)
print("TensorBoard agrees on", len(reports), "reports")
PYTHON
