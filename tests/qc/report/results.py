"""A directory of results that nobody has computed, with hostile words in it."""

from __future__ import annotations

import numpy as np

from qc.output.files import write_json
from qc.output.trajectory import append_frame

HOSTILE = "</script><img src=x onerror=alert(1)><script>alert(2)</script>{{ 7*7 }}"
DOCUMENT = {
    "case": HOSTILE,
    "verdict": "cleaved: clean first advance between 1.000 and 1.100 K_G",
    "material": "model",
    "material_note": HOSTILE,
    "warnings": [f"mind {HOSTILE}"],
    "finished": True,
    "K_G": 0.8414295411019574,
    "K_plus": 0.88350101815,
    "K_plus_bracket": [0.8414295411019574, 0.9255724952121532],
    "K_minus": None,
    "K_plus_error": {"step": {"low": -0.042, "high": 0.042}, "boundary": {"low": -0.003, "high": 0.0, "radius": 400.0}},
    "n_dofs": 5652,
    "method": "bgfc",
    "griffith": {"plane": "(1 1 0)", "effective_modulus": 214.47016564201368},
    "lattice_constant": 2.0,
    "steps": [
        {
            "K": 0.8414295411019574 * level,
            "K_over_KG": level,
            "branch": "load",
            "energy": 57.0 + level,
            "energies": {"atoms": 45.0, "dead_load": -0.07},
            "tip_position": tip,
            "J_over_G": 0.99,
            "stable": True,
        }
        for level, tip in ((1.0, -1.0), (1.1, 1.0))
    ],
    "settings": {"potential": {"file": HOSTILE, "elements": None}, "load": {"K_start": 1.0}},
    "versions": {"python": "3.13.0"},
}
DOCUMENT["steps"][1]["K"] = DOCUMENT["K_plus_bracket"][1]


def results(folder):
    """A run of two steps with its trajectory, and no pictures or fields."""
    folder.mkdir(exist_ok=True)
    write_json(folder / "result.json", DOCUMENT)
    grid = np.array([[i, j + 0.5, 0.0] for i in range(-6, 6) for j in range(-6, 6)]) * 2.0
    for k in range(2):
        append_frame(
            folder / "trajectory.extxyz",
            k,
            positions=grid + 0.1 * k,
            reference=grid,
            weight=np.ones(len(grid)),
            site_energy=np.where(np.arange(len(grid)) % 7, -4.0, np.nan),
            virial_stress=np.tile(np.arange(6.0), (len(grid), 1)),
            free=np.ones(len(grid), dtype=bool),
            symbols="Fe",
        )
    return folder
