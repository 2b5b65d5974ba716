"""Ghost forces of a model, measured against the forces of the crystal."""

import numpy as np
from mpi4py import MPI

from qc.commands.patch import PatchOptions, plan
from qc.patch.model import PatchTest


def test_ghost_forces_are_measured_against_those_of_the_crystal():
    """Given shifts have forces of the order of eV/A; what is left of them is rounding, and nothing is lost in the energy."""
    (setup,) = {
        j.setup
        for j in plan(
            MPI.COMM_SELF, PatchOptions(methods=["bgfc"], crystals=["diamond"], dimensions=["2.5"], shifts=["given"])
        )
    }
    test = PatchTest(setup, "bgfc", comm=MPI.COMM_SELF)
    F = np.eye(3)
    model = test.model(F)
    bare = test.gradient(model, test.state(model, F))
    assert bare.norm(3) > 0.1
    assert test.ghost_force(F).largest < 1e-11
