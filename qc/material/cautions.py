"""What is known of a case before it runs: model or real material, cuts that are not the cheapest, potentials that do not cleave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atomistics import COVALENT, Crystal, SitePotential, load_potential
from atomistics.potentials.analytic import HexagonalEAM, LennardJones, Morse, ToyEAM
from atomistics.species import LABEL, chemical_symbol
from fem.cauchy_born import CauchyBornMaterial

from .cleavage import cut_height, indices
from .griffith import GriffithReport
from .rest import at_rest
from .shells import shell_caution
from .surface import surface_energy

STRAINS = np.array([np.diag([1.02, 1.02, 1.02]), np.diag([1.03, 0.97, 1.01])])
"""Under the first one the bonds of diamond keep their angles, under the second they do not."""
SAME = 1e-4
"""Relative difference of energies up to which two potentials are the same: files round their parameters."""
SAME_COST = 5e-3
"""Relative difference of surface energies up to which two gaps of a plane cost the same."""
BENT = "silicon of Stillinger & Weber with another bending stiffness"
TUNGSTEN = (3.164849, -8.75999)
"""Lattice constant (A) and cohesive energy (eV) of Zhou's tungsten: a file of it may have any name."""

DISCS = "found with all atoms in clamped discs"


@dataclass(frozen=True)
class NoCleavage:
    """A potential that is known not to cleave.

    Attributes
    ----------
    planes : tuple
        (plane, front) as sorted absolute Miller indices.
    says : str
        What it does instead, and who has found it.
    """

    potential: str
    planes: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    says: str


OCTAHEDRAL = (((1, 1, 1), (0, 1, 1)),)
NO_CLEAVAGE = (
    NoCleavage("stillinger-weber", OCTAHEDRAL, f"its tip blunts up to 2.2 K_G ({DISCS}); holland-marder cleaves"),
    NoCleavage("tersoff-t3", OCTAHEDRAL, f"there is no clean advance ({DISCS}); holland-marder cleaves"),
    NoCleavage("kumagai", OCTAHEDRAL, f"there is no clean advance ({DISCS}); holland-marder cleaves"),
    NoCleavage(
        "Zhou's tungsten", (((0, 0, 1), (0, 0, 1)), ((0, 1, 1), (0, 0, 1))), f"it does not up to 2.4 K_G ({DISCS})"
    ),
)


def identify(crystal: Crystal, potential: SitePotential) -> str | None:
    """Name of a potential that this one equals for the crystal's species, whatever file it came from; None: not a known one.

    Compared are energies of strained crystals, so that rounded parameters do not matter.
    """
    if set(crystal.species) == {"W"} and crystal.structure == "bcc":
        a, cohesive = TUNGSTEN
        known = abs(_energies(Crystal.bcc("W", a), potential, np.eye(3)[None])[0] - cohesive) < 1e-4
        return "Zhou's tungsten" if known else None
    if set(crystal.species) != {"Si"}:
        return None
    silicon = Crystal.diamond("Si", 5.43)
    found = _energies(silicon, potential, STRAINS)
    expected = {name: _energies(silicon, load_potential(name), STRAINS) for name in COVALENT}
    for name in COVALENT:
        if np.allclose(found, expected[name], rtol=SAME, atol=0.0):
            return name
    return BENT if np.isclose(found[0], expected["stillinger-weber"][0], rtol=SAME) else None


def material_of(crystal: Crystal, potential: SitePotential) -> tuple[str, str]:
    """("model" or "real", sentence): whether the potential was fitted to the material it is named after."""
    species = " and ".join(dict.fromkeys(crystal.species))
    if isinstance(potential, LennardJones | Morse | ToyEAM | HexagonalEAM):
        return "model", "an analytic potential, fitted to no material"
    name = identify(crystal, potential)
    if name == "holland-marder":
        return "model", "silicon of Stillinger & Weber with twice the bending stiffness (lambda = 42, Holland & Marder)"
    if name == BENT:
        return "model", f"{BENT} than published"
    return "real", f"taken to be fitted to {species}, as published potentials are"


def cautions(crystal: Crystal, potential: SitePotential, report: GriffithReport, cut: str | int) -> list[str]:
    """One sentence for each thing that a user should know before believing a crack in this crystal.

    Parameters
    ----------
    crystal : Crystal
        Oriented.
    report : GriffithReport
        Of the plane that is cut.
    cut : str or int
        As in the case.
    """
    found = [
        _dear_cut(crystal, potential, report, cut),
        _no_cleavage(crystal, potential),
        _renamed(crystal),
        shell_caution(crystal, potential),
    ]
    return [sentence for sentence in found if sentence]


def _dear_cut(crystal: Crystal, potential: SitePotential, report: GriffithReport, cut: str | int) -> str:
    """The glide plane of diamond, or any other gap that costs more than the widest one."""
    crystal = at_rest(crystal, potential)  # as the report: gaps are named with their widths
    widest = cut_height(crystal)[1]
    if report.cut == widest:
        return ""
    gamma = surface_energy(crystal, potential).relaxed
    if report.gamma < (1.0 + SAME_COST) * gamma:
        return ""
    name, cheap = report.cut.split(":")[0], widest.split(":")[0]
    return (
        f"crack.cut = {cut!r} is the {name} plane, which costs {report.gamma:.3f} J/m^2, {report.gamma / gamma:.2f} times the "
        f"{gamma:.3f} J/m^2 of the {cheap} plane: cracks take the latter, whose K_G is {(gamma / report.gamma) ** 0.5:.3f} times "
        "the one given"
    )


def _renamed(crystal: Crystal) -> str:
    """Species under another name than the potential's in files and pictures."""
    shown = {name: chemical_symbol(name) for name in dict.fromkeys(crystal.species)}
    pairs = [f"{name} as {symbol}" for name, symbol in shown.items() if symbol != name]
    if not pairs:
        return ""
    return f"species that are no chemical symbols: files for ASE show {', '.join(pairs)}, beside the potential's names ({LABEL})"


def _no_cleavage(crystal: Crystal, potential: SitePotential) -> str:
    """A potential that is known not to cleave on this plane with this front."""
    if crystal.dimension == 2 or crystal.structure not in ("bcc", "diamond"):
        return ""
    plane, front = indices(crystal)
    here = (tuple(sorted(map(abs, plane))), tuple(sorted(map(abs, front))))
    if not any(here in known.planes for known in NO_CLEAVAGE):
        return ""
    name = identify(crystal, potential)
    known = next((k for k in NO_CLEAVAGE if k.potential == name and here in k.planes), None)
    if known is None:
        return ""
    where = f"({' '.join(map(str, plane))})[{' '.join(map(str, front))}]"
    return f"{name} is known not to cleave on {where}: {known.says}"


def _energies(crystal: Crystal, potential: SitePotential, F: np.ndarray) -> np.ndarray:
    """(k,) energies per atom of a crystal under F without relaxed shifts, eV."""
    material = CauchyBornMaterial(crystal, potential)
    shifts = np.zeros((len(F), len(crystal.species), 3))
    W = material.energy_density(F, shifts)
    return W * crystal.cell_volume / len(crystal.species)
