"""The Cauchy-Born material: the continuum that deforms like the perfect crystal of the same site potential."""

from __future__ import annotations

import numpy as np

from atomistics import Crystal, SitePotential

GPA = 160.21766208  # 1 eV/A^3
VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
STENCIL_MARGIN = 1.08
"""The usual stencil holds bonds up to this many cutoffs: complete down to stretches of 0.926."""
NEAR_IDENTITY = 0.04
"""With no entry of F^T F - I above this, no stretch is below (1 - 3 * 0.04)^(1/2) = 0.938."""
SMALLEST_STRETCH = 0.05
"""A stencil complete at this stretch has about a million bonds; below, the input is a mistake."""


class InadmissibleDeformationError(ValueError):
    """A deformation gradient that turns the material inside out, or is not a number."""


class CauchyBornMaterial:
    """W(F) = V(F R) / v0, with first Piola-Kirchhoff stress and tangent.

    Parameters
    ----------
    crystal : Crystal
        One atom per cell; 2-D crystals have W per area.
    potential : SitePotential

    Attributes
    ----------
    volume : float
        Volume of a site in the reference crystal, A^3 (2-D: A^2).

    References
    ----------
    M. Born & K. Huang, Dynamical Theory of Crystal Lattices (1954); J. L. Ericksen, Math. Mech. Solids 13 (2008) 199.
    """

    def __init__(self, crystal: Crystal, potential: SitePotential) -> None:
        self.crystal = crystal.resolved(potential)
        if len(self.crystal.species) != 1:
            raise ValueError(
                f"the crystal has {len(self.crystal.species)} atoms per cell: multilattices need inner shifts, which are not supported yet"
            )
        self.potential = potential
        self.volume = self.crystal.cell_volume
        self._type = int(potential.types_of(self.crystal.species)[0])
        self._stencils: dict[float, np.ndarray] = {}
        if not len(self._bonds(1.0)):
            d, cutoff = self.crystal.nearest_neighbour_distance, potential.cutoff
            raise ValueError(
                f"neighbours are {d:g} A apart and the potential ends at {cutoff:g} A: check the lattice constant"
            )

    def energy_density(self, F_kij: np.ndarray) -> np.ndarray:
        """W (n,) for deformation gradients (n, 3, 3), eV/A^3 (2-D: eV/A^2)."""
        return self.energy_and_stress(F_kij)[0]

    def stress(self, F_kij: np.ndarray) -> np.ndarray:
        """First Piola-Kirchhoff stress P = dW/dF (n, 3, 3), eV/A^3."""
        return self.energy_and_stress(F_kij)[1]

    def tangent(self, F_kij: np.ndarray) -> np.ndarray:
        """dP/dF (n, 3, 3, 3, 3), eV/A^3."""
        return self.evaluate(F_kij)[2]

    def energy_and_stress(self, F_kij: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """W (n,) and P (n, 3, 3) in one pass."""
        return self._evaluate(F_kij, second=False)[:2]

    def evaluate(self, F_kij: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """W (n,), P (n, 3, 3) and dP/dF (n, 3, 3, 3, 3) in one pass."""
        return self._evaluate(F_kij, second=True)

    def elastic_tensor(self) -> np.ndarray:
        """(6, 6) elastic constants in laboratory axes, Voigt order xx yy zz yz xz xy, GPa (2-D: eV/A^2 as eV/A^3)."""
        return self._voigt(np.eye(3))

    def elastic_constants(self) -> np.ndarray:
        """(6, 6) elastic constants in crystal axes, Voigt order xx yy zz yz xz xy, GPa (2-D: eV/A^2 as eV/A^3)."""
        return self._voigt(self.crystal.rotation.T)

    def _voigt(self, Q: np.ndarray) -> np.ndarray:
        """Constants of small strain about the reference, in axes turned by Q; a residual pressure is left out (Born terms)."""
        _, P, A = self.evaluate(np.eye(3)[None])
        C = A[0] - np.einsum("ik,jl->ijkl", np.eye(3), P[0])  # dP/dF of a stressed state holds the stress itself
        C = 0.25 * (C + C.transpose(1, 0, 2, 3) + C.transpose(0, 1, 3, 2) + C.transpose(1, 0, 3, 2))
        C = np.einsum("ai,bj,ck,dl,ijkl->abcd", Q, Q, Q, Q, C, optimize=True)
        return GPA * np.array([[C[i, j, k, l] for k, l in VOIGT] for i, j in VOIGT])

    def _evaluate(self, F_kij: np.ndarray, second: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        F = np.asarray(F_kij, dtype=float)
        if F.ndim != 3 or F.shape[1:] != (3, 3):
            raise ValueError(f"deformation gradients must have shape (n, 3, 3), got {F.shape}")
        enlargement = self._enlargement(F)
        n = len(F)
        W, P, C = np.empty(n), np.empty((n, 3, 3)), np.empty((n if second else 0, 3, 3, 3, 3))
        for factor in np.unique(enlargement):
            k = np.flatnonzero(enlargement == factor) if len(enlargement) > 1 else np.arange(1)
            bonds = self._bonds(factor)
            types = np.full(len(bonds), self._type, dtype=np.int32)
            W[k], P[k], some = self.potential.cauchy_born(bonds, types, self._type, F[k], second)
            if second:
                C[k] = some
        return W / self.volume, P / self.volume, C / self.volume

    def _enlargement(self, F: np.ndarray) -> np.ndarray:
        """Size of the stencil that each F needs, in powers of 1.25 of the usual one; refuses what is no deformation."""
        J = np.linalg.det(F)
        bad = np.flatnonzero(~(np.isfinite(J) & (J > 0.0)))
        if len(bad):
            k = bad[0]
            raise InadmissibleDeformationError(
                f"a deformation gradient must be finite with a positive determinant, got F = {F[k].tolist()}, det F = {J[k]:.3g}"
            )
        power = np.zeros(len(F))
        if not self.potential.fixed_topology:
            E = np.einsum("kia,kib->kab", F, F)
            strong = np.flatnonzero(np.abs(E - np.eye(3)).max((1, 2), initial=0.0) > NEAR_IDENTITY)
            smallest = np.linalg.svd(F[strong], compute_uv=False)[:, -1]
            if (smallest < SMALLEST_STRETCH).any():
                k = strong[np.argmin(smallest)]
                raise InadmissibleDeformationError(
                    f"the smallest stretch must be at least {SMALLEST_STRETCH}, got {smallest.min():.3g} in F = {F[k].tolist()}"
                )
            power[strong] = np.maximum(np.ceil(np.log(1.0 / (smallest * STENCIL_MARGIN)) / np.log(1.25)), 0.0)
        return 1.25**power

    def _bonds(self, factor: float) -> np.ndarray:
        """Bonds of a site up to ``factor`` times the usual reach; only reference neighbours where the topology is fixed."""
        if factor not in self._stencils:
            margin = 1.0 if self.potential.fixed_topology else STENCIL_MARGIN * factor
            self._stencils[factor] = self.crystal.stencil(self.potential.cutoff * margin)
        return self._stencils[factor]
