"""Names of species, which are the potential's own, and the chemical symbols that stand for them where ASE needs one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
from ase import Atoms
from ase.data import atomic_masses, atomic_numbers, chemical_symbols

LABEL = "species_label"
"""Array of an `ase.Atoms` with the potential's names, where they are not chemical symbols."""


@cache
def chemical_symbol(name: str) -> str:
    """Chemical symbol of a species: its name, else the element that the name begins with, else X (no element).

    ``FeA`` is shown as Fe, ``Si(D)`` as Si, ``Type1`` as X.
    """
    if name in atomic_numbers:
        return name
    head = re.match(r"[A-Za-z]*", name)
    letters = head[0] if head else ""
    symbol = next((letters[:n] for n in (2, 1) if len(letters) >= n and letters[:n] in atomic_numbers), "X")
    if symbol != "X" and letters[len(symbol) :][:1].islower():  # Type1 is no tantalum, nor Vacancy vanadium
        symbol = "X"
    return symbol


def atomic_number(name: str) -> int:
    """Atomic number of a species, 0 for one that is no element (see `chemical_symbol`)."""
    return int(atomic_numbers[chemical_symbol(name)])


def atomic_mass(name: str) -> float:
    """Standard atomic weight of a species, amu; 1 for one that is no element (see `chemical_symbol`)."""
    return float(atomic_masses[atomic_number(name)])


def symbol_of_number(number: int) -> str:
    """Chemical symbol of an atomic number; X for one that there is not."""
    return chemical_symbols[number] if 0 < number < len(chemical_symbols) else "X"


def atoms_of_species(
    species: Sequence[str], positions: np.ndarray, cell: np.ndarray | None = None, pbc: Sequence[bool] | bool = False
) -> Atoms:
    """`ase.Atoms` of any species; names that are no chemical symbols are kept in its array ``species_label``.

    Parameters
    ----------
    species : (n,) sequence of str
    positions : (n, 3) ndarray
        A.
    cell : (3, 3) ndarray, optional
        A.
    pbc : bool or sequence of three bool
    """
    names = [str(name) for name in species]
    shown = [chemical_symbol(name) for name in names]
    atoms = Atoms(shown, positions=positions, cell=cell, pbc=pbc)
    if shown != names:
        atoms.set_array(LABEL, np.array(names))
    return atoms


def species_of(atoms: Atoms) -> list[str]:
    """(n,) names of the species of atoms: those of the array ``species_label``, else their chemical symbols."""
    return atoms.arrays[LABEL].tolist() if LABEL in atoms.arrays else atoms.get_chemical_symbols()
