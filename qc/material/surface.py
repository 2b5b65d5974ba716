"""Energies of relaxed surfaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from ase import Atoms

from atomistics import Crystal, SitePotential
from atomistics.energy import energy_of
from atomistics.species import atoms_of_species

from ..errors import ConvergenceError
from .cleavage import gap_to_open, surface_cell
from .rest import at_rest_with_word

EV_PER_A2 = 16.02176634
"""1 eV/A^2 in J/m^2."""
FORCE = 1e-6
"""Largest force component of a relaxed slab, eV/A."""
LONG, TORN = 25, 10.0
"""A slab with a larger force (eV/A) after so many steps is not worth the rest of them: no surface of a crystal has one."""


@dataclass(frozen=True, kw_only=True)
class Surface:
    """Energy of one cut of a lattice plane.

    Attributes
    ----------
    relaxed, unrelaxed : float
        Energy per area of one face, J/m^2.
    cut : str
        Which of the gaps between atomic planes was opened.
    layers : int
        Lattice planes in the slab.
    thickness : float
        Of the slab, A.
    """

    relaxed: float
    unrelaxed: float
    cut: str
    layers: int
    thickness: float


def surface_energy(
    crystal: Crystal,
    potential: SitePotential,
    normal: tuple[float, float, float] = (0.0, 1.0, 0.0),
    cut: str | int = "widest",
    thickness: float = 25.0,
) -> Surface:
    """gamma = (E_slab - E_bulk) / 2A of a slab with one surface cell, J/m^2.

    Parameters
    ----------
    crystal : Crystal
        Any orientation, any basis.
    potential : SitePotential
        Interaction.
    normal : (3,) sequence
        Normal of the plane in the laboratory frame, a lattice plane of the crystal.
    cut : "widest", "shuffle", "glide" or int
        The gap between atomic planes that is opened: gaps are counted from 0 by falling width. On {111} of diamond and
        zincblende 0 is called shuffle, 1 glide. A Bravais lattice has one only.
    thickness : float
        Least thickness of the slab, A.
    """
    crystal = at_rest_with_word(crystal, potential)
    n = np.asarray(normal, dtype=float) / np.linalg.norm(normal)
    cell = surface_cell(crystal, n)
    height, name = gap_to_open(crystal, cell, n, cut)
    spacing = float(cell[2] @ n)
    layers = int(np.ceil(thickness / spacing))
    slab = slab_of_layers(crystal, cell, n, height, layers)
    energy, at_rest = energy_of(potential, slab), max(FORCE, 3.0 * getattr(potential, "precision", 0.0))
    # the reference is the same lattice, periodic: one cell a layer
    bulk = layers * energy_of(potential, one_cell(crystal)).energy()
    area = float(np.linalg.norm(np.cross(cell[0], cell[1])))  # of a sheet: length of the row times 1 A
    unit = EV_PER_A2 / (2.0 * area)
    unrelaxed = unit * (energy.energy() - bulk)
    relaxed = unit * (relax(energy, slab.positions, at_rest) - bulk)
    return Surface(relaxed=relaxed, unrelaxed=unrelaxed, cut=name, layers=layers, thickness=layers * spacing)


def slab_of_layers(crystal: Crystal, cell: np.ndarray, normal: np.ndarray, height: float, layers: int) -> Atoms:
    """`layers` lattice planes above the cut, free on both faces."""
    spacing = float(cell[2] @ normal)
    rise = crystal.basis_ai @ normal
    first = np.ceil((height - rise) / spacing)  # the first copy of each basis atom above the cut
    steps = first[:, None] + np.arange(layers)
    positions = crystal.basis_ai[:, None] + steps[..., None] * cell[2]
    box = np.array([cell[0], cell[1], (layers * spacing + 30.0) * normal])
    pbc = (True, crystal.dimension == 3, False)
    atoms = atoms_of_species(np.repeat(crystal.species, layers).tolist(), positions.reshape(-1, 3), box, pbc)
    atoms.positions -= atoms.positions.mean(axis=0)
    return atoms


def one_cell(crystal: Crystal) -> Atoms:
    """A primitive cell of the bulk."""
    pbc = (True, True, crystal.dimension == 3)
    return atoms_of_species(crystal.species, crystal.basis_ai, crystal.cell_ij, pbc)


class Relaxable(Protocol):
    """What has an energy, a gradient (n, 3) and a sparse Hessian (3n, 3n) at positions (n, 3); eV and A."""

    def energy(self, positions: np.ndarray | None = None) -> float:
        """eV."""

    def gradient(self, positions: np.ndarray | None = None) -> np.ndarray:
        """eV/A."""

    def hessian(self, positions: np.ndarray | None = None) -> sp.csr_matrix:
        """eV/A^2."""


def relax(energy: Relaxable, positions: np.ndarray, fmax: float = FORCE, steps: int = 200) -> float:
    """Minimal energy of a few hundred atoms, eV; arguments of `relaxed_positions`."""
    return energy.energy(relaxed_positions(energy, positions, fmax, steps))


def relaxed_positions(energy: Relaxable, positions: np.ndarray, fmax: float = FORCE, steps: int = 200) -> np.ndarray:
    """(N, 3) positions of least energy of a few hundred atoms, A: Newton with the exact Hessian, eigenvalues made positive.

    Parameters
    ----------
    energy : Relaxable
        Of the slab.
    positions : (N, 3) ndarray
        Start, A.
    fmax : float
        Largest force component at the end, eV/A.
    """
    y = np.array(positions, dtype=float)
    E, g = energy.energy(y), energy.gradient(y)
    for step in range(steps):
        if np.abs(g).max() <= fmax:
            return y
        if step >= LONG and np.abs(g).max() > TORN:
            raise ConvergenceError(f"surface did not relax: largest force {np.abs(g).max():.2e} eV/A after {step} steps")
        y, E, g = _descend(energy, y, E, g)
    raise ConvergenceError(f"surface did not relax: largest force {np.abs(g).max():.2e} after {steps} steps")


def _descend(
    energy: Relaxable, y: np.ndarray, E: float, g: np.ndarray, cap: float = 0.2
) -> tuple[np.ndarray, float, np.ndarray]:
    """One Newton step, capped, halved until the energy does not rise beyond rounding."""
    values, modes = np.linalg.eigh(energy.hessian(y).toarray())
    stiffness = np.maximum(np.abs(values), 1e-6 * np.abs(values).max())  # translations carry no force
    step = -(modes @ ((modes.T @ g.ravel()) / stiffness)).reshape(y.shape)
    step *= min(1.0, cap / np.abs(step).max())
    for _ in range(20):
        E_new, g_new = energy.energy(y + step), energy.gradient(y + step)
        if E_new <= E + 1e-12 * max(1.0, abs(E)):
            return y + step, E_new, g_new
        step = 0.5 * step
    raise ConvergenceError(f"surface did not relax: no descent at force {np.abs(g).max():.2e} eV/A")
