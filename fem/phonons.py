"""Vibrations of a perfect crystal under any deformation: dynamical matrices from its sites' second derivatives, free energy.

A wave is a linear unknown like the strain: the generalised bonds of the Cauchy-Born material get a column for the cosine and one for
the sine of each sublattice's wave, and the same kernels give the second derivatives by their amplitudes, of every potential.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from atomistics.species import atomic_mass
from atomistics.units import AMU, KB, QUANTUM

from .brillouin import wave_vectors
from .cauchy_born import CauchyBornMaterial
from .cell_sites import CellSite, every_site

SOFT = 1e-9
"""Eigenvalues below this part of the largest one are no vibrations."""

Share = Callable[[int, Callable[[int], np.ndarray]], list[np.ndarray]]
"""Who works out the results of ``work(0 .. n - 1)``, all of them in order; see `alone`."""


class UnstableCrystalError(ValueError):
    """A wave under which the crystal's energy falls: its frequency is imaginary."""


def alone(n: int, work: Callable[[int], np.ndarray]) -> list[np.ndarray]:
    """All results, one after the other."""
    return [work(i) for i in range(n)]


class Vibrations:
    """Waves u_c(X) = Re(v_c exp(i k.X)) of a crystal's sublattices, and what they add to its free energy.

    Parameters
    ----------
    material : CauchyBornMaterial
        Of a potential with energies of sites.
    masses : (n_basis,) array_like, optional
        amu; standard atomic weights by default, 1 of what is no element.
    mesh : tuple of (n, 3) and (n,) ndarray, optional
        Wave vectors in 1/A, of the reference crystal, and their weights; `wave_vectors` by default.

    Attributes
    ----------
    k, weights : ndarray
    modes : int
        Vibrations of a wave vector: three for each atom of the cell, two in a sheet, whose atoms stay in its plane.

    References
    ----------
    M. Born & K. Huang, Dynamical Theory of Crystal Lattices (1954), chapter 5. k.X does not change as the crystal is deformed: it is
    taken in the reference crystal.
    """

    def __init__(
        self,
        material: CauchyBornMaterial,
        masses: Sequence[float] | np.ndarray | None = None,
        mesh: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> None:
        if material.table is not None:
            raise ValueError(
                f"the calculator {material.potential.name} gives forces only, no second derivatives of site energies: "  # type: ignore[attr-defined]
                "vibrations need a potential that has them"
            )
        self.material = material
        species = material.crystal.species
        self.masses = np.array([atomic_mass(name) for name in species] if masses is None else masses, dtype=float)
        if self.masses.shape != (len(species),) or not (np.isfinite(self.masses) & (self.masses > 0)).all():
            raise ValueError(f"masses must be {len(species)} positive numbers, one for each atom of the cell, got {self.masses.tolist()}")
        self.k, self.weights = wave_vectors(material.crystal) if mesh is None else mesh
        self.modes = material.crystal.dimension * len(species)
        self._stencils: dict[float, list[CellSite]] = {}

    def dynamical_matrices(self, F_kij: np.ndarray, k: np.ndarray, shifts: np.ndarray | None = None) -> np.ndarray:
        """D (n, modes, modes) of one wave vector k (3,), without masses, under F (n, 3, 3), eV/A^2, Hermitian.

        D_cc' = sum of d2V / du_c* du_c' over the sites of a cell. Inner shifts (n, n_basis, 3) are relaxed unless given.
        """
        F = np.asarray(F_kij, dtype=float)
        p = self.material.relaxed_shifts(F) if shifts is None else shifts
        n, d = self.material.n_basis, self.material.crystal.dimension
        G = np.concatenate([F, p.transpose(0, 2, 1), np.zeros((len(F), 3, 2 * n))], axis=2)
        enlargement, H = self.material.enlargement(G[:, :, : 3 + n]), np.empty((len(F), 2 * n, 3, 2 * n, 3))
        for factor in np.unique(enlargement):
            here = np.flatnonzero(enlargement == factor)
            H[here] = sum(self._of_site(a, site, G[here], k) for a, site in enumerate(self._sites(float(factor))))
        A, B = slice(0, n), slice(n, None)
        D = H[:, A, :, A] + H[:, B, :, B] + 1j * (H[:, A, :, B] - H[:, B, :, A])
        return np.ascontiguousarray(D[:, :, :d, :, :d]).reshape(len(F), d * n, d * n)

    def _of_site(self, a: int, site: CellSite, G: np.ndarray, k: np.ndarray) -> np.ndarray:
        """(m, 2 n_basis, 3, 2 n_basis, 3) second derivatives of a site's energy by amplitudes of cosines, then of sines."""
        n = self.material.n_basis
        own = np.eye(n)[a]
        ends, phase = site.bonds[:, 3:] + own, site.bonds[:, :3] @ k
        waves = np.hstack([np.cos(phase)[:, None] * ends - own, np.sin(phase)[:, None] * ends])
        bonds = np.ascontiguousarray(np.hstack([site.bonds, waves]))
        second = self.material.potential.cauchy_born(bonds, site.types, site.kind, G)[2]
        return second[:, :, 3 + n :, :, 3 + n :].transpose(0, 2, 1, 4, 3)

    def _sites(self, factor: float) -> list[CellSite]:
        if factor not in self._stencils:
            self._stencils[factor] = every_site(self.material.crystal, self.material.potential, factor)
        return self._stencils[factor]

    def squares(self, F_kij: np.ndarray, k: np.ndarray, shifts: np.ndarray | None = None) -> np.ndarray:
        """(n, modes) eigenvalues of M^-1/2 D M^-1/2 of one wave vector, rising, eV/A^2/amu; negative where it grows by itself."""
        scale = 1.0 / np.sqrt(np.repeat(self.masses, self.material.crystal.dimension))
        D: np.ndarray = np.linalg.eigvalsh(self.dynamical_matrices(F_kij, k, shifts) * scale[:, None] * scale)
        return D

    def eigenvalues(self, F_kij: np.ndarray, shifts: np.ndarray | None = None, share: Share = alone) -> np.ndarray:
        """(n_k, n, modes) `squares` of all wave vectors.

        Parameters
        ----------
        share : callable
            Who works at the wave vectors: `alone`, or `fem.collective.shared_out` of several ranks.

        Raises
        ------
        UnstableCrystalError
            One of them is not positive.
        """
        F = np.asarray(F_kij, dtype=float)
        p = self.material.relaxed_shifts(F) if shifts is None else shifts
        found = np.array(share(len(self.k), lambda i: self.squares(F, self.k[i], p)))
        worst = np.unravel_index(int(found.argmin()), found.shape)
        if found[worst] <= SOFT * found.max():
            raise self._unstable(F[worst[1]], self.k[worst[0]], float(found[worst]))
        return found

    def _unstable(self, F: np.ndarray, k: np.ndarray, square: float) -> UnstableCrystalError:
        crystal, frequency = self.material.crystal, terahertz(np.abs(square))
        assert crystal.a is not None  # resolved
        own = k @ crystal.rotation * crystal.a / (2.0 * np.pi)
        what = f"{crystal.structure} {', '.join(dict.fromkeys(crystal.species))} of a = {crystal.a:.6g} A"
        return UnstableCrystalError(
            f"{what} is unstable under F = {np.round(F, 5).tolist()}: the wave k = {np.round(own, 4).tolist()} (2 pi / a, crystal axes) "
            f"has the imaginary frequency {frequency:.3g}i THz; expected is a crystal at a minimum of its energy"
        )

    def mean_squares(self, F_kij: np.ndarray, share: Share = alone) -> np.ndarray:
        """<u^2> / T (n,) of an atom, the mean of those of the cell, classical, A^2/K: the trace of k_B D^-1. Masses do not enter."""
        F = np.asarray(F_kij, dtype=float)
        p = self.material.relaxed_shifts(F)

        def inverse_trace(i: int) -> np.ndarray:
            return (1.0 / np.linalg.eigvalsh(self.dynamical_matrices(F, self.k[i], p))).sum(1)

        return KB / self.material.n_basis * (self.weights @ np.array(share(len(self.k), inverse_trace)))

    def log_mean(self, eigenvalues: np.ndarray) -> np.ndarray:
        """g (n,) = mean over k of sum_s ln(lambda_s) / 2: kT g and a constant are the classical free energy of a cell."""
        return self.weights @ (0.5 * np.log(eigenvalues).sum(2))

    def free_energy(self, eigenvalues: np.ndarray, temperature: float, quantum: bool = False) -> np.ndarray:
        """f (n,) of a cell, eV, as `free_energy`, the mean over all wave vectors."""
        return self.weights @ free_energy(eigenvalues, temperature, quantum).sum(2)


def free_energy(eigenvalues: np.ndarray, temperature: float, quantum: bool = False) -> np.ndarray:
    """kT ln(hbar w / kT), or quantum hbar w / 2 + kT ln(1 - exp(-hbar w / kT)), of vibrations with lambda = w^2 (eV/A^2/amu), eV.

    At 0 K nothing is left of the first, hbar w / 2 of the second.
    """
    w = QUANTUM * np.sqrt(eigenvalues)
    if temperature == 0:
        return 0.5 * w * quantum
    kT = KB * temperature
    return 0.5 * w + kT * np.log(-np.expm1(-w / kT)) if quantum else kT * np.log(w / kT)


def terahertz(eigenvalues: np.ndarray) -> np.ndarray:
    """Frequencies w / 2 pi of eigenvalues in eV/A^2/amu, THz."""
    return np.sqrt(eigenvalues / AMU) / (2.0 * np.pi)
