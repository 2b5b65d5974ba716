"""Twins of calculators: constants to the last digit, forces as near as the form allows (`tests/qc/commands/test_match.py` is quicker)."""

import numpy as np
import pytest

from atomistics import Crystal, ForcesOnly, load_potential
from qc.errors import InputError
from qc.material.twin import matched_twin

COPPER = load_potential("Cu_mishin1.eam.alloy")


def calculator():
    return ForcesOnly(COPPER.calculator(), ("Cu",), 2 * COPPER.cutoff)


@pytest.mark.slow
def test_a_twin_has_the_constants_of_the_calculator_and_can_be_read(tmp_path):
    found = matched_twin(calculator(), Crystal.fcc("Cu", 3.6))
    assert found.a0[1] == pytest.approx(found.a0[0], abs=1e-5)
    for ours, wanted in found.constants.values():
        assert wanted == pytest.approx(ours, rel=1e-3)
    assert found.error < 0.1
    file = tmp_path / "twin.snapcoeff"
    found.write(file, "copper")
    twin = load_potential(file)
    rattled = Crystal.fcc("Cu", 3.6).atoms((2, 2, 2))
    rattled.positions += np.random.default_rng(1).normal(0, 0.08, rattled.positions.shape)
    forces = []
    for potential in (twin, COPPER):
        rattled.calc = potential.calculator()
        forces.append(rattled.get_forces())
    assert np.linalg.norm(forces[0] - forces[1]) < 0.1 * np.linalg.norm(forces[1])


def test_other_crystals_are_refused():
    with pytest.raises(InputError, match="twins of fcc and bcc crystals, not of diamond"):
        matched_twin(calculator(), Crystal.diamond("Si", 5.4))
