"""Setting up B-GRAC on a model: which sites are reconstructed, what must vanish, and the proof that it does (METHODS 3)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from mpi4py import MPI

from fem.cauchy_born import GPA, CauchyBornMaterial
from fem.continuum import ContinuumEnergy

from .coupling import Coupling
from .reconstruction import Reconstruction, ReconstructionError, Stencils, ghost_vector, solve
from .regions import Core
from .sites import Prolongation

log = logging.getLogger(__name__)
EXTENSIONS = (0.0, 2.0)
"""How many neighbour distances into the core sites are reconstructed: the first that can be solved (nearer is more accurate)."""
PATCH_STRAIN = 0.02 * np.array([[1.0, 0.5, 0.3], [-0.3, -0.7, 0.2], [0.4, 0.2, 0.5]])
PATCH_TOLERANCE = 1e-11  # times the natural unit of force, C11 nn^2, or 10 eV/A where that is larger


@dataclass(frozen=True)
class Grac:
    """The reconstruction of a model.

    Attributes
    ----------
    reconstruction : Reconstruction
    sites : (m,) int32 ndarray
        Reconstructed sites among this rank's atoms.
    cell_weight : (n_cells,) ndarray
        Mean blending weight of each local cell, such that sites and cells count every lattice site once.
    outside : (n_free,) bool ndarray
        Blocks at which there must be no ghost force: outside the core, out of reach of vacancies.
    """

    reconstruction: Reconstruction
    sites: np.ndarray
    cell_weight: np.ndarray
    outside: np.ndarray


@dataclass(frozen=True)
class Handshake:
    """What the reconstruction must know of a model.

    Attributes
    ----------
    parts : Prolongation
    core : Core
    crack : bool
        The plane y = 0 is open behind the core.
    gdim : int
    R : (2 h, 3) ndarray
        See `atomistics.reconstruction.paired_stencil`, A.
    nn : float
        Nearest-neighbour distance, A.
    weight, depth : (n,) ndarray
        Weight of this rank's sites, and their distance from the core, A.
    inner : float
        Least distance from the core with a weight below 1 (not positive), A.
    sharp, matching : bool
        There are no sites with weights between 0 and 1; the mesh has its vertices on the lattice.
    period : float or None
        Along the front, A.
    continuum : callable
        The continuum energy for cell weights (n_cells,).
    """

    parts: Prolongation
    core: Core
    crack: bool
    gdim: int
    R: np.ndarray
    nn: float
    weight: np.ndarray
    depth: np.ndarray
    inner: float
    sharp: bool
    matching: bool
    period: float | None
    continuum: Callable[[np.ndarray], ContinuumEnergy]

    @property
    def radius(self) -> float:
        """Length of the longest bond of the stencil, A."""
        return float(np.linalg.norm(self.R, axis=1).max())

    def reconstruct(self, known: Reconstruction | None = None) -> Grac:
        """Solve for the stencils unless they are known. Collective; `ReconstructionError` on all ranks if that fails."""
        parts = self.parts
        reach = self.radius + max(EXTENSIONS[-1] * self.nn, self.radius)
        reach += 1e-6 * self.nn  # a site at exactly this depth is in reach of blocks that are checked
        near = np.flatnonzero((self.weight > 0) & (self.depth > self.inner - reach)).astype(np.int32)
        front = None if self.period is None else np.array([0.0, 0.0, self.period])
        stencils = Stencils(parts.layout, parts.atoms, near, self.R, front)
        disturbed = stencils.count(np.flatnonzero(~stencils.complete))
        distance = self.core(parts.X[:, : self.gdim])
        checked = distance >= self.inner - self.radius  # deeper, all sites in reach weigh alike: there is no ghost force
        cell_weight = parts.nodes.weight
        t = self._ghost_vector(stencils, cell_weight, checked)
        if not self.matching:
            cell_weight = self._balanced(t)
            t = self._ghost_vector(stencils, cell_weight, checked)
        extensions = EXTENSIONS[-1:] if self.sharp or not self.matching else EXTENSIONS
        if known is not None:
            extensions = (known.info["extension"],)
        outside = (distance >= self.inner - extensions[-1] * self.nn) & ~disturbed
        for extension in extensions:
            wanted = self._reconstructed(near, extension * self.nn)
            chosen = np.flatnonzero(wanted & stencils.complete)
            self._insist(stencils, wanted)
            try:
                found = known or solve(
                    stencils, parts.atoms, self.weight[near], chosen, t, self.R, checked, disturbed
                )
            except ReconstructionError:
                if extension == extensions[-1]:
                    raise
                continue
            found.info["extension"] = extension
            return Grac(found, near[chosen], cell_weight, outside[: parts.layout.n_free])
        raise AssertionError("unreachable: the last extension returns or raises")

    def _insist(self, stencils: Stencils, wanted: np.ndarray) -> None:
        """Every site that is to be reconstructed has all its neighbours. Collective."""
        lacking = int(stencils.layout.comm.allreduce(int((wanted & ~stencils.complete).sum())))
        if lacking:
            raise ReconstructionError(
                f"bgrac needs perfect crystal round the handshake: {lacking} of its sites lack a neighbour within {self.radius:.2f} A "
                "(a vacancy or a surface); use a larger core, or bgfc"
            )

    def _reconstructed(self, near: np.ndarray, extend: float) -> np.ndarray:
        """Sites of the handshake and the layers before it whose stencils do not meet the crack plane behind the core."""
        inner = self.inner - extend
        chosen = self.depth[near] > inner
        if self.crack:
            X = self.parts.atoms.X[near]
            ahead = self.core.centre[0] + np.sqrt(max((self.core.radius + inner) ** 2 - self.radius**2, 0.0))
            chosen &= ~((np.abs(X[:, 1]) < self.radius) & (X[:, 0] < ahead - 1e-9))
        return chosen

    def _ghost_vector(self, stencils: Stencils, cell_weight: np.ndarray, checked: np.ndarray) -> np.ndarray:
        weight = self.weight[stencils.near]
        t = ghost_vector(stencils, weight, self.continuum(cell_weight), self.parts.nodes.rows, self.R)
        t[~checked] = 0.0  # there the sites of the core that are left out would count
        return t

    def _balanced(self, t: np.ndarray) -> np.ndarray:
        """Cell weights changed in the handshake such that sites and cells count every lattice site once.

        The first moment of the ghost vectors is twice what is counted too much; on a mesh that does not match the lattice
        that is a quadrature error of the blending function, which no reconstruction could cancel. Collective.
        """
        nodes, free = self.parts.nodes, slice(0, self.parts.layout.n_free)
        rho = self.R[: len(self.R) // 2, : self.gdim]
        r = int(np.argmax((rho**2).sum(1)))
        excess = 0.5 * float(t[free, r] @ (self.parts.X[free, : self.gdim] @ rho[r])) / float(rho[r] @ rho[r])
        blend = nodes.weight * (1.0 - nodes.weight)
        continuum = self.continuum((blend > 0).astype(float))
        volume = float(blend[continuum.cells] @ continuum.omega.sum(1)) / continuum.material.volume
        excess, volume = self.parts.layout.comm.allreduce(np.array([excess, volume])).tolist()
        if volume == 0.0:
            return nodes.weight
        log.info("cell weights in the handshake change by %.2g: %.2g sites less", -excess / volume, excess)
        return nodes.weight - excess / volume * blend


def check_patch(
    parts: Prolongation, grac: Grac, coupling: Coupling, crystal_nn: float, material: CauchyBornMaterial, F0: np.ndarray
) -> None:
    """Refuse a coupling with ghost forces outside the core of the perfect crystal at a general strain. Collective."""
    layout, d = parts.layout, parts.nodes.space.mesh.geometry.dim
    m = layout.components
    u = (parts.X[:, :d] @ PATCH_STRAIN[:, :d].T)[:, :m] @ F0[:m, :m].T
    q, g = layout.create_unknowns(), layout.create_unknowns()
    q.array[:], coupling.prescribed[:] = u[: layout.n_free].ravel(), u[layout.n_free :]
    coupling.energy_gradient(q, g)
    coupling.prescribed[:] = 0.0
    # far away cells are large, and so is the rounding of what cancels at their nodes
    rounding = np.maximum(np.linalg.norm(parts.X[: layout.n_free], axis=1) / (100.0 * crystal_nn), 1.0) ** (d - 1)
    forces = (np.abs(g.array_r.reshape(-1, m)) / rounding[:, None])[grac.outside]
    largest = float(layout.comm.allreduce(forces.max(initial=0.0), op=MPI.MAX))
    unit = material.elastic_tensor()[0, 0] / GPA * crystal_nn ** (1 if material.crystal.dimension == 2 else 2)
    allowed = PATCH_TOLERANCE * max(10.0, unit)
    if not largest < allowed:
        advice = coupling.complaint or "keep vacancies and free surfaces away from the handshake"
        raise ReconstructionError(
            f"bgrac fails its own patch test: the largest ghost force at a general strain of 2 % is {largest:.2g} eV/A and "
            f"must be below {allowed:.2g} eV/A; {advice}, or use bgfc"
        )
