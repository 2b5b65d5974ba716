"""Products with the Hessian without its matrix, and the springs that precondition them."""

import numpy as np
import pytest
from petsc4py import PETSc

from qc.case.case import Case
from qc.errors import InputError
from qc.solve.factored import FactoredHessian
from tests.qc.coupling.test_three_dimensions import ball
from tests.qc.models import deform, largest, shared_model, wave

STRAIN = np.eye(3) + 0.01 * np.array([[1.0, 0.5, 0], [-0.2, -0.7, 0], [0.2, 0.6, 0]])
SHEET = np.eye(3) + 0.01 * np.array([[1.0, 0.5, 0], [-0.2, -0.7, 0], [0, 0, 0]])
MODELS = {
    "atoms in 2.5-D": lambda: shared_model("iron", "atomistic", radius=20.0),
    "iron, bgrac": lambda: shared_model("iron", "bgrac"),
    "silicon with shifts, bgrac": lambda: shared_model("holland-marder", "bgrac"),
    "sheet, bgfc": lambda: shared_model("toy", "bgfc"),
    "copper in 3-D, bgfc": lambda: ball("copper", "bgfc", core=1.0, width=2.5, radius=10.0),
    "iron in 3-D, bqce": lambda: ball("iron", "bqce", core=1.0, width=2.5, radius=10.0),
}


@pytest.mark.mpi
@pytest.mark.parametrize("name", MODELS)
def test_product_is_that_of_the_matrix(name):
    m = MODELS[name]()
    q = deform(m, SHEET if "sheet" in name else STRAIN)
    q.axpy(0.02, wave(m, 2))
    v, expected, found = wave(m, 1), q.duplicate(), q.duplicate()
    m.coupling.hessian(q).mult(v, expected)
    factored = FactoredHessian(m.coupling)
    factored.update(q)
    factored.operator.mult(v, found)
    found.axpy(-1.0, expected)
    assert largest(found) < 1e-11 * largest(expected)


def iterations(core: float) -> tuple[int, int]:
    """(unknowns, CG iterations to 1e-8) for a vacancy in copper."""
    m = ball(
        "copper", "bgfc", removed=lambda x: np.linalg.norm(x, axis=1) < 0.1, core=core, width=2.5, radius=core + 8.0
    )
    q = deform(m, np.eye(3))
    factored = FactoredHessian(m.coupling)
    near = factored.update(q)
    cg = PETSc.KSP().create(m.comm)
    cg.setOperators(factored.operator, near)
    cg.setType("cg")
    cg.getPC().setType("gamg")
    cg.setTolerances(rtol=1e-8)
    g = q.duplicate()
    m.coupling.energy_gradient(q, g)
    cg.solve(g, q)
    return m.parts.layout.n_unknowns, cg.getIterationNumber()


def test_iterations_do_not_grow_with_the_model():
    small, large = iterations(1.5), iterations(5.0)
    assert large[0] > 3 * small[0]
    assert large[1] < 1.5 * small[1] < 60


def test_blended_forces_are_refused():
    tables = {
        "crystal": {"structure": "bcc", "element": "Fe", "a": 2.855325},
        "potential": {"file": "Fe_mm.eam.fs"},
        "model": {"method": "bqcf", "core_radius": 20.0, "domain_radius": 100.0},
        "crack": {"plane": (1, 1, 0), "front": (0, 0, 1)},
        "load": {"K_start": 1.05, "K_stop": 1.15, "K_step": 0.1, "J_tolerance": 1.0},
        "solver": {"linear": "factored"},
    }
    with pytest.raises(InputError, match=r"solver.linear = .factored.*bqcf"):
        Case.from_dict(tables)
