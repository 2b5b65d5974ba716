"""Names of species and the chemical symbols that stand for them."""

import numpy as np
import pytest
from ase import Atoms

from atomistics import AtomisticEnergy, Crystal, load_potential
from atomistics.species import LABEL, atoms_of_species, chemical_symbol, species_of, symbol_of_number


@pytest.mark.parametrize(
    ("name", "symbol"),
    [("Fe", "Fe"), ("FeA", "Fe"), ("Si(D)", "Si"), ("O2-", "O"), ("C1", "C"), ("Type1", "X"), ("1", "X"), ("X", "X"), ("D", "X")],
)
def test_chemical_symbols(name, symbol):
    assert chemical_symbol(name) == symbol


def test_numbers():
    assert [symbol_of_number(k) for k in (29, 0, -1, 999)] == ["Cu", "X", "X", "X"]


def test_names_stay_beside_the_symbols():
    atoms = atoms_of_species(["FeA", "FeB"], np.eye(3)[:2])
    assert atoms.get_chemical_symbols() == ["Fe", "Fe"]
    assert species_of(atoms) == species_of(atoms.copy()) == ["FeA", "FeB"]
    plain = atoms_of_species(["Fe", "Al"], np.eye(3)[:2])
    assert LABEL not in plain.arrays
    assert species_of(plain) == ["Fe", "Al"]


def test_a_potential_keeps_its_names():
    """LAMMPS' own SiCGe.tersoff has a silicon under the name Si(D)."""
    potential = load_potential("SiCGe.tersoff", ["C", "Si(D)"])
    crystal = Crystal.zincblende("Si(D)", "C", 4.3)
    atoms = crystal.atoms((1, 1, 1))
    assert set(atoms.get_chemical_symbols()) == {"Si", "C"}
    atoms.calc = potential.calculator()
    assert atoms.get_potential_energy() == pytest.approx(AtomisticEnergy(potential, atoms).energy())
    assert Crystal.from_ase(atoms).species == ("Si(D)", "C")
    with pytest.raises(ValueError, match=r"no parameters for Si: it knows C, Si\(D\)"):
        AtomisticEnergy(potential, Atoms("Si2", np.eye(3)[:2]))
