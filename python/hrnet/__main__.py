"""``python -m hrnet``: the command, see ``hrnet --help``."""

import os
import signal
import sys

from . import _core


def main() -> int:
    """Run the command with the arguments of this process. Returns its exit status."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    return _core.main([b"hrnet"] + [os.fsencode(one) for one in sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
