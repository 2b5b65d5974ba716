"""The mean force of thermal motion, without any averaging over time."""

from __future__ import annotations

import numpy as np
from petsc4py import PETSc

from fem.collective import on_root

from .coupling import Coupling

STEP = 3e-3
"""Displacement along a normalised mode for the second difference of the gradient, in nearest-neighbour distances."""
DIFFERENCE = 1e-3
"""Largest displacement of an unknown for a difference of two Hessians, in nearest-neighbour distances."""
MOST = 6000
"""Moving scalar unknowns whose modes are found at once: the matrix has 288 MB."""


def thermal_force(coupling: Coupling, q: PETSc.Vec, moving: np.ndarray, kT: float, nn: float) -> np.ndarray:
    """f_i = -kT/2 tr(H_hh^-1 dH_hh/dq_i) (n_free, components): mean force of the motion of some unknowns h on all, eV/A. Collective.

    To first order in kT, about the state q, at the load that the coupling is under. Masses do not enter. The trace is the sum over the
    modes v of H_hh of the second derivative of the gradient along v over the mode's stiffness.

    Parameters
    ----------
    coupling : Coupling
        With an energy.
    moving : (n_free,) bool ndarray
        Which of this rank's unknown blocks move; the others stay where they are.
    kT : float
        eV.
    nn : float
        Nearest-neighbour distance, A.

    Raises
    ------
    ValueError
        A mode grows by itself, or there are too many.

    References
    ----------
    The derivative of the harmonic free energy kT/2 ln det H_hh: S. Fritsch et al., Phys. Rev. Lett. 108 (2012) 170602, call such a
    force of adaptive resolution "thermodynamic".
    """
    where, stiffness, modes = _modes(coupling, q, moving)
    at, g = q.copy(), q.duplicate()
    coupling.energy_gradient(q, g)
    total, middle, step = np.zeros_like(g.array_r), g.array_r.copy(), STEP * nn
    for k, mode in zip(stiffness, modes, strict=True):
        second = -2.0 * middle
        for sign in (1.0, -1.0):
            at.array[:] = q.array_r
            at.array[where] += sign * step * mode
            coupling.energy_gradient(at, g)
            second += g.array_r
        total -= (0.5 * kT / k / step**2) * second
    return np.asarray(total.reshape(-1, coupling.layout.components))


def work_of_motion(coupling: Coupling, q: PETSc.Vec, moving: np.ndarray, kT: float, w: PETSc.Vec, nn: float) -> float:
    """f.w = -kT/2 tr(H_hh^-1 D_w H_hh): the work of `thermal_force` along w, from two Hessians instead of all modes, eV. Collective.

    With w = H^-1 a it is what a.u is of the displacement u that the force makes.
    """
    step = DIFFERENCE * nn / max(float(w.norm(PETSc.NormType.NORM_INFINITY)), 1e-300)
    block = _Block(coupling, moving)
    H, at = block.of(q), q.copy()
    slope: np.ndarray | None = None
    for sign in (1.0, -1.0):
        q.copy(at)
        at.axpy(sign * step, w)
        found = block.of(at)
        if found is not None:
            slope = sign * found if slope is None else slope + sign * found

    def trace() -> float:
        assert H is not None
        assert slope is not None
        return float(np.trace(np.linalg.solve(H, slope)))

    return -0.25 * kT / step * on_root(coupling.layout.comm, trace)


def _modes(coupling: Coupling, q: PETSc.Vec, moving: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Moving scalar unknowns of this rank, stiffness (N,) of the modes of all ranks, their parts on this rank (N, n_local)."""
    block = _Block(coupling, moving)
    H = block.of(q)

    def found() -> tuple[np.ndarray, np.ndarray]:
        assert H is not None
        w, v = np.linalg.eigh(H)
        return w, np.ascontiguousarray(v.T)

    w, v = on_root(coupling.layout.comm, found)
    if block.n and not w[0] > 0:
        raise ValueError(f"a mode of the moving unknowns has the stiffness {w[0]:.3g} eV/A^2: expected is a state at rest and stable")
    return block.where, w, v[:, block.first : block.first + len(block.where)]


class _Block:
    """H_hh of the moving scalar unknowns, gathered. Construction and use are collective."""

    def __init__(self, coupling: Coupling, moving: np.ndarray) -> None:
        self._coupling, comm = coupling, coupling.layout.comm
        self._scalar = np.repeat(moving, coupling.layout.components)
        everywhere = np.concatenate(comm.allgather(self._scalar))
        self.where, self.n = np.flatnonzero(self._scalar), int(everywhere.sum())
        self.first = sum(comm.allgather(len(self.where))[: comm.rank])
        self._place = np.where(everywhere, np.cumsum(everywhere) - 1, -1)
        if self.n > MOST:
            raise ValueError(
                f"{self.n} unknowns in thermal motion are too many for their modes: expected are {MOST} at most, as of a smaller core"
            )

    def of(self, q: PETSc.Vec) -> np.ndarray | None:
        """(n, n) at q on rank 0, None elsewhere, eV/A^2."""
        begin, column, value = self._coupling.hessian(q).getValuesCSR()
        row = np.repeat(np.arange(len(self._scalar)), np.diff(begin))
        keep = self._scalar[row] & (self._place[column] >= 0)
        local = np.cumsum(self._scalar) - 1 + self.first
        entries = self._coupling.layout.comm.gather((local[row[keep]], self._place[column[keep]], value[keep]))
        if entries is None:
            return None
        H = np.zeros((self.n, self.n))
        for i, j, h in entries:
            H[i, j] = h
        return 0.5 * (H + H.T)
