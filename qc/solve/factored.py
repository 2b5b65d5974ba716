"""The Hessian as a product instead of a matrix, and a small matrix near it that multigrid can work on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from petsc4py import PETSc

from ..coupling.coupling import Coupling
from ..stages import stage
from ..terms.term import Stiffness, Term
from .near_matrix import NearMatrix


class FactoredHessian:
    """Hessian of a coupling for Krylov methods: exact products, and springs and Cauchy-Born stiffness to precondition them.

    An assembled EAM Hessian takes 23 kB an atom, the factors of its product 1.5 kB, the near matrix of bonds between nearest
    neighbours (`qc.terms.springs`) and of the blocks of all other terms 1.4 kB, the hierarchy of multigrid 2 kB. The near matrix has all
    terms but the atoms exactly: the product is that with the near matrix, and for the atoms their own less that of their springs.
    All methods are collective.

    Parameters
    ----------
    coupling : Coupling
        With an energy.

    Attributes
    ----------
    operator : PETSc.Mat
        Multiplies by the Hessian at the state of the last `update`.
    """

    def __init__(self, coupling: Coupling) -> None:
        self._coupling, self._near = coupling, NearMatrix(coupling)
        self._product = _Product(self._near.matrix, coupling.layout.create_unknowns())
        n, m = coupling.layout.n_free * coupling.layout.components, coupling.layout.components
        self.operator = PETSc.Mat().create(coupling.layout.comm)
        self.operator.setSizes(((n, PETSc.DETERMINE), (n, PETSc.DETERMINE)), bsize=m)
        self.operator.setType(PETSc.Mat.Type.PYTHON)
        self.operator.setPythonContext(self._product)
        self.operator.setUp()

    @property
    def pattern_version(self) -> int:
        """Changes with the sparsity of the near matrix."""
        return self._near.pattern_version

    def update(self, q: PETSc.Vec) -> PETSc.Mat:
        """Go to the state q; the near matrix there (always the same object)."""
        self._product.correction = None  # the old factors need not be there beside the new ones
        z = list(self._coupling.variables(q).values())
        self._near.update(z)
        corrections = []
        for term, near, zt in zip(self._coupling.terms, self._near.near, z, strict=True):
            with stage(term.name):
                corrections.append(None if near is term else _difference(term, near, zt))
        self._product.correction = self._coupling.sum_of_products(corrections)
        return self._near.matrix


class _Product:
    """x -> H x as PETSc asks for it.

    The operator holds on to this, so this does not know the operator: nothing would free a ring through PETSc.
    """

    def __init__(self, near: PETSc.Mat, work: PETSc.Vec) -> None:
        self._near, self._work = near, work
        self.correction: Callable[[PETSc.Vec, PETSc.Vec], None] | None = None

    def mult(self, A: PETSc.Mat, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """y = H x."""
        assert self.correction is not None
        self._near.mult(x, y)
        self.correction(x, self._work)
        y.axpy(1.0, self._work)


def _difference(term: Term, near: Stiffness, z: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """v -> H v of the term less that of what takes its place in the near matrix."""
    exact, known = term.hessian_product(z), near.hessian_product(z)
    return lambda v: exact(v) - known(v)
