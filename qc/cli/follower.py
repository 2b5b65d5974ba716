"""``python -m qc.cli.follower WORDS``: ``qc WORDS`` in a process that is asked to stop when the one that has started it ends."""

from __future__ import annotations

import ctypes
import signal
import sys

STOPS_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of Linux; elsewhere the process goes on to its end."""

if __name__ == "__main__":
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(STOPS_WITH_PARENT, int(signal.SIGTERM))
    from .app import main

    raise SystemExit(main())
