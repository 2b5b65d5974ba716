"""The continuum term: sum over quadrature points of omega_k W(F_k), with gradient and element blocks of the Hessian.

DOLFINx gives mesh, degrees of freedom, basis functions and quadrature; the contraction with the numpy arrays P and C
of the Cauchy-Born material is a compiled loop here. A generated form would need a C compiler and 10-20 s of
compilation on the user's machine, for the same sum over fewer cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from functools import cached_property

import basix
import numpy as np
from dolfinx import fem

from atomistics.kernels import elements

from .cauchy_born import CauchyBornMaterial
from .mesh.interpolation import cell_vertices

CHUNK = 16384
"""Cells whose stiffness is worked out at once."""
LARGE_CHUNK = 262144
"""Cells whose energy and stress are worked out at once: the material remembers the shifts of the last ones only."""


class ContinuumEnergy:
    """E(u) = sum_k omega_k W(F0 + grad u), on the cells of this rank with omega > 0.

    Parameters
    ----------
    space : dolfinx.fem.FunctionSpace
        Vector Lagrange space of order 1 or 2 on simplices; two components in 2-D, three in 2.5-D and 3-D.
    material : CauchyBornMaterial
    weight : (n_cells,) ndarray
        Factor of each local cell: mean blending weight times thickness along the front, A (2-D and 3-D: no thickness).
    F0 : (3, 3) ndarray
        Macroscopic deformation gradient.
    linear : (n_cells,) bool ndarray, optional
        Cells whose displacement is known to be linear: W is worked out at one of their points and is that of all.

    Attributes
    ----------
    dofs : (n, n_dofs) int32 ndarray
        Blocks of the space that each active cell touches.
    X : (n_blocks, gdim) ndarray
        Where the blocks of the space are, A.
    weight : (n,) ndarray
        Factors of the active cells.
    omega : (n, n_points) ndarray
        Quadrature weight times cell factor, A^3 (2-D: A^2).
    gradients : (n, n_points, n_dofs, gdim) ndarray
        Gradients of the basis functions, 1/A.
    values : (n_points, n_dofs) ndarray
        Values of the basis functions.
    n_blocks : int
        Local blocks of the space, ghosts included.
    """

    name = "continuum"

    def __init__(
        self,
        space: fem.FunctionSpace,
        material: CauchyBornMaterial,
        weight: np.ndarray,
        F0: np.ndarray,
        linear: np.ndarray | None = None,
    ) -> None:
        mesh = space.mesh
        self.material = material
        self.F0 = np.array(F0, dtype=float)
        self.components = space.dofmap.index_map_bs
        self.n_blocks = space.dofmap.index_map.size_local + space.dofmap.index_map.num_ghosts
        self.cells = np.flatnonzero(weight > 0)
        self.dofs = np.asarray(space.dofmap.list)[self.cells]
        gdim = mesh.geometry.dim
        self.X = space.tabulate_dof_coordinates()[:, :gdim]
        points, rule = basix.make_quadrature(
            basix.CellType[mesh.topology.cell_name()], 2 * (space.element.basix_element.degree - 1)
        )
        x = mesh.geometry.x[cell_vertices(mesh)[self.cells]][:, :, :gdim]
        jacobian = np.swapaxes(x[:, 1:] - x[:, :1], 1, 2)
        self.values, *table = space.element.basix_element.tabulate(1, points)[:, :, :, 0]
        inverse = np.linalg.inv(jacobian) if len(x) else jacobian
        self.gradients = np.ascontiguousarray(np.einsum("jqa,cji->cqai", np.array(table), inverse))
        measure = np.abs(np.linalg.det(jacobian)) if len(x) else np.empty(0)
        self._measure = measure[:, None] * rule
        self.weight = weight[self.cells]
        self.omega = self.weight[:, None] * self._measure
        if isinstance(material, CauchyBornMaterial):
            material.expect(mesh.topology.index_map(gdim).size_global * len(points))
        self._linear = None if linear is None or self.omega.shape[1] == 1 else linear[self.cells]
        self.reference_density = float(material.energy_density(np.eye(3)[None])[0])

    def weighted(self, weight: np.ndarray) -> ContinuumEnergy:
        """The same with other factors (n_cells,), positive on the same cells: what is known of the cells is shared, most of the memory."""
        other = copy(self)
        other.weight = weight[self.cells]
        other.omega = other.weight[:, None] * self._measure
        return other

    def deformation_gradient(self, u: np.ndarray, cells: slice = slice(None)) -> np.ndarray:
        """F at the quadrature points of ``cells``, (n, n_points, 3, 3), for nodal displacements u (n_blocks, components) in A."""
        gradients = self.gradients[cells]
        F = np.empty((*gradients.shape[:2], 3, 3))
        elements.deformation_gradients(u, self.dofs[cells], gradients, self.F0, F)
        return F

    def energy(self, u: np.ndarray) -> float:
        """Energy of this rank's cells minus that of the perfect crystal, eV."""
        total = 0.0
        for here in self._chunks(LARGE_CHUNK):
            F, same = self._sampled(u, here)
            W = self.material.energy_density(F)[same]
            total += float(self.omega[here].ravel() @ (W - self.reference_density))
        return total

    def energy_gradient(self, u: np.ndarray) -> tuple[float, np.ndarray]:
        """As `energy`, and the gradient (n_blocks, components), eV/A, from this rank's cells."""
        total, g = 0.0, np.zeros_like(u)
        for here in self._chunks(LARGE_CHUNK):
            omega = self.omega[here]
            F, same = self._sampled(u, here)
            W, P = (part[same] for part in self.material.energy_and_stress(F))
            P = np.ascontiguousarray(P).reshape(*omega.shape, 3, 3)
            elements.nodal_forces(P, omega, self.dofs[here], self.gradients[here], g)
            total += float(omega.ravel() @ (W - self.reference_density))
        return total, g

    def cauchy_stress(self, u: np.ndarray) -> np.ndarray:
        """(n, 3, 3) Cauchy stress P F^T / det F of the active cells, mean over their points, eV/A^3 (2-D: eV/A^2)."""
        out = np.empty((len(self.cells), 3, 3))
        for here in self._chunks(LARGE_CHUNK):
            F, same = self._sampled(u, here)
            tau = self.material.stress(F) @ F.swapaxes(1, 2)
            points = (tau / np.linalg.det(F)[:, None, None])[same].reshape(*self.omega[here].shape, 3, 3)
            out[here] = np.einsum("cq,cqij->cij", self.omega[here], points) / self.omega[here].sum(1)[:, None, None]
        return out

    def pattern(self) -> tuple[np.ndarray, np.ndarray]:
        """Row and column blocks of ``hessian_blocks``, each pair once."""
        names, _ = self._pairs_of_all
        return self._split(names)

    def hessian_blocks(self, u: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """(n_pairs, components, components) blocks in the order of ``pattern``, eV/A^2, summed over this rank's cells.

        New, or written over ``out``.
        """
        (names, pair), m = self._pairs_of_all, u.shape[1]
        blocks = np.empty((len(names), m, m)) if out is None else out
        blocks[:] = 0.0
        for here in self._chunks(CHUNK):
            self._add_stiffness(u, here, pair[here], blocks)
        return blocks

    def pattern_chunks(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Pairs of blocks that share one of some cells, each once; other cells may have the same."""
        return (self._split(self._pairs(here)[0]) for here in self._chunks(CHUNK))

    def hessian_chunks(self, u: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """As `pattern_chunks`, with (n_pairs, components, components) blocks summed over these cells, eV/A^2; nothing is kept."""
        for here in self._chunks(CHUNK):
            names, pair = self._pairs(here)
            blocks = np.zeros((len(names), u.shape[1], u.shape[1]))
            self._add_stiffness(u, here, pair, blocks)
            yield *self._split(names), blocks

    def _add_stiffness(self, u: np.ndarray, here: slice, pair: np.ndarray, blocks: np.ndarray) -> None:
        """Add what some cells' dofs have between them to the blocks of their pairs, eV/A^2."""
        F, same = self._sampled(u, here)
        C = np.ascontiguousarray(self.material.tangent(F)[same]).reshape(*self.omega[here].shape, 3, 3, 3, 3)
        elements.add_stiffness(C, self.omega[here], self.gradients[here], pair, blocks)

    def _sampled(self, u: np.ndarray, cells: slice) -> tuple[np.ndarray, np.ndarray | slice]:
        """F (k, 3, 3) where the material is asked, and which of these each quadrature point of ``cells`` has."""
        F = self.deformation_gradient(u, cells)
        if self._linear is None:
            return F.reshape(-1, 3, 3), slice(None)
        first = self._linear[cells][:, None]
        asked = ~first | (np.arange(F.shape[1]) == 0)
        number = np.cumsum(asked).reshape(asked.shape) - 1
        return F[asked], np.where(first, number[:, :1], number).ravel()

    def _chunks(self, size: int) -> list[slice]:
        return [slice(begin, begin + size) for begin in range(0, len(self.dofs), size)]

    def _split(self, names: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Row and column blocks of pairs by number."""
        row, column = np.divmod(names, self.n_blocks)
        return row, column

    def _pairs(self, here: slice) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of some cells as numbers row * n_blocks + column, each once, and which (n, n_dofs, n_dofs) of these the cells have."""
        dofs = self.dofs[here]
        names, pair = np.unique(dofs[:, :, None].astype(np.int64) * self.n_blocks + dofs[:, None, :], return_inverse=True)
        return names, pair.astype(np.int32).reshape(*dofs.shape, dofs.shape[1])

    @cached_property
    def _pairs_of_all(self) -> tuple[np.ndarray, np.ndarray]:
        """As `_pairs`, of all cells: of tetrahedra six share a pair."""
        return self._pairs(slice(None))
