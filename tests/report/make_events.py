#!/usr/bin/env python3
"""make_events.py OUT - the event file that test_record.c expects, written by TensorBoard's own writer."""
import sys

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

TIME = 1700000000.25
VALUES = [("train_loss", 0.00123456789), ("train_acc", 0.5), ("learning_rate", 1e-3)]

with open(sys.argv[1], "wb") as out:
    writer = RecordWriter(out)
    writer.write(Event(wall_time=TIME, file_version="brain.Event:2").SerializeToString())
    writer.write(Event(wall_time=TIME, step=300, session_log=SessionLog(status=SessionLog.START)).SerializeToString())
    writer.write(Event(wall_time=TIME + 1, step=300, summary=Summary(
        value=[Summary.Value(tag=tag, simple_value=value) for tag, value in VALUES])).SerializeToString())
    writer.write(Event(wall_time=TIME + 2, step=1 << 40, summary=Summary(
        value=[Summary.Value(tag="AP", simple_value=float("nan"))])).SerializeToString())
    writer.flush()
