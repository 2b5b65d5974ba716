"""The least-norm system of B-GRAC: solved without factors as well, refused where the ghost forces cannot be cancelled."""

import pytest
from petsc4py import PETSc

from qc.terms import reconstruction
from qc.terms.reconstruction import ReconstructionError
from tests.qc.coupling.test_grac import ghost_force
from tests.qc.crack.test_user_mesh import DISC, model_on
from tests.qc.models import general, model


def test_conjugate_gradients_do_as_well():
    """No factors to store: chosen by PETSc's options. What is ours of it on several ranks, the matrix, the factors see too."""
    options = PETSc.Options()
    chosen = {"ksp_type": "cg", "pc_type": "jacobi", "ksp_rtol": "1e-13"}
    for key, value in chosen.items():
        options[reconstruction.PREFIX + key] = value
    try:
        m = model("toy", "bgrac")
    finally:
        for key in chosen:
            options.delValue(reconstruction.PREFIX + key)
    assert m.reconstruction.info["residual"] < 1e-12
    assert ghost_force(m, general(m.crystal)) < 1e-11


def test_a_mesh_too_fine_for_its_lattice_is_refused():
    with pytest.raises(ReconstructionError, match="must be to 1e-10"):
        model_on(DISC, "bgrac", order=2)
