"""The continuum term where inner shifts are nodal unknowns: sum over quadrature points of omega_k W(F_k, p_k)."""

from __future__ import annotations

import basix
import numpy as np
from dolfinx import fem

from atomistics.kernels import elements

from .cauchy_born import CauchyBornMaterial
from .mesh.interpolation import cell_vertices
from .shifts import ShiftDerivatives, independent


class ShiftedContinuumEnergy:
    """E(u, p) = sum_k omega_k W(F0 + grad u, p), on the cells of this rank with omega > 0.

    Atom a of a cell whose centroid is X_c sits at y = F0 (X_c + b_a) + u(X_c) + p_a(X_c), sum_a p_a = 0: as a slaved
    atom does, so that atoms and continuum of a matching mesh move alike. In the Cauchy-Born shifts of W, which are
    measured from F X, these are p_a - (F - F0) b_a.

    With linear elements W is sampled at the vertices of each cell: one point in the middle would leave shifts
    without stiffness that vanish there.

    Parameters
    ----------
    space : dolfinx.fem.FunctionSpace
        Of the displacement, order 1 or 2 on simplices.
    shift_space : dolfinx.fem.FunctionSpace
        Linear space on the same mesh: its blocks number the vertices.
    material : CauchyBornMaterial
        With more than one atom a cell.
    weight : (n_cells,) ndarray
        Factor of each local cell, 0 where this term has no part, A (2-D and 3-D: no thickness).
    F0 : (3, 3) ndarray
        Macroscopic deformation gradient.

    Attributes
    ----------
    dofs : (n, n_local) int64 ndarray
        Variables that each active cell touches: blocks of ``space``, then n_basis - 1 shifts pi_m = p_m - p_0 of each vertex,
        counted from ``n_nodes`` on.
    X : (n_nodes, gdim) ndarray
        Where the blocks of ``space`` are, A.
    n_nodes, n_blocks : int
        Local blocks of the displacement, and all variables.

    References
    ----------
    E. B. Tadmor, G. S. Smith, N. Bernstein & E. Kaxiras, Phys. Rev. B 59 (1999) 235.
    D. Olson, X. Li, C. Ortner & B. Van Koten, Math. Comp. 88 (2019) 1 (blending for multilattices).
    """

    name = "shifts"

    def __init__(
        self,
        space: fem.FunctionSpace,
        shift_space: fem.FunctionSpace,
        material: CauchyBornMaterial,
        weight: np.ndarray,
        F0: np.ndarray,
    ) -> None:
        self.material, self.F0 = material, np.array(F0, dtype=float)
        self._n = material.n_basis - 1
        self.n_nodes = _local_blocks(space)
        self.n_blocks = self.n_nodes + self._n * _local_blocks(shift_space)
        self.cells = np.flatnonzero(weight > 0)
        vertices = np.asarray(shift_space.dofmap.list)[self.cells]
        shifts = self.n_nodes + self._n * vertices[:, :, None] + np.arange(self._n)
        nodes = np.asarray(space.dofmap.list)[self.cells]
        self._nodes, self._nd = nodes, nodes.shape[1]
        self.dofs = np.hstack([nodes, shifts.reshape(len(nodes), self._n * vertices.shape[1])]).astype(np.int64)
        self.X = space.tabulate_dof_coordinates()[:, : space.mesh.geometry.dim]
        self._integrate(space, weight)
        table = self._shift_table
        used = np.kron(np.abs(table).T @ np.abs(table), np.ones((self._n, self._n))) > 1e-12
        self._pairs = np.ones((self.dofs.shape[1],) * 2, dtype=bool)
        self._pairs[self._nd :, self._nd :] = used
        self.reference_density = float(material.energy_density(np.eye(3)[None])[0])
        self._offset = material.crystal.cell_offsets
        self._chain = _chain(self._offset)
        self._components = space.dofmap.index_map_bs
        self._known_strains: dict[int, np.ndarray] = {}

    def _integrate(self, space: fem.FunctionSpace, weight: np.ndarray) -> None:
        """Quadrature weights, gradients of the displacement's basis, values of the shifts' basis."""
        mesh, degree = space.mesh, space.element.basix_element.degree
        gdim, kind = mesh.geometry.dim, basix.CellType[mesh.topology.cell_name()]
        if degree == 1:
            points = np.vstack([np.zeros(gdim), np.eye(gdim)])
            rule = np.full(gdim + 1, basix.make_quadrature(kind, 0)[1].sum() / (gdim + 1))
        else:
            points, rule = basix.make_quadrature(kind, 2 * (degree - 1))
        self._shift_table = np.column_stack([1.0 - points.sum(1), points])
        x = mesh.geometry.x[cell_vertices(mesh)[self.cells]][:, :, :gdim]
        jacobian = np.swapaxes(x[:, 1:] - x[:, :1], 1, 2)
        self.values, *table = space.element.basix_element.tabulate(1, points)[:, :, :, 0]
        inverse = np.linalg.inv(jacobian) if len(x) else jacobian
        self.gradients = np.ascontiguousarray(np.einsum("jqa,cji->cqai", np.array(table), inverse))
        measure = np.abs(np.linalg.det(jacobian)) if len(x) else np.empty(0)
        self.weight = weight[self.cells]
        self.omega = (self.weight * measure)[:, None] * rule

    def energy(self, z: np.ndarray) -> float:
        """Energy of this rank's cells minus that of the perfect crystal, eV, for variables z (n_blocks, components) in A."""
        W = self.material.energy_density(*self._state(z))
        return float(self.omega.ravel() @ (W - self.reference_density))

    def energy_gradient(self, z: np.ndarray) -> tuple[float, np.ndarray]:
        """As `energy`, and the gradient (n_blocks, components), eV/A, from this rank's cells."""
        m, (n, q) = z.shape[1], self.omega.shape
        d = self.material.derivatives(*self._state(z), second=False)
        g = np.concatenate([d.dF.reshape(-1, 9), d.dp.reshape(-1, 3 * (self._n + 1))], axis=1) @ self._chain
        dF = np.ascontiguousarray(g[:, :9]).reshape(n, q, 3, 3)
        dp = g[:, 9:].reshape(n, q, self._n, 3)[..., :m]
        out = np.zeros_like(z)
        elements.nodal_forces(dF, self.omega, self._nodes, self.gradients, out)
        shifts = np.einsum("cq,qv,cqsm->cvsm", self.omega, self._shift_table, dp, optimize=True)
        np.add.at(out, self.dofs[:, self._nd :].ravel(), shifts.reshape(-1, m))
        return float(self.omega.ravel() @ (d.W - self.reference_density)), out

    def cauchy_stress(self, z: np.ndarray) -> np.ndarray:
        """(n, 3, 3) Cauchy stress of the active cells, mean over their points, eV/A^3 (2-D: eV/A^2).

        It is the virial of a cell of atoms over its volume, (dW/dF F^T + sum_a dW/dp_a p_a^T) / det F: symmetric also where
        the shifts are not at rest.
        """
        F, p = self._state(z)
        d = self.material.derivatives(F, p, second=False)
        tau = d.dF @ F.swapaxes(1, 2) + np.einsum("kai,kaj->kij", d.dp, p)
        points = (tau / np.linalg.det(F)[:, None, None]).reshape(*self.omega.shape, 3, 3)
        mean: np.ndarray = np.einsum("cq,cqij->cij", self.omega, points) / self.omega.sum(1)[:, None, None]
        return mean

    def pattern(self) -> tuple[np.ndarray, np.ndarray]:
        """Row and column variables of ``hessian_blocks``; blocks of neighbouring cells repeat and add up."""
        a, b = np.nonzero(self._pairs)
        return self.dofs[:, a].ravel(), self.dofs[:, b].ravel()

    def hessian_blocks(self, z: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """(n_pairs, components, components) blocks in the order of ``pattern``, eV/A^2; new, or written over ``out``."""
        m, (n, q) = z.shape[1], self.omega.shape
        B = self._strains(m)
        H = self._chain.T @ _matrix(self.material.derivatives(*self._state(z))) @ self._chain
        H = H.reshape(n, q, *H.shape[1:]) * self.omega[:, :, None, None]
        L, s = self.dofs.shape[1], B.shape[2]
        points = [part.reshape(n, q * s, L * m) for part in (B, H @ B)]  # one product a cell sums over its points
        K = points[0].swapaxes(1, 2) @ points[1]
        return np.positive(K.reshape(n, (L * m) ** 2).take(self._places(m), axis=1).reshape(-1, m, m), out=out)

    def _places(self, m: int) -> np.ndarray:
        """Where the entries of the blocks of `pattern` are in a cell's matrix (n_local m, n_local m)."""
        a, b = np.nonzero(self._pairs)
        row, column = (m * block[:, None] + np.arange(m) for block in (a, b))
        return (row[:, :, None] * (m * len(self._pairs)) + column[:, None, :]).ravel()

    def _state(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """F (k, 3, 3) and Cauchy-Born shifts (k, n_basis, 3) at all quadrature points."""
        n, q = self.omega.shape
        m, local = z.shape[1], z[self.dofs]
        F = np.empty((n, q, 3, 3))
        elements.deformation_gradients(z, self._nodes, self.gradients, self.F0, F)
        shifts = np.zeros((n, q, self._n, 3))
        nodal = local[:, self._nd :].reshape(n, self._shift_table.shape[1], self._n, m)
        shifts[..., :m] = np.einsum("qv,cvsm->cqsm", self._shift_table, nodal)
        p = independent(self._n + 1) @ shifts - np.einsum("cqij,aj->cqai", F - self.F0, self._offset)
        return F.reshape(-1, 3, 3), p.reshape(-1, self._n + 1, 3)

    def _strains(self, m: int) -> np.ndarray:
        """(n, q, 9 + 3 (n_basis - 1), n_local m) derivatives of F and of the interpolated shifts by a cell's variables, kept."""
        if m not in self._known_strains:
            self._known_strains[m] = self._strains_anew(m)
        return self._known_strains[m]

    def _strains_anew(self, m: int) -> np.ndarray:
        n, q = self.omega.shape
        d = self.gradients.shape[-1]
        nodes = np.zeros((n, q, 3, 3, self._nd, m))
        for i in range(m):
            nodes[:, :, i, :d, :, i] = self.gradients.swapaxes(2, 3)
        size = 3 * self._n
        shifts = np.einsum("qv,st,ij->qsivtj", self._shift_table, np.eye(self._n), np.eye(3)[:, :m])
        B = np.zeros((n, q, 9 + size, self.dofs.shape[1] * m))
        B[:, :, :9, : self._nd * m] = nodes.reshape(n, q, 9, self._nd * m)
        B[:, :, 9:, self._nd * m :] = shifts.reshape(q, size, -1)
        return B


def _local_blocks(space: fem.FunctionSpace) -> int:
    return int(space.dofmap.index_map.size_local + space.dofmap.index_map.num_ghosts)


def _matrix(d: ShiftDerivatives) -> np.ndarray:
    """(k, 9 + 3 n_basis, 9 + 3 n_basis) second derivatives by (F, p)."""
    k, n = d.dp.shape[:2]
    FF, Fp, pp = d.dFdF.reshape(k, 9, 9), d.dFdp.reshape(k, 9, 3 * n), d.dpdp.reshape(k, 3 * n, 3 * n)
    return np.concatenate([np.concatenate([FF, Fp], axis=2), np.concatenate([Fp.swapaxes(1, 2), pp], axis=2)], axis=1)


def _chain(offset: np.ndarray) -> np.ndarray:
    """(9 + 3 n_basis, 9 + 3 (n_basis - 1)) derivative of F and p_a - (F - F0) b_a by F and the independent shifts."""
    n, eye = len(offset), np.eye(3)
    T = np.zeros((9 + 3 * n, 9 + 3 * (n - 1)))
    T[:9, :9] = np.eye(9)
    T[9:, :9] = -np.einsum("xi,aj->axij", eye, offset).reshape(3 * n, 9)
    T[9:, 9:] = np.kron(independent(n), eye)
    return T
