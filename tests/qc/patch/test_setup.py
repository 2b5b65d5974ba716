"""What a patch test is done on: units and tolerances."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.patch.choice import PatchChoice, make_setups
from qc.patch.crystals import parse_crystal


def test_the_natural_unit_scales_with_the_potential():
    """Ten times the well depth: ten times the unit of force, and the tolerance as long as rounding allows."""
    crystal = [parse_crystal("hexagonal")]
    (toy,) = make_setups(PatchChoice(crystals=crystal, potentials=["morse"], methods=["bqce"]), MPI.COMM_SELF)
    assert toy.tolerance == pytest.approx(min(1e-11 * toy.unit, 1e-10))
    assert toy.bond_forces(np.eye(3)) > 0.1  # second neighbours pull, first ones push
