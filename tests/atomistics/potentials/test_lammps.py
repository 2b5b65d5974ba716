"""Energies, forces and stress of disturbed structures against LAMMPS."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, mx2

from atomistics import Crystal, LennardJones, load_potential
from atomistics.potentials.library import find_potential
from tests.atomistics.potentials.files import setfl, written
from tests.atomistics.structures import UF3
from tests.lammps_engine import lammps_energy_forces, lammps_virials, needs_lammps

pytestmark = needs_lammps
CASES = {
    "Cu": ("Cu_mishin1.eam.alloy", "eam/alloy", ("Cu",), "fcc", 3.615),
    "Fe": ("Fe_mm.eam.fs", "eam/fs", ("Fe",), "bcc", 2.855),
    "FeAl": ("AlFe_mm.eam.fs", "eam/fs", ("Fe", "Al"), "bcc", 2.93),
    "AlFe": ("AlFe_mm.eam.fs", "eam/fs", ("Al", "Fe"), "bcc", 2.93),
    "NiAlH": ("NiAlH_jea.eam.alloy", "eam/alloy", ("Al", "Ni"), "fcc", 3.6),
    "AlCu ADP": ("AlCu.adp", "adp", ("Al", "Cu"), "fcc", 3.9),
    "CuAl ADP": ("AlCu.adp", "adp", ("Cu", "Al"), "fcc", 3.9),
    "Ni ADP": ("Ni.adp", "adp", ("Ni",), "fcc", 3.52),
    "NiAlH fs": ("NiAlH_jea.eam.fs", "eam/fs", ("H", "Ni"), "fcc", 3.6),
}


COVALENT = {
    "Si": ("Si.sw", "sw", ("Si",), "diamond", 5.43),
    "GaN": ("GaN.sw", "sw", ("Ga", "N"), "diamond", 4.5),
    "TeCd": ("CdTe.sw", "sw", ("Te", "Cd"), "diamond", 6.5),
    "Si T3": ("SiC_1989.tersoff", "tersoff", ("Si",), "diamond", 5.43),
    "Si T2": ("Si.tersoff", "tersoff", ("Si",), "diamond", 5.43),
    "SiC": ("SiC.tersoff", "tersoff", ("Si", "C"), "diamond", 4.3),
    "GaN Tersoff": ("GaN.tersoff", "tersoff", ("N", "Ga"), "diamond", 4.5),
    "BNC": ("BNC.tersoff", "tersoff", ("B", "C", "N"), "diamond", 3.6),
    "SiO": ("SiO.tersoff", "tersoff", ("Si", "O"), "diamond", 4.3),
    "EDIP": ("Si.edip", "edip/multi", ("Si",), "diamond", 5.43),
    "SiC EDIP": ("SiC.edip", "edip/multi", ("Si", "C"), "diamond", 4.5),
    "CSi EDIP": ("SiC.edip", "edip/multi", ("C", "Si"), "diamond", 4.5),
    "Nb UF3": ("Nb.uf3", "uf3 3", ("Nb",), "bcc", 3.3),
    "AlNi UF3": (str(UF3 / "AlNi.uf3"), "uf3 3", ("Al", "Ni"), "fcc", 3.8),
    "NiAl UF3": (str(UF3 / "AlNi.uf3"), "uf3 3", ("Ni", "Al"), "fcc", 3.8),
    "Kumagai": ("Si.tersoff.mod", "tersoff/mod", ("Si",), "diamond", 5.43),
}
"""LAMMPS shares the energy of angles out among their atoms: only the sum can be compared."""
BUILT_IN = {"stillinger-weber": "Si", "tersoff-t3": "Si T3", "kumagai": "Kumagai"}


def compare(atoms: Atoms, name: str, tolerance: float = 1e-9, potential: str | None = None) -> None:
    file, style, elements, *_ = (CASES | COVALENT)[name]
    energies, forces, stress = lammps_energy_forces(atoms, style, str(find_potential(file)), list(elements))
    atoms.calc = load_potential(potential or file, elements=elements).calculator()
    assert np.abs(forces).max() > 0.1
    if name in CASES:
        np.testing.assert_allclose(atoms.get_potential_energies(), energies, rtol=0, atol=tolerance)
    np.testing.assert_allclose(atoms.get_forces(), forces, rtol=0, atol=tolerance)
    assert abs(atoms.get_potential_energy() - energies.sum()) < tolerance * len(atoms)
    if atoms.pbc.all():
        assert np.abs(stress).max() > 1e-3
        np.testing.assert_allclose(atoms.get_stress(voigt=False), stress, rtol=0, atol=tolerance)


def disturbed(name: str, repeats: tuple[int, int, int] = (3, 2, 2), primitive: bool = False) -> Atoms:
    """Rattled by 0.1 A, sheared and strained by 5 %, species at random."""
    _, _, elements, structure, a = (CASES | COVALENT)[name]
    rng = np.random.default_rng(7)
    atoms = bulk(elements[0], structure, a=a, cubic=not primitive) * repeats
    atoms.symbols = rng.choice(elements, len(atoms))
    strain = np.eye(3) + 0.05 * rng.normal(size=(3, 3))
    atoms.set_cell(atoms.cell @ strain, scale_atoms=True)
    atoms.positions += rng.normal(0, 0.1, atoms.positions.shape)
    return atoms


@pytest.mark.parametrize("name", [*CASES, *COVALENT])
def test_sheared_and_rattled_structures_agree(name):
    compare(disturbed(name), name)


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_potentials_have_the_parameters_of_their_file(name):
    compare(disturbed(BUILT_IN[name], (2, 1, 1)), BUILT_IN[name], potential=name)


@pytest.mark.parametrize("name", COVALENT)
@pytest.mark.parametrize("scale", [0.7, 0.85, 1.2])
def test_covalent_crystals_far_from_equilibrium_agree(name, scale):
    """Compressed and torn: many bonds at one atom, some just inside the cutoff, some alone."""
    atoms = disturbed(name, (2, 2, 1))
    atoms.set_cell(atoms.cell * scale, scale_atoms=True)
    compare(atoms, name, 1e-8 if scale < 0.8 else 1e-9)


@pytest.mark.parametrize("name", ["Cu", "FeAl", "Ni ADP", "Si", "GaN", "SiC", "Kumagai"])
def test_cells_smaller_than_the_cutoff_agree(name):
    compare(disturbed(name, (1, 2, 1), primitive=True), name)


@pytest.mark.parametrize("name", ["Cu", "AlFe", "AlCu ADP", "Nb UF3", "SiC EDIP", "Si", "GaN", "SiC"])
@pytest.mark.parametrize("pbc", [(False, False, False), (False, False, True), (True, True, False)])
def test_clusters_rods_and_slabs_agree(name, pbc):
    atoms = disturbed(name, (2, 2, 2))
    atoms.pbc = pbc
    compare(atoms, name)


def test_strong_compression_runs_off_the_embedding_table_in_the_same_way():
    """Densities beyond the table: F goes on as a straight line."""
    atoms = disturbed("Cu")
    atoms.set_cell(atoms.cell * 0.75, scale_atoms=True)
    compare(atoms, "Cu", 1e-7)


def test_a_crack_like_slit_agrees():
    """2.5-D: one period of 2.855 A along the front, free otherwise, two halves pulled apart."""
    crystal = Crystal.bcc("Fe", 2.855).oriented((1, 1, 0), (0, 0, 1))
    X, _, _ = crystal.sites_in_box((-15, -15, 0), (15, 15, 2.855))
    X = X[np.hypot(X[:, 0], X[:, 1]) < 14]
    X = X + np.where((X[:, 1] > 0.1) & (X[:, 0] < 0), 1.5, 0.0)[:, None] * [0, 1, 0]
    X += np.random.default_rng(3).normal(0, 0.02, X.shape)
    compare(Atoms("Fe" * len(X), positions=X, cell=(40, 40, 2.855), pbc=(False, False, True)), "Fe")


def test_stresses_of_a_pair_potential_are_those_of_each_atom():
    """Atoms of a cluster, all of them between the switch of one potential and the cutoff of the other: the same forces."""
    atoms = bulk("Ar", "fcc", a=3.6, cubic=True)
    atoms.positions += np.random.default_rng(1).normal(0, 0.1, atoms.positions.shape)
    atoms.set_cell(20.0 * np.eye(3))
    atoms.pbc = False
    atoms.calc = LennardJones(0.4, 2.3, cutoff=12.0, switch_on=11.0, elements=("Ar",)).calculator()
    virials = lammps_virials(atoms, "lj/cut 11.0", "0.4 2.3 # ", ["Ar"])
    assert np.abs(virials).max() > 0.1
    np.testing.assert_allclose(atoms.get_stresses(voigt=False) * atoms.get_volume(), virials, rtol=0, atol=1e-8)


@pytest.mark.parametrize("name", ["Fe", "NiAlH", "GaN", "SiC"])
def test_stresses_of_many_body_potentials_add_up_to_the_same(name):
    """And are no others in a crystal where all atoms are alike."""
    file, style, elements, structure, a = (CASES | COVALENT)[name]
    atoms = disturbed(name, (2, 2, 1))
    atoms.calc = load_potential(file, elements=elements).calculator()
    virials = lammps_virials(atoms, style, str(find_potential(file)), list(elements))
    ours = atoms.get_stresses(voigt=False) * atoms.get_volume()
    np.testing.assert_allclose(ours.sum(0), virials.sum(0), rtol=0, atol=1e-8)
    assert np.abs(ours - virials).max() > 1e-3  # shared out differently
    np.testing.assert_allclose(atoms.get_stresses().sum(0), atoms.get_stress(), rtol=0, atol=1e-12)
    alike = bulk("Fe", structure, a=0.95 * a)
    alike.symbols = [elements[0]] * len(alike)
    alike.set_cell(alike.cell @ (np.eye(3) + 0.03 * np.array([[1, 1, 0], [0, 0, 0], [0, 1, -1]])), scale_atoms=True)
    alike.calc = atoms.calc
    virials = lammps_virials(alike, style, str(find_potential(file)), list(elements))
    np.testing.assert_allclose(alike.get_stresses(voigt=False) * alike.get_volume(), virials, rtol=0, atol=1e-8)


MX2 = """# UNITS: metal
Mo S S 1.000 1.252 2.523 67.883 1.000 0.143 6.918 7.223 4 0 0.0
S Mo Mo 1.000 1.252 2.523 62.449 1.000 0.143 6.918 7.223 4 0 0.0
"""
SILENT = "{} {} {} 0.000 1.000 1.000 1.000 1.000 0.143 1.000 1.000 4 0 0.0\n"


def mos2(amplitude: float) -> Atoms:
    """2 x 2 cells of 2H-MoS2, rattled."""
    atoms = mx2("MoS2", kind="2H", a=3.13, thickness=3.1, size=(2, 2, 1), vacuum=8.0)
    atoms.pbc = True
    atoms.positions += np.random.default_rng(5).normal(0, amplitude, atoms.positions.shape)
    return atoms


@pytest.mark.parametrize("amplitude", [0.02, 0.15])
def test_pairs_that_do_not_interact_agree(tmp_path, amplitude):
    """Dichalcogenides: all M-M and X-X entries have epsilon 0."""
    keys = [(a, b, c) for a in ("Mo", "S") for b in ("Mo", "S") for c in ("Mo", "S")]
    silent = [key for key in keys if key not in (("Mo", "S", "S"), ("S", "Mo", "Mo"))]
    path = tmp_path / "mos2.sw"
    path.write_text(MX2 + "".join(SILENT.format(*key) for key in silent))
    agree(mos2(amplitude), path, "sw", ("Mo", "S"))


def agree(atoms: Atoms, path: Path, style: str, elements: tuple[str, ...], file: Path | None = None) -> None:
    """Energy and forces of a file (``file``: the copy that LAMMPS can read) are those of LAMMPS."""
    energies, forces, _ = lammps_energy_forces(atoms, style, str(file or path), list(elements))
    atoms.calc = load_potential(path, None if style == "eam" else elements).calculator()
    assert np.abs(forces).max() > 0.1
    np.testing.assert_allclose(atoms.get_forces(), forces, rtol=0, atol=1e-9)
    assert abs(atoms.get_potential_energy() - energies.sum()) < 1e-9 * len(atoms)


@pytest.mark.parametrize("tag", ["# UNITS: real", "#   UNITS:   real  DATE: x", "\n# x UNITS:\treal", "# UNITS:real", "# x\n# UNITS: real"])
@pytest.mark.parametrize("name", ["Cu", "Si", "SiC", "Kumagai"])
def test_units_are_read_and_overlooked_as_lammps_does(tmp_path, name, tag):
    """The word after UNITS: in the first line that is not blank; elsewhere, or without a blank, it is overlooked."""
    file, style, elements, *_ = (CASES | COVALENT)[name]
    lines = find_potential(file).read_text().splitlines()
    head = lines[1 + tag.count("\n") :] if name == "Cu" else lines[1:] if "UNITS" in lines[0] else lines
    path = tmp_path / file
    path.write_text("\n".join([tag, *head]) + "\n")
    agree(disturbed(name, (2, 1, 1)), path, style, elements)


def test_other_units_are_refused(tmp_path):
    path = written(tmp_path, setfl().replace("one", "# UNITS: electron"))
    with pytest.raises(ValueError, match="line 1: expected UNITS: metal or real, found UNITS: electron"):
        load_potential(path)


@pytest.mark.parametrize("name", ["Cu_u3.eam", "Ni_smf7.eam"])
@pytest.mark.parametrize("tag", ["metal", "real"])
def test_funcfl_agrees(tmp_path, name, tag):
    text = find_potential(name).read_text().splitlines()
    path = tmp_path / name
    path.write_text("\n".join([f"# UNITS: {tag}", *text[1:]]) + "\n")
    a, symbol = (3.615, "Cu") if "Cu" in name else (3.52, "Ni")
    atoms = bulk(symbol, "fcc", a=a, cubic=True) * (2, 2, 1)
    atoms.positions += np.random.default_rng(4).normal(0, 0.1, atoms.positions.shape)
    energies, forces, _ = lammps_energy_forces(atoms, "eam", str(path), [symbol])
    atoms.calc = load_potential(path).calculator()
    np.testing.assert_allclose(atoms.get_forces(), forces, rtol=0, atol=1e-9)
    np.testing.assert_allclose(atoms.get_potential_energies(), energies, rtol=0, atol=1e-9)
