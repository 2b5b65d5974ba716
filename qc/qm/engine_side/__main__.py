"""The program of the engine's process, started as a file by `qc.qm.engine.process`: of ours it loads its own room and nothing else."""

from __future__ import annotations

import os
import sys

if not __package__:
    here = os.path.dirname(os.path.abspath(__file__))
    # Python before 3.11 has no -P: the folder of the file would be searched for modules of the engine
    sys.path[:] = [os.path.dirname(here), *(place for place in sys.path if os.path.abspath(place or ".") != here)]
    import engine_side

    del sys.path[0]
    __package__ = engine_side.__name__

from .messages import refuse_all

if __name__ == "__main__":
    try:
        from .serving import main
    except ImportError as error:
        refuse_all(f"the interpreter {sys.executable} cannot run an engine ({error}): it needs ASE 3.22 or later, and numpy")
    else:
        main()
