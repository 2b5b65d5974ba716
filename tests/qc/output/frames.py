"""Frames of a trajectory of seven atoms."""

from __future__ import annotations

import numpy as np

from qc.output.trajectory import append_frame


def frame(k, n=7, **changes):
    rng = np.random.default_rng(k)
    X = rng.normal(size=(n, 3)) * 10
    data = {
        "positions": X + 0.1,
        "reference": X,
        "weight": np.linspace(0, 1, n),
        "site_energy": np.where(np.arange(n) % 2, -4.0 - k, np.nan),
        "free": np.arange(n) < 3,
        "symbols": "Fe",
        "virial_stress": rng.normal(size=(n, 6)),
        "cell_z": 2.855,
        "info": {"K": 0.84 + k, "branch": "load", "case": "iron crack", "nothing": None},
    }
    return data | changes


def write(path, count):
    for k in range(count):
        append_frame(path, k, **frame(k))
    return path
