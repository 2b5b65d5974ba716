"""The Hessian as a product instead of a matrix, and a small matrix near it that multigrid can work on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from petsc4py import PETSc

from .coupling import Coupling, Term


class FactoredHessian:
    """Hessian of a coupling for Krylov methods: exact products, and springs and Cauchy-Born stiffness to precondition them.

    An assembled EAM Hessian takes 23 kB an atom. The factors of its product take 1.5 kB; bonds between nearest neighbours
    (`qc.springs`) and the blocks of all other terms take 1 kB a node as a matrix, 4.5 kB with the maps that assemble it, the
    hierarchy of multigrid 2 kB. All methods are collective.

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
        self._coupling, self._terms = coupling, [_near(term) for term in coupling.terms]
        self._near = _Blockwise(coupling.layout, self._terms)
        self._connected = coupling.connections
        self._product: Callable[[PETSc.Vec, PETSc.Vec], None] | None = None
        n, m = coupling.layout.n_free * coupling.layout.components, coupling.layout.components
        self.operator = PETSc.Mat().create(coupling.layout.comm)
        self.operator.setSizes(((n, PETSc.DETERMINE), (n, PETSc.DETERMINE)), bsize=m)
        self.operator.setType(PETSc.Mat.Type.PYTHON)
        self.operator.setPythonContext(self)
        self.operator.setUp()

    @property
    def pattern_version(self) -> int:
        """Changes with the sparsity of the near matrix."""
        return self._near.pattern_version

    def update(self, q: PETSc.Vec) -> PETSc.Mat:
        """Go to the state q; the near matrix there (always the same object)."""
        self._product = None  # the old factors need not be there beside the new ones
        self._product = self._coupling.hessian_product(q)
        if self._connected != self._coupling.connections:
            self._near.reconnect()
            self._connected = self._coupling.connections
        self._near.prescribed[:] = self._coupling.prescribed
        return self._near.hessian(q)

    def mult(self, A: PETSc.Mat, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """y = H x, as PETSc asks for it."""
        assert self._product is not None
        self._product(x, y)


class _Blockwise(Coupling):
    """Assembles its matrix one component of the blocks at a time: the maps that send entries to their ranks take a ninth.

    They are as large as the matrix otherwise, and thrice that while they are made.
    """

    def _set_pattern(self, rows: np.ndarray, cols: np.ndarray) -> None:
        n, m = self.layout.n_free, self.layout.components
        self._component = PETSc.Mat().create(self.layout.comm)
        self._component.setSizes(((n, PETSc.DETERMINE), (n, PETSc.DETERMINE)))
        self._component.setType(PETSc.Mat.Type.AIJ)
        self._component.setPreallocationCOO(rows, cols)
        self._component.setValuesCOO(np.zeros(len(rows)), PETSc.InsertMode.INSERT_VALUES)
        first, column, _ = self._component.getValuesCSR()
        count = np.diff(first)
        within = np.arange(len(column)) - np.repeat(first[:-1], count)
        self._place = m * m * np.repeat(first[:-1].astype(np.int64), count) + m * within
        self._pitch = m * np.repeat(count, count)
        self._first = np.append(0, np.cumsum(np.repeat(m * count, m))).astype(PETSc.IntType)
        self._column = np.empty(m * m * len(column), dtype=PETSc.IntType)
        for a, b in np.ndindex(m, m):
            self._column[self._place + a * self._pitch + b] = m * column + b
        self._matrix.setPreallocationCSR((self._first, self._column))

    def _work(self) -> np.ndarray:
        """Not kept: it is a sixth of the near matrix with its maps, and multigrid is to have the room."""
        return self._new_values()

    def _set_values(self, values: np.ndarray) -> None:
        m, data = self.layout.components, np.empty(len(self._column))
        for a, b in np.ndindex(m, m):
            self._component.setValuesCOO(np.ascontiguousarray(values[:, m * a + b]), PETSc.InsertMode.INSERT_VALUES)
            data[self._place + a * self._pitch + b] = self._component.getValuesCSR()[2]
        self._matrix.setValuesCSR(self._first, self._column, data, PETSc.InsertMode.INSERT_VALUES)
        self._matrix.assemble()


def _near(term: Term) -> Term:
    """What stands for a term in the near matrix: springs for atoms, else the term itself."""
    near = getattr(term, "near", None)
    return term if near is None else near()
