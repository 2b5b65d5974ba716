"""A cheap site potential that resembles a calculator of forces: the twin whose second derivatives solvers work with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from atomistics import Crystal, ForcesOnly, NeighbourList, SitePotential, SnapPotential, equilibrium_lattice_constant
from atomistics.potentials.snap_file import OPTIONAL, SnapFile, write_snap
from atomistics.potentials.snap_tables import invariants
from fem.cauchy_born import GPA, CauchyBornMaterial

from ..errors import InputError
from ..monitor import begin

TWOJMAX = 6
"""Of the twin: 30 coefficients."""
REACH = (1.3, 1.85)
"""Cutoffs of the twin in nearest-neighbour distances lie between these, half-way between two shells."""
STRUCTURES = (
    (0.0, 0.0, 0.04), (0.03, 0.0, 0.04), (0.06, 0.0, 0.04), (0.0, 0.25, 0.04), (0.0, 0.5, 0.04), (0.03, 1.0, 0.04),
)  # fmt: skip
"""Strain, opening of a cut and displacement of atoms (in nearest-neighbour distances) of the structures that are fitted to."""
CELLS = (3, 3, 4)
SMALLEST = 1e-4
"""Weight of the size of the coefficients in the fit: they are many, and nothing should cancel."""


@dataclass(frozen=True, kw_only=True)
class Match:
    """A twin beside its calculator.

    Attributes
    ----------
    file : SnapFile
    a0 : tuple of float
        Lattice constant of the calculator and of the twin, A.
    constants : dict
        Pairs of elastic constants of both, GPa.
    error : float
        Root mean square difference of the forces in the structures fitted to over that of the calculator's.
    """

    file: SnapFile
    a0: tuple[float, float]
    constants: dict[str, tuple[float, float]]
    error: float

    def lines(self) -> list[str]:
        """Both side by side."""
        rows = {"a0": (*self.a0, "A")} | {name: (*pair, "GPa") for name, pair in self.constants.items()}
        out = ["       calculator       twin"]
        out += [f"{name:5} {a:11.5f} {b:10.5f}   ({unit})" for name, (a, b, unit) in rows.items()]
        return [*out, f"forces in rattled, strained and cut crystals differ by {100 * self.error:.1f} %, mean square"]

    def write(self, path: Path, calculator: str) -> None:
        """The file, whose name ends in .snapcoeff, and the .snapparam beside it, which `load_potential` reads."""
        write_snap(self.file, path, f"twin of the calculator {calculator} by qc match: for second derivatives of solvers. UNITS: metal")


def matched_twin(potential: ForcesOnly, crystal: Crystal) -> Match:
    """A linear SNAP with the calculator's a0 and elastic constants, and forces as near to its forces as may be.

    The coefficients are those of least squares for the forces of a few rattled, strained and cut crystals, each structure with the same
    weight; a0 and C_ij are constraints.

    Parameters
    ----------
    potential : ForcesOnly
    crystal : Crystal
        fcc or bcc, with a lattice constant to begin with.

    References
    ----------
    A. P. Thompson et al., J. Comput. Phys. 285 (2015) 316 (the form).
    """
    if crystal.structure not in ("fcc", "bcc"):
        raise InputError(f"qc match makes twins of fcc and bcc crystals, not of {crystal.structure}")
    begin("lattice constant and elastic constants of the calculator")
    a0 = equilibrium_lattice_constant(crystal, potential)
    crystal = replace(crystal.with_lattice_constant(a0), rotation=np.eye(3))
    C = CauchyBornMaterial(crystal, potential).elastic_constants()
    structures = []
    for number, found in enumerate(_structures(crystal, potential), 1):
        begin(f"forces of the calculator in rattled crystals, {number} of {len(STRUCTURES)}")
        structures.append(_Structure.of(*found, potential))
    begin("fit of the twin")
    wanted = np.array([0.0, C[0, 0], C[0, 1], C[3, 3]])
    cutoffs = _cutoffs(crystal)
    error, file = min((_fit(crystal, wanted, structures, cutoff) for cutoff in cutoffs), key=lambda found: found[0])
    twin = SnapPotential(file)
    own = CauchyBornMaterial(crystal.with_lattice_constant(equilibrium_lattice_constant(crystal, twin)), twin)
    D = own.elastic_constants()
    assert own.crystal.a is not None
    constants = {"C11": (C[0, 0], D[0, 0]), "C12": (C[0, 1], D[0, 1]), "C44": (C[3, 3], D[3, 3])}
    return Match(file=file, a0=(a0, own.crystal.a), constants=constants, error=error)


@dataclass(frozen=True, kw_only=True)
class _Structure:
    """Atoms whose forces are known."""

    y: np.ndarray
    cell: np.ndarray
    pbc: tuple[bool, bool, bool]
    forces: np.ndarray

    @classmethod
    def of(cls, y: np.ndarray, cell: np.ndarray, pbc: tuple[bool, bool, bool], potential: ForcesOnly) -> _Structure:
        """Asked for at the calculator."""
        species = [potential.elements[0]] * len(y)
        return cls(y=y, cell=cell, pbc=pbc, forces=potential.forces(species, y, cell, pbc, "slabs"))

    @property
    def size(self) -> float:
        """Root mean square of the forces, eV/A."""
        return float(np.sqrt(np.mean(self.forces**2)))

    def by(self, potential: SitePotential) -> np.ndarray:
        """(3n,) forces of a site potential over the size of those that are known."""
        bonds = NeighbourList(self.y, potential.cutoff, 0.0, self.cell, self.pbc)
        types = np.zeros(len(self.y), np.int32)
        return -potential.energy_gradient(self.y, types, bonds, np.ones(len(self.y)), self.cell)[2].ravel() / self.size


def _structures(
    crystal: Crystal, potential: ForcesOnly
) -> list[tuple[np.ndarray, np.ndarray, tuple[bool, bool, bool]]]:
    """Rattled crystals: at rest, strained, and cut in two that have been drawn apart."""
    rng, nn = np.random.default_rng(3), crystal.nearest_neighbour_distance
    out = []
    for strain, opening, rattled in STRUCTURES:
        atoms = crystal.atoms(CELLS)
        F = np.eye(3) + strain * rng.uniform(-0.3, 1.0, (3, 3))
        y, cell = atoms.positions @ F.T, np.array(atoms.cell) @ F.T
        if opening:
            above = atoms.get_scaled_positions()[:, 2] > 0.49
            y[above, 2] += opening * nn
            cell[2] *= 1.0 + 2.0 * potential.reach / np.linalg.norm(cell[2])
        out.append((y + rattled * nn * rng.uniform(-1, 1, y.shape), cell, (True, True, not opening)))
    return out


def _cutoffs(crystal: Crystal) -> list[float]:
    """Half-way between shells, A."""
    nn = crystal.nearest_neighbour_distance
    shells = np.unique(np.round(np.linalg.norm(crystal.stencil(2.2 * nn), axis=1), 6))
    middle = 0.5 * (shells[1:] + shells[:-1])
    found = [c for c in middle.tolist() if REACH[0] * nn < c < REACH[1] * nn]
    return found


def _fit(
    crystal: Crystal, wanted: np.ndarray, structures: Sequence[_Structure], cutoff: float
) -> tuple[float, SnapFile]:
    """Relative error of the forces and the twin, for one cutoff."""
    parameters = OPTIONAL | {"rcutfac": cutoff, "twojmax": float(TWOJMAX)}
    blank = SnapFile(
        path=Path("twin"), elements=(crystal.species[0],), radius=np.array([0.5 * cutoff]), weight=np.ones(1),
        coefficients=np.zeros((1, 1 + len(invariants(TWOJMAX)))), parameters=parameters,
    )  # fmt: skip
    unit = np.eye(blank.coefficients.shape[1])[1:]  # the first is a constant energy
    parts = [SnapPotential(replace(blank, coefficients=one[None])) for one in unit]
    A = np.stack([np.concatenate([s.by(p) for s in structures]) for p in parts], axis=1)
    b = np.concatenate([s.forces.ravel() / s.size for s in structures])
    G = np.stack([_bulk(crystal, p) for p in parts], axis=1)
    x = _constrained(A, b, G, wanted)
    error = float(np.sqrt(np.mean((A @ x - b) ** 2)))
    return error, replace(blank, coefficients=np.concatenate([[0.0], x])[None])


def _constrained(A: np.ndarray, b: np.ndarray, G: np.ndarray, h: np.ndarray) -> np.ndarray:
    """x of least |A x - b| with G x = h, coefficients kept small."""
    scale = np.linalg.norm(A, axis=0)
    A, G = A / scale, G / scale
    u, s, vt = np.linalg.svd(G)
    particular = vt[: len(s)].T @ ((u.T @ h) / s)
    null = vt[len(s) :].T
    stacked = np.concatenate([A @ null, SMALLEST * null])
    right = np.concatenate([b - A @ particular, -SMALLEST * particular])
    return np.asarray(particular + null @ np.linalg.lstsq(stacked, right, rcond=None)[0]) / scale


def _bulk(crystal: Crystal, potential: SitePotential) -> np.ndarray:
    """Pressure and C11, C12, C44 at the calculator's lattice constant, GPa."""
    material = CauchyBornMaterial(crystal, potential)
    _, P, _ = material.evaluate(np.eye(3)[None])
    C = material.elastic_constants()
    return np.array([GPA * np.trace(P[0]) / 3.0, C[0, 0], C[0, 1], C[3, 3]])
