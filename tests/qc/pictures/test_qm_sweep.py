"""Picture of a sweep of the QM tip over loads."""

import numpy as np

from qc.pictures.qm_sweep import sweep_picture
from tests.qc.pictures.sheet import covers_nothing, seen


def test_sweep(tmp_path, drawn):
    """Two rows of bonds, two bonds of the first along the front."""
    bonds = [
        {"x": x, "potential": 2.4 + 0.1 * x, "qm": 2.5 + 0.1 * x, "opening_force": 0.3 - x} for x in (0.0, 0.0, 3.3)
    ]
    loads = [{"K_over_KG": level, "bonds": bonds} for level in np.linspace(0.9, 1.3, 4)]
    sweep_picture(tmp_path / "sweep.png", {"loads": loads, "qm": {"engine": "gfn1-xtb"}})
    seen(tmp_path / "sweep.png")
    assert covers_nothing(*drawn) == ["bonds at x = 0.0 Å", "bonds at x = 3.3 Å", "(a) potential", "(a) gfn1-xtb"]
