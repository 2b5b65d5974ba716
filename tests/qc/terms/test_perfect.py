"""The perfect crystal of a model: it counts energies from its sites, half of a cell's for each of two."""

import numpy as np
import pytest

from fem.cauchy_born import CauchyBornMaterial
from qc.terms.perfect import PerfectCrystal
from tests.qc.models import material


@pytest.mark.parametrize("name", ["iron", "holland-marder"])
def test_energy_and_types_of_the_sites(name):
    crystal, potential = material(name)
    perfect = PerfectCrystal.of(CauchyBornMaterial(crystal, potential), period=7.0)
    n = len(crystal.species)
    cell = float(perfect.material.energy_density(np.eye(3)[None])[0]) * crystal.cell_volume
    assert perfect.site_reference == pytest.approx(np.full(n, cell / n), rel=1e-14)
    assert perfect.types.tolist() == [0] * n
    assert np.array_equal(perfect.F0, np.eye(3))
    assert (perfect.period, perfect.potential) == (7.0, potential)
    assert perfect.crystal.species == crystal.species
