"""One table of potentials with a disturbed structure for each, for the tests that every potential has to pass."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk

from atomistics import Crystal, HexagonalEAM, LennardJones, Morse, SitePotential, ToyEAM, load_potential


def crystal(symbols: str, structure: str, a: float, repeats: tuple[int, int, int]) -> Atoms:
    """Periodic, sheared by a few per cent, species in turn."""
    names = symbols.split()
    atoms = bulk(names[0], structure, a=a, cubic=True) * repeats
    atoms.symbols = [names[k % len(names)] for k in range(len(atoms))]
    shear = np.eye(3) + 0.03 * np.array([[0.3, 1, -0.5], [0, -0.4, 0.7], [0, 0, 0.2]])
    atoms.set_cell(atoms.cell @ shear, scale_atoms=True)
    return atoms


def flake(a: float, radius: float) -> Atoms:
    """Finite piece of the triangular lattice."""
    X = Crystal.hexagonal("X", a).sites_in_box([-radius] * 3, [radius] * 3)[0]
    return Atoms("X" * len(X), positions=X)


def rod() -> Atoms:
    """Iron, one period of 2.855 A thick along z (less than the cutoff), free sideways."""
    X = Crystal.bcc("Fe", 2.855).oriented((1, 1, 0), (0, 0, 1)).sites_in_box((-5, -5, 0), (5, 5, 2.8))[0]
    return Atoms("Fe" * len(X), positions=X, cell=(1, 1, 2.855), pbc=(False, False, True))


ACE = Path(__file__).parent / "potentials" / "ace"
UF3 = Path(__file__).parent / "potentials" / "uf3"

TABLE: dict[str, tuple[Callable[[], SitePotential], Callable[[], Atoms]]] = {
    "Lennard-Jones": (
        lambda: LennardJones(0.4, 2.3, elements=("Cu",)),
        lambda: crystal("Cu", "fcc", 3.6, (2, 2, 1)),
    ),
    "Morse": (lambda: Morse(0.3, 1.5, 2.5), lambda: flake(2.45, 8.0)),
    "toy EAM": (lambda: ToyEAM(), lambda: flake(0.97, 3.5)),
    "hexagonal EAM": (lambda: HexagonalEAM(), lambda: flake(0.96, 3.5)),
    "Cu": (lambda: load_potential("Cu_mishin1.eam.alloy"), lambda: crystal("Cu", "fcc", 3.6, (2, 1, 1))),
    "Fe": (lambda: load_potential("Fe_mm.eam.fs"), rod),
    "W": (lambda: load_potential("W_zhou.eam.alloy"), lambda: crystal("W", "bcc", 3.16, (2, 2, 1))),
    "FeAl": (
        lambda: load_potential("AlFe_mm.eam.fs", elements=("Fe", "Al")),
        lambda: crystal("Fe Al", "bcc", 2.93, (2, 2, 1)),
    ),
    "AlNi": (
        lambda: load_potential("NiAlH_jea.eam.alloy", elements=("Al", "Ni")),
        lambda: crystal("Al Ni Ni", "fcc", 3.6, (2, 1, 1)),
    ),
    "AlCu ADP": (
        lambda: load_potential("AlCu.adp", elements=("Cu", "Al")),
        lambda: crystal("Al Cu Cu", "fcc", 3.8, (1, 1, 1)),
    ),
    "Stillinger-Weber": (lambda: load_potential("stillinger-weber"), lambda: crystal("Si", "diamond", 5.43, (1, 1, 1))),
    "GaN Stillinger-Weber": (
        lambda: load_potential("GaN.sw", elements=("N", "Ga")),
        lambda: crystal("Ga N N", "diamond", 4.5, (2, 1, 1)),
    ),
    "Tersoff T3": (lambda: load_potential("tersoff-t3"), lambda: crystal("Si", "diamond", 5.43, (1, 1, 1))),
    "Tersoff T2": (lambda: load_potential("Si.tersoff"), lambda: crystal("Si", "diamond", 5.0, (1, 1, 1))),
    "SiC Tersoff": (
        lambda: load_potential("SiC.tersoff", elements=("C", "Si")),
        lambda: crystal("C Si Si", "diamond", 4.8, (2, 1, 1)),
    ),
    "Kumagai": (lambda: load_potential("kumagai"), lambda: crystal("Si", "diamond", 5.2, (1, 1, 1))),
    "EDIP": (lambda: load_potential("Si.edip"), lambda: crystal("Si", "diamond", 6.0, (1, 1, 1))),
    "SiC EDIP": (
        lambda: load_potential("SiC.edip", elements=("C", "Si")),
        lambda: crystal("C Si Si", "diamond", 4.5, (2, 1, 1)),
    ),
    "Bi MEAM": (lambda: load_potential("Bi.meam"), lambda: crystal("Bi", "fcc", 4.8, (1, 1, 1))),
    "SiC MEAM": (
        lambda: load_potential("SiC.meam", elements=("Si", "C")),
        lambda: crystal("C Si Si", "diamond", 4.9, (2, 1, 1)),
    ),
    "Mo SNAP": (lambda: load_potential("Mo_Chen_PRM2017.snap"), lambda: crystal("Mo", "bcc", 3.2, (2, 1, 1))),
    "quadratic SNAP": (
        lambda: load_potential("Ni_Zuo_JPCA2020.quadratic.snap"),
        lambda: crystal("Ni", "fcc", 3.52, (1, 1, 1)),
    ),
    "InP SNAP": (
        lambda: load_potential("InP_JCPA2020.snap", elements=("P", "In")),
        lambda: crystal("In P P", "diamond", 5.8, (1, 1, 1)),
    ),
    "Nb UF3": (lambda: load_potential("Nb.uf3"), lambda: crystal("Nb", "bcc", 3.3, (2, 1, 1))),
    "AlNi UF3": (
        lambda: load_potential(UF3 / "AlNi.uf3", elements=("Ni", "Al")),
        lambda: crystal("Al Ni Ni", "fcc", 3.6, (1, 1, 1)),
    ),
    "AlNi ACE": (
        lambda: load_potential(ACE / "ChebPow.yace", elements=("Ni", "Al")),
        lambda: crystal("Al Ni Ni", "fcc", 3.6, (1, 1, 1)),
    ),
}


def disturbed(name: str, amplitude: float = 0.03) -> tuple[SitePotential, Atoms, np.ndarray, np.ndarray]:
    """Potential, atoms, random weights (some zero, some negative) and rattled positions."""
    make_potential, make_atoms = TABLE[name]
    atoms, rng = make_atoms(), np.random.default_rng(11)
    weights = rng.uniform(-0.3, 1.0, len(atoms)) * (rng.random(len(atoms)) > 0.1)
    return make_potential(), atoms, weights, atoms.positions + rng.normal(0, amplitude, (len(atoms), 3))
