#!/usr/bin/env python3
"""on_terminal.py ANSWER COMMAND... - runs a command on a terminal of its own, answers it with a line, prints what it said."""
import os
import pty
import sys

process, terminal = pty.fork()
if process == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
os.write(terminal, sys.argv[1].encode() + b"\n")
while True:
    try:
        said = os.read(terminal, 4096)
    except OSError:
        break
    if not said:
        break
    sys.stdout.write(said.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
