"""The Cauchy-Born material: the continuum that deforms like the perfect crystal of the same site potential."""

from __future__ import annotations

import numpy as np

from atomistics import Crystal, SitePotential
from atomistics.kernels import elements
from atomistics.potentials.forces_only import ForcesOnly

from .cell_sites import STENCIL_MARGIN, CellSite, sites_of_cell
from .cell_table import CellTable
from .resting_shifts import InadmissibleDeformationError, RestingShifts
from .shifts import ShiftDerivatives, blocks, joined, largest_gap

GPA = 160.21766208  # 1 eV/A^3
VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
SMALLEST_STRETCH = 0.05
"""A stencil complete at this stretch has about a million bonds; below, the input is a mistake."""
CHUNK = 1000
"""Points whose shifts are relaxed at once: their second derivatives, 2 kB a point with two atoms a cell, should stay in the cache."""
MANY = 256
"""Points whose relaxation begins at a polynomial of the strain: it is fitted once to some 800 others."""


class CauchyBornMaterial:
    """W(F, p) = sum_a V_a(F R + p_b - p_a) / v0, with first Piola-Kirchhoff stress and tangent.

    Atoms of the cell sit at F X_a + p_a. The inner shifts p (n, n_basis, 3) in A are given, or relaxed for each F when
    left out: W(F) = min over p of W(F, p). A Bravais crystal has none.

    Parameters
    ----------
    crystal : Crystal
        2-D crystals have W per area.
    potential : SitePotential

    Attributes
    ----------
    volume : float
        Volume of a primitive cell in the reference crystal, A^3 (2-D: A^2).
    n_basis : int
        Atoms of a primitive cell.
    table : CellTable or None
        Of a calculator of forces only.

    References
    ----------
    M. Born & K. Huang, Dynamical Theory of Crystal Lattices (1954); J. L. Ericksen, Math. Mech. Solids 13 (2008) 199.
    E. B. Tadmor, G. S. Smith, N. Bernstein & E. Kaxiras, Phys. Rev. B 59 (1999) 235 (multilattices).
    """

    def __init__(self, crystal: Crystal, potential: SitePotential) -> None:
        self.crystal = crystal.resolved(potential)
        self.potential = potential
        self.volume = self.crystal.cell_volume
        self.n_basis = len(self.crystal.species)
        self._stencils: dict[float, list[CellSite]] = {}
        self._rest: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None = None
        self._resting, self._many = RestingShifts(self.crystal, self._evaluate), False
        self.table: CellTable | None = None
        if isinstance(potential, ForcesOnly):
            self.table = CellTable(self.crystal, potential)
        if not all(len(site.bonds) for site in self._sites(1.0)):
            nearest = self.crystal.nearest_neighbour_distance
            raise ValueError(
                f"neighbours are {nearest:g} A apart and the potential ends at {potential.cutoff:g} A: check the lattice constant"
            )

    def expect(self, points: int) -> None:
        """Be ready for so many points of all ranks together: how shifts are brought to rest must not depend on a rank's share."""
        self._many = self._many or points >= MANY

    def energy_density(self, F_kij: np.ndarray, shifts: np.ndarray | None = None) -> np.ndarray:
        """W (n,) for deformation gradients (n, 3, 3), eV/A^3 (2-D: eV/A^2); shifts (n, n_basis, 3) relaxed unless given."""
        return self.energy_and_stress(F_kij, shifts)[0]

    def stress(self, F_kij: np.ndarray, shifts: np.ndarray | None = None) -> np.ndarray:
        """First Piola-Kirchhoff stress P = dW/dF (n, 3, 3), eV/A^3."""
        return self.energy_and_stress(F_kij, shifts)[1]

    def tangent(self, F_kij: np.ndarray, shifts: np.ndarray | None = None) -> np.ndarray:
        """dP/dF (n, 3, 3, 3, 3), eV/A^3: at fixed shifts if they are given, else with shifts that stay relaxed."""
        return self.evaluate(F_kij, shifts)[2]

    def energy_and_stress(self, F_kij: np.ndarray, shifts: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """W (n,) and P (n, 3, 3) in one pass."""
        if shifts is not None:
            d = self.derivatives(F_kij, shifts, second=False)
            return d.W, d.dF
        if self.n_basis > 1:
            _, _, W, P = self._at_rest(F_kij)
            return W.copy(), P.copy()
        return self._evaluate(_checked(F_kij), second=False)[:2]

    def evaluate(
        self, F_kij: np.ndarray, shifts: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """W (n,), P (n, 3, 3) and dP/dF (n, 3, 3, 3, 3) in one pass."""
        if shifts is not None:
            d = self.derivatives(F_kij, shifts)
            return d.W, d.dF, d.dFdF
        if self.n_basis > 1:
            F, p, W, P = self._at_rest(F_kij)
            C = [self.derivatives(F[k], p[k]).condensed() for k in _chunks(len(F))]
            return W.copy(), P.copy(), np.concatenate(C)
        return self._evaluate(_checked(F_kij), second=True)

    def derivatives(self, F_kij: np.ndarray, shifts: np.ndarray, second: bool = True) -> ShiftDerivatives:
        """W(F, p) with first and (if ``second``) second derivatives, for shifts (n, n_basis, 3) that are unknowns."""
        F = _checked(F_kij)
        return blocks(*self._evaluate(joined(F, self._checked_shifts(shifts, len(F))), second))

    def relaxed_shifts(self, F_kij: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
        """(n, n_basis, 3) inner shifts of least energy, with sum zero over the cell, A.

        Newton's method from ``start``, or else from `linear_shifts`.
        """
        F = _checked(F_kij)
        if self.n_basis == 1:
            return np.zeros((len(F), 1, 3))
        if start is None:
            return self._at_rest(F)[1].copy()
        return self._resting.at_rest(F, self._checked_shifts(start, len(F)))[0]

    def linear_shifts(self, F_kij: np.ndarray) -> np.ndarray:
        """(n, n_basis, 3) inner shifts to first order in F - I, A: those of a crystal under small strain."""
        if self.n_basis == 1:
            return np.zeros((len(F_kij), 1, 3))
        return self._resting.linear(F_kij)

    def _at_rest(self, F_kij: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """F, relaxed shifts p, W and P, a chunk of points after another; remembered for the last F: its Hessian follows its gradient."""
        F = _checked(F_kij)
        if self._rest is None or not np.array_equal(self._rest[0], F):
            soon = (self._many or len(F) >= MANY) and self.table is None
            bring = self._resting.soon if soon else self._resting.at_rest
            found = [(p, d.W, d.dF) for p, d in (bring(F[k]) for k in _chunks(len(F)))]
            p, W, P = (np.concatenate(parts) for parts in zip(*found, strict=True))
            self._rest = F.copy(), p, W, P
        return self._rest

    def elastic_tensor(self, relaxed: bool = True) -> np.ndarray:
        """(6, 6) elastic constants in laboratory axes, Voigt order xx yy zz yz xz xy, GPa (2-D: eV/A^2 as eV/A^3).

        Clamped ones (``relaxed=False``) let the atoms of the cell follow the strain; a Bravais crystal has no others.
        """
        return self._voigt(np.eye(3), relaxed)

    def elastic_constants(self, relaxed: bool = True) -> np.ndarray:
        """(6, 6) elastic constants in crystal axes, as `elastic_tensor`."""
        return self._voigt(self.crystal.rotation.T, relaxed)

    def _voigt(self, Q: np.ndarray, relaxed: bool) -> np.ndarray:
        """Constants of small strain about the reference, in axes turned by Q; a residual pressure is left out (Born terms)."""
        identity = np.eye(3)[None]
        if relaxed or self.n_basis == 1:
            _, P, A = self.evaluate(identity)
        else:  # shifts turn and stretch with F, so that the cell keeps its fractional coordinates: p = F p0
            G = joined(identity, self.relaxed_shifts(identity))
            _, dG, ddG = self._evaluate(G, second=True)
            P = dG @ G.transpose(0, 2, 1)
            A = np.einsum("kiajb,kca,kdb->kicjd", ddG, G, G, optimize=True)
        C = A[0] - np.einsum("ik,jl->ijkl", np.eye(3), P[0])  # dP/dF of a stressed state holds the stress itself
        C = 0.25 * (C + C.transpose(1, 0, 2, 3) + C.transpose(0, 1, 3, 2) + C.transpose(1, 0, 3, 2))
        C = np.einsum("ai,bj,ck,dl,ijkl->abcd", Q, Q, Q, Q, C, optimize=True)
        return GPA * np.array([[C[i, j, k, l] for k, l in VOIGT] for i, j in VOIGT])

    def _evaluate(self, G_kid: np.ndarray, second: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """W and its derivatives by G = [F | p^T] (n, 3, 3 + n_basis), or by F alone (n, 3, 3) for a Bravais crystal."""
        if self.table is not None:
            self.enlargement(G_kid)
            return self.table(G_kid, second)
        enlargement = self.enlargement(G_kid)
        factors = np.unique(enlargement)
        if len(factors) < 2:
            return self._sum_sites(G_kid, float(factors[0]) if len(factors) else 1.0, second)
        n, d = len(G_kid), G_kid.shape[2]
        W, P, C = np.empty(n), np.empty((n, 3, d)), np.empty((n if second else 0, 3, d, 3, d))
        for factor in factors:
            k = np.flatnonzero(enlargement == factor)
            W[k], P[k], ddW = self._sum_sites(G_kid[k], factor, second)
            if second:
                C[k] = ddW
        return W, P, C

    def _sum_sites(self, G_kid: np.ndarray, factor: float, second: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """W and its derivatives from stencils of one size."""
        total: tuple[np.ndarray, ...] = ()
        for site in self._sites(factor):
            bonds = site.bonds[:, : G_kid.shape[2]]
            try:
                parts = self.potential.cauchy_born(bonds, site.types, site.kind, G_kid, second, site.copies)
            except MemoryError:  # of a trial state far from any crystal: a shorter step has smaller stencils
                if factor == 1.0:
                    raise
                raise InadmissibleDeformationError(f"the neighbours within {factor:.3g} usual stencils do not fit into memory") from None
            for part in parts:
                part *= site.atoms / self.volume
            for whole, part in zip(total, parts, strict=False):
                whole += part
            total = total or parts
        return total[0], total[1], total[2]

    def enlargement(self, G: np.ndarray) -> np.ndarray:
        """(n,) size of the stencil that each G = [F | p^T] needs, in powers of 1.25 of the usual one; refuses what is no deformation."""
        F = np.ascontiguousarray(G[:, :, :3])
        J, strain = np.empty(len(F)), np.empty(len(F))
        elements.measures(F, J, strain)
        bad = np.flatnonzero(~(np.isfinite(J) & (J > 0.0)))
        if len(bad):
            k = bad[0]
            raise InadmissibleDeformationError(
                f"a deformation gradient must be finite with a positive determinant, got F = {F[k].tolist()}, det F = {J[k]:.3g}"
            )
        power = np.zeros(len(F))
        if not self.potential.fixed_topology:
            nearer = 1.0 + largest_gap(G[:, :, 3:].transpose(0, 2, 1)) / self.potential.cutoff
            # no eigenvalue of F^T F is below 1 - |F^T F - I|: most points need no singular values
            strong = np.flatnonzero(1.0 - strain < (nearer / STENCIL_MARGIN) ** 2)
            smallest = np.linalg.svd(F[strong], compute_uv=False)[:, -1] / nearer[strong]
            if (smallest < SMALLEST_STRETCH).any():
                k = strong[np.argmin(smallest)]
                raise InadmissibleDeformationError(
                    f"the smallest stretch must be at least {SMALLEST_STRETCH}, got {smallest.min():.3g} in F = {F[k].tolist()}"
                    + (f" with shifts {G[k, :, 3:].T.tolist()}" if nearer[k] > 1.0 else "")
                )
            power[strong] = np.maximum(np.ceil(np.log(1.0 / (smallest * STENCIL_MARGIN)) / np.log(1.25)), 0.0)
        return 1.25**power

    def _sites(self, factor: float) -> list[CellSite]:
        """Neighbours of the cell's atoms up to ``factor`` times as far as usual."""
        if factor not in self._stencils:
            self._stencils[factor] = sites_of_cell(self.crystal, self.potential, factor)
        return self._stencils[factor]

    def _checked_shifts(self, shifts: np.ndarray, k: int) -> np.ndarray:
        p, expected = np.asarray(shifts, dtype=float), (k, self.n_basis, 3)
        if p.shape != expected:
            raise ValueError(
                f"shifts must have shape {expected}, one vector for each of the {self.n_basis} atoms of the cell, got {p.shape}"
            )
        if not np.isfinite(p).all():
            raise InadmissibleDeformationError("shifts must be finite numbers, got nan or inf")
        return p


def _checked(F_kij: np.ndarray) -> np.ndarray:
    F = np.asarray(F_kij, dtype=float)
    if F.ndim != 3 or F.shape[1:] != (3, 3):
        raise ValueError(f"deformation gradients must have shape (n, 3, 3), got {F.shape}")
    return F


def _chunks(n: int) -> list[slice]:
    return [slice(begin, begin + CHUNK) for begin in range(0, max(n, 1), CHUNK)]
