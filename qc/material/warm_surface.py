"""Free energy of a surface at temperature, quasi-harmonic: a slab whose inside is the warm crystal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from atomistics import AtomisticEnergy, Crystal, SitePotential
from atomistics.energy import energy_of
from atomistics.species import species_of
from fem.brillouin import slab_vectors
from fem.cauchy_born import CauchyBornMaterial
from fem.phonons import Share, Vibrations, alone

from .cleavage import gap_to_open, surface_cell
from .surface import EV_PER_A2, FORCE, one_cell, relaxed_positions, slab_of_layers
from .warm import Warm

THICKNESS = 8.0
"""Of the slab, nearest-neighbour distances, at least."""
TOP = 0.1
"""Atoms no further than this below the highest one, A, are those that the rest of the crystal would pull at."""


@dataclass(frozen=True, kw_only=True)
class WarmSurface:
    """Free energy of one cut of a lattice plane.

    Attributes
    ----------
    gamma : float
        Free energy per area of one face, at the size of the crystal at this temperature, J/m^2.
    static, vibrational : float
        Its parts: of the potential energy and of the vibrations.
    cut : str
        Which of the gaps between atomic planes was opened.
    layers : int
        Lattice planes in the slab.
    """

    gamma: float
    static: float
    vibrational: float
    cut: str
    layers: int


class UnderTension:
    """E(y) - f.y: a slab whose outermost atoms are pulled with forces f (n, 3), eV/A."""

    def __init__(self, energy: AtomisticEnergy, forces: np.ndarray) -> None:
        self._energy, self._forces = energy, forces

    def energy(self, positions: np.ndarray | None = None) -> float:
        """eV."""
        y = self._energy.positions if positions is None else positions
        return self._energy.energy(y) - float(np.sum(self._forces * (y - self._energy.positions)))

    def gradient(self, positions: np.ndarray | None = None) -> np.ndarray:
        """(n, 3), eV/A."""
        return self._energy.gradient(positions) - self._forces

    def hessian(self, positions: np.ndarray | None = None) -> sp.csr_matrix:
        """(3n, 3n), eV/A^2."""
        return self._energy.hessian(positions)


def surface_free_energy(
    warm: Warm,
    potential: SitePotential,
    masses: np.ndarray,
    quantum: bool = False,
    cut: str | int = "widest",
    thickness: float | None = None,
    share: Share = alone,
) -> WarmSurface:
    """gamma(T) = (F_slab - F_bulk) / 2A of the plane normal to y, J/m^2, with F = E + f.

    The inside of the slab has the positions of the warm crystal, whose potential energy is under tension there: it balances the
    pressure of the vibrations, and the same tension pulls at the faces. What the vibrations of the faces do to the positions there
    beyond that changes gamma in the second order of T only, for F is at its minimum.

    Parameters
    ----------
    warm : Warm
    potential : SitePotential
    masses : (n_basis,) ndarray
        Of the atoms of a cell, amu.
    quantum : bool
    cut : "widest", "shuffle", "glide" or int
        As for `qc.material.surface.surface_energy`.
    thickness : float, optional
        Least thickness of the slab, A; default 8 nearest-neighbour distances.
    share : callable
        As for `Vibrations.eigenvalues`.
    """
    crystal, n = warm.crystal, np.array([0.0, 1.0, 0.0])
    cell = surface_cell(crystal, n)
    height, name = gap_to_open(crystal, cell, n, cut)
    thickness = THICKNESS * crystal.nearest_neighbour_distance if thickness is None else thickness
    layers = int(np.ceil(thickness / float(cell[2] @ n)))
    slab = slab_of_layers(crystal, cell, n, height, layers)
    area = float(np.linalg.norm(np.cross(cell[0], cell[1])))
    energy = energy_of(potential, slab)
    tension = CauchyBornMaterial(crystal, potential).stress(np.eye(3)[None])[0] @ n
    y = relaxed_positions(UnderTension(energy, _pulled(slab.positions, area * tension)), slab.positions, FORCE)
    static = energy.energy(y) - layers * energy_of(potential, one_cell(crystal)).energy()
    vibrational = 0.0
    if warm.temperature > 0 or quantum:
        whole = slab_as_crystal(np.array(slab.cell), y, tuple(species_of(slab)), crystal.dimension)
        shaken = Vibrations(CauchyBornMaterial(whole, potential), np.repeat(masses, layers), slab_vectors(whole, n))
        eigenvalues = shaken.eigenvalues(np.eye(3)[None], np.zeros((1, len(slab), 3)), share)
        vibrational = float(shaken.free_energy(eigenvalues, warm.temperature, quantum)[0]) - layers * warm.free_energy
    unit = EV_PER_A2 / (2.0 * area)
    return WarmSurface(
        gamma=unit * (static + vibrational), static=unit * static, vibrational=unit * vibrational, cut=name, layers=layers
    )


def _pulled(positions: np.ndarray, force: np.ndarray) -> np.ndarray:
    """(n, 3) forces on the atoms of both faces that sum to +-force, eV/A."""
    y, f = positions[:, 1], np.zeros_like(positions)
    for face, sign in ((y > y.max() - TOP, 1.0), (y < y.min() + TOP, -1.0)):
        f[face] += sign * force / face.sum()
    return f


def slab_as_crystal(box: np.ndarray, y: np.ndarray, species: tuple[str, ...], dimension: int) -> Crystal:
    """A slab at positions y (n, 3) as a crystal whose cell is its box, two vectors along the faces and one across empty space."""
    cell = np.array([box[0], box[2], [0.0, 0.0, 1.0]]) if dimension == 2 else box
    return Crystal(
        structure="custom",
        dimension=dimension,
        a=1.0,
        unit_cell=cell,
        unit_basis=y,
        species=species,
        unit_conventional=cell,
        rotation=np.eye(3),
    )
