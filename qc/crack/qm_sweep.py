"""Both models of a crack, with and without the QM tip, under a sweep of loads: the bonds across the plane, and what pulls at them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from petsc4py import PETSc

from fem.collective import ROOT

from ..coupling.coupling import Coupling
from ..errors import ConvergenceError
from ..qm.region import QMRegion
from ..solve.equilibrium import EquilibriumSolver
from ..solve.options import SolveReport, SolverOptions
from ..solve.stability import noise_of_atoms
from .qm_tip import QMSession, QMTipSpec
from .system import CrackSystem

MODELS = ("potential", "qm")
"""Of the states at each load: without the QM tip and with it."""


@dataclass(frozen=True, kw_only=True)
class SweptLoad:
    """What the record of a load holds, as in ``loads`` of sweep.json.

    Attributes
    ----------
    K_over_KG, K : float
        Level, and load in MPa m^1/2.
    bonds : list of dict
        x and z of the middle and both lengths, A; opening force, eV/A.
    residuals : dict
        Largest force component of both models, eV/A.
    qm : dict
        What the QM region took.
    seconds : float
    """

    K_over_KG: float
    K: float
    bonds: list[dict[str, float]]
    residuals: dict[str, float]
    qm: dict[str, Any]
    seconds: float


class Sweep:
    """Both models of a crack, side by side on the same unknowns. All methods are collective.

    Parameters
    ----------
    system : CrackSystem
    spec : QMTipSpec
        In energy mode.
    options : SolverOptions
    start : dict of str to PETSc.Vec
        Unknowns of both models, A: before the first level the state of the potential, else both states of the last one.
    saved : dict, optional
        What ``session.plain()`` returned then.

    Attributes
    ----------
    q : dict of str to PETSc.Vec
        Unknowns of both models at the last level, A.
    session : QMSession
    """

    def __init__(
        self,
        system: CrackSystem,
        spec: QMTipSpec,
        options: SolverOptions,
        start: dict[str, PETSc.Vec],
        saved: dict[str, Any] | None = None,
    ) -> None:
        self.system, self.q = system, start
        coupling = system.model.coupling
        bare = Coupling(coupling.layout, coupling.terms)
        self.session = QMSession(system, spec, saved)
        parts = system.model.parts
        noise = noise_of_atoms(parts)
        self._solvers = {
            name: EquilibriumSolver(terms, parts, noise, options, system.model.lattice.gdim == 2)
            for name, terms in zip(MODELS, (bare, coupling), strict=True)
        }
        self._bonds = cleavage_bonds(self.session, system) if coupling.layout.comm.rank == ROOT else None

    def loads(self, levels: np.ndarray, done: int = 0) -> Iterator[dict[str, Any]]:
        """A record for each level but the first ``done``, states continued from the one before."""
        system, q = self.system, self.q
        if done:
            self._settle(float(levels[done - 1]))
        for number in range(done, len(levels)):
            level = float(levels[number])
            if number:
                step = (level - levels[number - 1]) * system.K_G * system.imposed_rate()
                for vec in q.values():
                    vec.array[:] += step[: system.model.parts.layout.n_free].ravel()
            began = time.perf_counter()
            reports = {"potential": self._relax("potential", level, q["potential"])}
            pulls = self._measure(q["potential"], force=True)
            if number == 0:
                q["potential"].copy(q["qm"])
            reports["qm"] = self._relax("qm", level, q["qm"])
            lengths = self._measure(q["qm"], force=False)
            record = self._record(level, pulls, lengths)
            record |= {"residuals": {name: r.residual for name, r in reports.items()}}
            yield record | {"qm": self.session.measure(q["qm"]), "seconds": round(time.perf_counter() - began, 1)}

    def _settle(self, level: float) -> None:
        """Factors of both states at a level, which lead to the next ones: as if nothing had been between. Collective."""
        self.system.load(level * self.system.K_G)
        for name, solver in self._solvers.items():
            solver.coupling.impose(self.system.model.coupling.load)
            if solver.options.linear == "mumps":
                solver.is_stable(self.q[name])

    def _relax(self, name: str, level: float, q: PETSc.Vec) -> SolveReport:
        """The equilibrium of one of the models at a level, q in place. Collective."""
        solver = self._solvers[name]
        self.system.load(level * self.system.K_G)
        solver.coupling.impose(self.system.model.coupling.load)
        report = solver.solve(q)
        if not report.converged:
            raise ConvergenceError(
                f"no equilibrium {'with' if name == 'qm' else 'without'} the QM tip at K = {level:.4f} K_G: {report.reason}, largest "
                f"force {report.residual:.1e} eV/A"
            )
        return report

    def _measure(self, q: PETSc.Vec, force: bool) -> np.ndarray | None:
        """(n, 2) length (A) and opening force (eV/A) of each bond, on the computing rank. Collective."""
        term = self.session.qm.term
        assert isinstance(term, QMRegion)
        z = self.system.model.coupling.variables(q)[term.name]
        g = term.energy_gradient(z)[1] if force else np.zeros_like(z)
        if self._bonds is None:
            return None
        y, (up, low) = term.positions(z), self._bonds.T
        return np.column_stack([np.linalg.norm(y[up] - y[low], axis=1), 0.5 * (g[low, 1] - g[up, 1])])

    def _record(self, level: float, pulls: np.ndarray | None, lengths: np.ndarray | None) -> dict[str, Any]:
        """The bonds as a table, the same on all ranks."""
        comm = self.system.model.comm
        rows = None
        if self._bonds is not None:
            assert pulls is not None
            assert lengths is not None
            X = self.session.qm.cluster.X
            middle = 0.5 * (X[self._bonds[:, 0]] + X[self._bonds[:, 1]])
            order = np.lexsort((np.round(middle[:, 2], 3), np.round(middle[:, 0], 3)))
            rows = [
                {
                    "x": float(middle[i, 0]),
                    "z": float(middle[i, 2]),
                    "potential": float(pulls[i, 0]),
                    "qm": float(lengths[i, 0]),
                }
                | {"opening_force": float(pulls[i, 1])}
                for i in order
            ]
        return {"K_over_KG": level, "K": level * self.system.K_G, "bonds": comm.bcast(rows, root=ROOT)}


def cleavage_bonds(session: QMSession, system: CrackSystem) -> np.ndarray:
    """(n, 2) indices in the cluster of the atoms above and below of each bond through the plane y = 0. On the computing rank."""
    cluster = session.qm.cluster
    X = cluster.X[: cluster.n]
    nn = system.crystal.nearest_neighbour_distance
    above, below = np.flatnonzero(X[:, 1] > 0), np.flatnonzero(X[:, 1] < 0)
    apart = np.linalg.norm(X[above][:, None] - X[below][None], axis=2)
    i, j = np.nonzero(apart < 1.05 * nn)
    return np.column_stack([above[i], below[j]])
