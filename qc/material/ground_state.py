"""Which structure a potential prefers: the energy per atom of the usual crystals of its species, each at rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from atomistics import Crystal, SitePotential, cohesive_energy

from .rest import at_rest, axial_ratio

OF_ONE = ("fcc", "bcc", "diamond", "hcp")
OF_TWO = ("B2", "zincblende")
"""Of one composition; energies per atom of L1_2, which has three atoms of one species to one, do not compare with theirs."""
ALIKE = 1e-5
"""Energies per atom no further apart than this belong to structures that the potential does not tell apart, eV."""


@dataclass(frozen=True, kw_only=True)
class Rest:
    """A crystal at rest.

    Attributes
    ----------
    structure : str
    energy : float or None
        eV per atom; None of a structure that has no state at rest, and ``why`` says so.
    a, axial_ratio : float or None
        Lattice constant (A), and c/a of hcp.
    why : str or None
    """

    structure: str
    energy: float | None = None
    a: float | None = None
    axial_ratio: float | None = None
    why: str | None = None


def structures_at_rest(potential: SitePotential, species: Sequence[str], asked: str | None = None) -> list[Rest]:
    """The usual structures of one species, or of two, by rising energy per atom; those without a state at rest last.

    Parameters
    ----------
    species : sequence of str
    asked : str, optional
        A structure that is asked for; one that compares with none of the others is looked at alone.
    """
    usual = OF_ONE if len(species) == 1 else OF_TWO
    names = usual if asked is None or asked in usual else (asked,)
    found = [_rest(potential, name, species) for name in names]
    return sorted(found, key=lambda one: (one.energy is None, 0.0 if one.energy is None else round(one.energy / ALIKE)))


def _rest(potential: SitePotential, structure: str, species: Sequence[str]) -> Rest:
    try:
        crystal = at_rest(getattr(Crystal, structure)(*species), potential)
        energy = cohesive_energy(crystal, potential)
    except ValueError as error:
        return Rest(structure=structure, why=" ".join(str(error).split()))
    ratio = axial_ratio(crystal) if structure == "hcp" else None
    return Rest(structure=structure, energy=energy, a=crystal.a, axial_ratio=ratio)


def not_the_ground_state(structures: Sequence[Rest], chosen: str) -> str | None:
    """The warning for a structure that has not the least energy, with both energies; None for one that has it."""
    mine = next(one for one in structures if one.structure == chosen)
    best = next((one for one in structures if one.energy is not None), None)
    if best is None or best.energy is None or mine.energy is None or mine.energy - best.energy <= ALIKE:
        return None
    return (
        f"{chosen} is not the ground state of this potential: it has {mine.energy:.4f} eV per atom at rest, {best.structure} has "
        f"{best.energy:.4f}"
    )
