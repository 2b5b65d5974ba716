"""The Cauchy-Born material: the continuum that deforms like the perfect crystal of the same site potential."""

from __future__ import annotations

import numpy as np

from atomistics import Crystal, SitePotential

GPA = 160.21766208  # 1 eV/A^3
VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))


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
        self._reach, self._bonds = 0.0, np.empty((0, 3))
        self._stretch_to(1.0 / 1.06)

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
        self._check(F)
        types = np.full(len(self._bonds), self._type, dtype=np.int32)
        W, P, C = self.potential.cauchy_born(self._bonds, types, self._type, F, second)
        v = self.volume
        return W / v, P / v, C / v

    def _check(self, F: np.ndarray) -> None:
        """Refuse what is not a deformation; widen the stencil where a strong compression brings more atoms into range."""
        if not len(F):
            return
        J = np.linalg.det(F)
        if not np.isfinite(F).all() or not (J > 1e-6).all():
            bad = int(np.flatnonzero(~(np.isfinite(J) & (J > 1e-6)))[0]) if len(J) else 0
            raise ValueError(
                f"a deformation gradient must have a positive determinant, got det F = {J[bad]:.3g} for F = {F[bad].tolist()}"
            )
        E = np.einsum("kia,kib->kab", F, F)
        if np.abs(E - np.eye(3)).max() > 0.05:  # smallest stretch below 0.974 only then
            self._stretch_to(float(np.sqrt(np.linalg.eigvalsh(E).min())))

    def _stretch_to(self, smallest: float) -> None:
        """Stencil that is complete down to this smallest principal stretch."""
        reach = self.potential.cutoff / smallest
        if self.potential.fixed_topology:
            reach = self.potential.cutoff
        if reach > self._reach:
            self._reach = reach * 1.02
            if self.potential.fixed_topology:
                self._reach = reach
            self._bonds = self.crystal.stencil(self._reach)
