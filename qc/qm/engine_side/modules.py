"""Which modules belong to Python itself."""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig


def is_of_python(name: str) -> bool:
    """Whether a top-level module is one of the standard library."""
    if sys.version_info >= (3, 10):
        return name in sys.stdlib_module_names
    spec = importlib.util.find_spec(name)
    if name in sys.builtin_module_names or spec is None or spec.origin in ("built-in", "frozen"):
        return spec is not None
    places = [sysconfig.get_path(key) for key in ("stdlib", "platstdlib")]
    file = os.path.realpath(spec.origin or "")
    within = any(file.startswith(os.path.realpath(place) + os.sep) for place in places)
    return within and "site-packages" not in file and "dist-packages" not in file
