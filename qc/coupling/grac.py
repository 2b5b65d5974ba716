"""Setting up B-GRAC on a model (docs/ghost_forces.md): which sites are reconstructed, what must vanish, and the proof that it does."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from mpi4py import MPI

from fem.cauchy_born import GPA
from fem.mesh.interpolation import cell_vertices
from fem.mesh.proof import volumes

from ..terms.reconstruction import Reconstruction, ReconstructionError, Stencils, ghost_vector, joined, local_map, solve
from ..unknowns.layout import BlockScatter
from .coupling import Coupling
from .ingredients import Ingredients
from .load import Load

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


class Handshake:
    """The sites round the interface of a model, and what of their stencils must be reconstructed.

    Parameters
    ----------
    shared : Ingredients
        Of a model whose extents have a stencil.
    """

    def __init__(self, shared: Ingredients) -> None:
        spec, stencil = shared.extents.spec, shared.extents.stencil
        assert stencil is not None
        self._shared, self._parts, self._core = shared, shared.parts, spec.core
        self._gdim = shared.extents.lattice.gdim
        self._nn = shared.perfect.crystal.nearest_neighbour_distance
        self._period, self._cell_volume = shared.perfect.period, shared.perfect.material.volume
        self._crack, self._sharp = spec.crack != "none", spec.width == 0.0
        self._stencil, self._radius = stencil, stencil.radius
        self._weight, self._depth, self._inner = shared.energy_weight(), shared.depth, shared.extents.blended[0]
        blended = self._depth[self._parts.atoms.beta > 0.0].min(initial=self._inner)
        # an atom beside a vertex takes part of its beta: such a site may lie before the first blended vertex
        self._first = float(self._parts.layout.comm.allreduce(float(blended), op=MPI.MIN))

    def reconstruct(self, known: Reconstruction | None = None) -> Grac:
        """Solve for the stencils unless they are known. Collective; `ReconstructionError` on all ranks if that fails."""
        parts = self._parts
        reach = self._radius + max(EXTENSIONS[-1] * self._nn, self._radius)
        reach += 1e-6 * self._nn  # a site at exactly this depth is in reach of blocks that are checked
        near = np.flatnonzero((self._weight > 0) & (self._depth > self._first - reach)).astype(np.int32)
        front = None if self._period is None else np.array([0.0, 0.0, self._period])
        stencils = Stencils(parts.layout, parts.atoms, near, self._stencil, front)
        disturbed = stencils.count(np.flatnonzero(~stencils.complete))
        distance = self._core(parts.X[:, : self._gdim])
        # deeper, all sites in reach weigh alike: there is no ghost force
        checked = distance >= self._first - self._radius
        cell_weight = parts.nodes.weight
        t = self._ghost_vectors(stencils, cell_weight, checked)
        if not self._shared.matching:
            cell_weight = self._balanced(np.mean(t, axis=0))
            t = self._ghost_vectors(stencils, cell_weight, checked)
        extensions = EXTENSIONS[-1:] if self._sharp or not self._shared.matching else EXTENSIONS
        if known is not None:
            extensions = (known.info["extension"],)
        outside = (distance >= self._inner - extensions[-1] * self._nn) & ~disturbed
        for extension in extensions:
            wanted = self._reconstructed(near, extension * self._nn)
            chosen = wanted & stencils.complete
            self._insist(stencils, wanted)
            try:
                found = known or self._solved(stencils, chosen, t, checked, disturbed)
            except ReconstructionError:
                if extension == extensions[-1]:
                    raise
                continue
            found.info["extension"] = extension
            return Grac(found, near[np.flatnonzero(chosen)], cell_weight, outside[: parts.layout.n_free])
        raise AssertionError("unreachable: the last extension returns or raises")

    def _solved(
        self, stencils: Stencils, chosen: np.ndarray, t: list[np.ndarray], checked: np.ndarray, disturbed: np.ndarray
    ) -> Reconstruction:
        """Multipliers of each set of sites, from its own ghost vector. Collective."""
        atoms, weight = self._parts.atoms, self._weight[stencils.near]
        found = [
            solve(stencils, atoms, weight, np.flatnonzero(chosen & own), of_set, checked, disturbed)
            for own, of_set in zip(stencils.sets, t, strict=True)
        ]
        return joined(self._stencil.R, atoms, found)

    def _insist(self, stencils: Stencils, wanted: np.ndarray) -> None:
        """Every site that is to be reconstructed has all its neighbours. Collective."""
        lacking = int(stencils.layout.comm.allreduce(int((wanted & ~stencils.complete).sum())))
        if lacking:
            raise ReconstructionError(
                f"bgrac needs perfect crystal round the handshake: {lacking} of its sites lack a neighbour within {self._radius:.2f} A "
                "(a vacancy or a surface); use a larger core, or bgfc"
            )

    def _reconstructed(self, near: np.ndarray, extend: float) -> np.ndarray:
        """Sites of the handshake and the layers before it whose stencils do not meet the crack plane behind the core."""
        inner = self._inner - extend
        chosen = self._depth[near] > inner
        if self._crack:
            X = self._parts.atoms.X[near]
            ahead = self._core.centre[0] + np.sqrt(max((self._core.radius + inner) ** 2 - self._radius**2, 0.0))
            chosen &= ~((np.abs(X[:, 1]) < self._radius) & (X[:, 0] < ahead - 1e-9))
        return chosen

    def _ghost_vectors(self, stencils: Stencils, cell_weight: np.ndarray, checked: np.ndarray) -> list[np.ndarray]:
        """(n_own, h) of each set of sites."""
        weight, excess = self._weight[stencils.near], self._excess(cell_weight)
        terms = self._shared.continuum(cell_weight)
        found = [ghost_vector(stencils, np.where(own, weight, 0.0), terms, excess) for own in stencils.sets]
        for t in found:
            t[~checked] = 0.0  # there the sites of the core that are left out would count
        return found

    def _excess(self, cell_weight: np.ndarray) -> np.ndarray:
        """(n_own, h) what bonds across push shifts and atoms with, beyond what they do in the crystal, site sums left out.

        In the crystal, per unit of a bond's force, an atom is pushed by -2 or 2 and a vertex by as much for each cell
        of the crystal round it; the continuum does so with the weight of its cells. Collective.
        """
        parts, stencil, shifts = self._parts, self._stencil, self._parts.nodes.shifts
        out = np.zeros((parts.layout.n_own, stencil.pairs))
        if not stencil.exchanged:
            return out
        across = stencil.half[stencil.across]
        atoms = np.flatnonzero(parts.is_atom)
        out[np.ix_(atoms, across)] = 2.0 * (parts.share[atoms, 0] - parts.share[atoms, 1])[:, None]
        if shifts is None:
            return out
        corner = cell_vertices(parts.nodes.space.mesh)
        x = parts.nodes.space.mesh.geometry.x[corner][:, :, : self._gdim]
        lacks = np.where((cell_weight > 0) & ~shifts.nodal, 0.0, 1.0 - cell_weight)  # relaxed shifts push nothing
        lumped = np.zeros(len(shifts.beta))
        dofs = np.asarray(shifts.space.dofmap.list)[: len(corner)]
        np.add.at(lumped, dofs.ravel(), np.repeat(lacks * volumes(x) / dofs.shape[1], dofs.shape[1]))
        columns, rows = local_map(parts.nodes.shift_rows)
        on_vertices = BlockScatter(parts.layout, columns, 1).add(rows.T @ lumped[:, None])
        out[:, across] -= 2.0 * (self._period or 1.0) / self._cell_volume * on_vertices
        return out

    def _balanced(self, t: np.ndarray) -> np.ndarray:
        """Cell weights changed in the handshake such that sites and cells count every lattice site once.

        The first moment of the ghost vectors is twice what is counted too much; on a mesh that does not match the lattice
        that is a quadrature error of the blending function, which no reconstruction could cancel. Collective.
        """
        nodes, free = self._parts.nodes, slice(0, self._parts.layout.n_free)
        rho = self._stencil.R[: self._stencil.pairs, : self._gdim]
        inside = ~self._stencil.across[: len(rho)]  # bonds within a sublattice: the others know of the shifts, too
        r = int(np.argmax(np.where(inside, (rho**2).sum(1), 0.0)))
        excess = 0.5 * float(t[free, r] @ (self._parts.X[free, : self._gdim] @ rho[r])) / float(rho[r] @ rho[r])
        blend = nodes.weight * (1.0 - nodes.weight)
        fields = [term.field for term in self._shared.continuum((blend > 0).astype(float))]
        volume = sum(float(blend[f.cells] @ f.omega.sum(1)) for f in fields) / self._cell_volume
        excess, volume = self._parts.layout.comm.allreduce(np.array([excess, volume])).tolist()
        if volume == 0.0:
            return nodes.weight
        log.info("cell weights in the handshake change by %.2g: %.2g sites less", -excess / volume, excess)
        return nodes.weight - excess / volume * blend


def check_patch(shared: Ingredients, grac: Grac, coupling: Coupling) -> None:
    """Refuse a coupling with ghost forces outside the core of the perfect crystal at a general strain. Collective."""
    parts, material, F0 = shared.parts, shared.perfect.material, shared.perfect.F0
    layout, d, m = parts.layout, parts.nodes.space.mesh.geometry.dim, parts.layout.components
    nn = material.crystal.nearest_neighbour_distance
    H = np.zeros((3, 3))
    H[:m, :d] = F0[:m, :m] @ PATCH_STRAIN[:m, :d]
    u = parts.affine(H, material.relaxed_shifts((F0 + H)[None])[0])
    q, g = layout.create_unknowns(), layout.create_unknowns()
    q.array[:] = u[: layout.n_free].ravel()
    coupling.impose(Load(prescribed=u[layout.n_free :]))
    coupling.energy_gradient(q, g)
    coupling.impose(Load.none(layout))
    # far away cells are large, and so is the rounding of what cancels at their nodes
    rounding = np.maximum(np.linalg.norm(parts.X[: layout.n_free], axis=1) / (100.0 * nn), 1.0) ** (d - 1)
    forces = (np.abs(g.array_r.reshape(-1, m)) / rounding[:, None])[grac.outside]
    largest = float(layout.comm.allreduce(forces.max(initial=0.0), op=MPI.MAX))
    unit = material.elastic_tensor()[0, 0] / GPA * nn ** (1 if material.crystal.dimension == 2 else 2)
    allowed = PATCH_TOLERANCE * max(10.0, unit)
    if not largest < allowed:
        advice = coupling.complaint or "keep vacancies and free surfaces away from the handshake"
        raise ReconstructionError(
            f"bgrac fails its own patch test: the largest ghost force at a general strain of 2 % is {largest:.2g} eV/A and "
            f"must be below {allowed:.2g} eV/A; {advice}, or use bgfc"
        )
