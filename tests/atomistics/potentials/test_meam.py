"""MEAM against LAMMPS, its derivatives with each of its formulas, and what is refused."""

import shutil

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from atomistics import Crystal, NeighbourList, load_potential
from atomistics.potentials.library import find_potential
from tests.lammps_engine import lammps_energy_forces, needs_lammps

FIVE = ("Al", "Si", "Mg", "Cu", "Fe")
CASES = {
    "Ni": ("Ni.meam", ("Ni",), "fcc", 3.52),
    "Cu": ("Cu.meam", ("Cu",), "fcc", 3.62),
    "Bi": ("Bi.meam", ("Bi",), "fcc", 4.8),
    "SiC": ("SiC.meam", ("Si", "C"), "diamond", 4.6),
    "seven": ("MoCoNiVFeAlCr_2nn.meam", ("Mo", "Co", "Ni", "V", "Fe", "Al", "Cr"), "fcc", 3.6),
    "Al": ("AlSiMgCuFe.meam", FIVE, "fcc", 4.05),
    "five": ("AlSiMgCuFe.meam", FIVE, "bcc", 3.2),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files of LAMMPS, the elements of `FIVE` by the names of their species, which LAMMPS and ASE share."""
    place = tmp_path_factory.mktemp("meam")
    for name in {case[0] for case in CASES.values()} | {"library_2nn.meam"}:
        shutil.copy(find_potential(name), place)
    text = find_potential("library.meam").read_text()
    for name in FIVE:
        text = text.replace(f"'{name}'", f"'{name}0'").replace(f"'{name}S'", f"'{name}'")
    (place / "library.meam").write_text(text)
    plain = place / "plain"
    plain.mkdir()
    for name in ("library.meam", "Ni.meam", "Cu.meam", "SiC.meam"):
        shutil.copy(find_potential(name), plain)
    return place


def of_case(folder, name):
    """File, what LAMMPS is told, and the species."""
    file, elements, *_ = CASES[name]
    place = folder / "plain" if file in ("Cu.meam", "SiC.meam") else folder
    library = place / ("library_2nn.meam" if "2nn" in file else "library.meam")
    return place / file, f"{library} {' '.join(elements)} {place / file}", elements


def disturbed(name, repeats=(2, 2, 2), seed=7):
    """Rattled by 0.1 A, sheared and strained by 5 %, species at random (aluminium alone for ``Al``)."""
    _, elements, structure, a = CASES[name]
    rng = np.random.default_rng(seed)
    atoms = bulk(elements[0], structure, a=a, cubic=True) * repeats
    atoms.symbols = rng.choice(elements if name != "Al" else elements[:1], len(atoms))
    atoms.set_cell(atoms.cell @ (np.eye(3) + 0.05 * rng.normal(size=(3, 3))), scale_atoms=True)
    atoms.positions += rng.normal(0, 0.1, atoms.positions.shape)
    return atoms


def compare(folder, name, atoms, tolerance=1e-11):
    path, coefficients, elements = of_case(folder, name)
    energies, forces, stress = lammps_energy_forces(atoms, "meam", coefficients, list(elements))
    atoms.calc = load_potential(path, elements=elements).calculator()
    assert np.abs(forces).max() > 0.1
    np.testing.assert_allclose(atoms.get_potential_energies(), energies, rtol=0, atol=tolerance)
    np.testing.assert_allclose(atoms.get_forces(), forces, rtol=0, atol=tolerance)
    if atoms.pbc.all():
        np.testing.assert_allclose(atoms.get_stress(voigt=False), stress, rtol=0, atol=tolerance)


@needs_lammps
@pytest.mark.parametrize("name", CASES)
def test_site_energies_forces_and_stress_are_those_of_lammps(folder, name):
    compare(folder, name, disturbed(name))


@needs_lammps
@pytest.mark.parametrize("scale", [0.85, 1.15])
@pytest.mark.parametrize("name", ["Ni", "seven", "five"])
def test_compressed_and_torn_slabs_agree(folder, name, scale):
    atoms = disturbed(name)
    atoms.set_cell(atoms.cell * scale, scale_atoms=True)
    atoms.pbc = (False, True, True)
    compare(folder, name, atoms, 1e-10)


def derivatives(potential, atoms):
    """Largest errors of gradient and of products with the Hessian, relative to the largest values, against differences."""
    rng, w = np.random.default_rng(1), np.random.default_rng(2).uniform(0.2, 1.0, len(atoms))
    nl = NeighbourList(atoms.positions, potential.cutoff, 0.3, np.array(atoms.cell), atoms.pbc)
    y, types, v = atoms.positions, potential.types_of(atoms.get_chemical_symbols()), rng.normal(size=atoms.positions.shape)
    h, cell = 1e-5, None
    up, down = (potential.energy_gradient(y + s * h * v, types, nl, w, cell) for s in (1, -1))
    g = potential.energy_gradient(y, types, nl, w, cell)[2]
    Hv = potential.hessian_vector(potential.factors(y, types, nl, w), nl, v)
    first = abs((up[0] - down[0]) / (2 * h) - (g * v).sum()) / np.abs(g).max()
    return first, np.abs((up[2] - down[2]) / (2 * h) - Hv).max() / np.abs(Hv).max()


@pytest.mark.parametrize("ialloy", [0, 1, 2])
@pytest.mark.parametrize("ibar", [0, 1, 3, -5])
def test_derivatives_with_every_formula(folder, tmp_path, ialloy, ibar):
    """Silicon carbide, whose bonds are screened in part, with the averages and shape functions that LAMMPS has."""
    text = (folder / "plain" / "library.meam").read_text()
    for name in ("Si", "C"):
        begin = text.index(f"'{name}' ")
        lines = text[begin:].split("\n", 3)
        lines[2] = " ".join([*lines[2].split()[:-1], str(ibar)])
        text = text[:begin] + "\n".join(lines)
    (tmp_path / "library.meam").write_text(text)
    extra = f"\nialloy = {ialloy}\nbkgd_dyn = {int(ialloy == 1)}\nemb_lin_neg = {int(ibar == -5)}\nrc = 4.6\n"
    extra += "".join(f"Cmin({i},{j},{k}) = 0.3\n" for i, j in ((1, 1), (1, 2), (2, 2)) for k in (1, 2))
    (tmp_path / "SiC.meam").write_text((folder / "plain" / "SiC.meam").read_text() + extra)
    potential = load_potential(tmp_path / "SiC.meam", elements=("Si", "C"))
    atoms = disturbed("SiC", (1, 1, 1))
    first, second = derivatives(potential, atoms)
    assert first < 1e-7
    assert second < 1e-6
    if ialloy == 1 or ibar == 3:
        file = tmp_path / "SiC.meam"
        energies, forces, _ = lammps_energy_forces(atoms, "meam", f"{tmp_path / 'library.meam'} Si C {file}", ["Si", "C"])
        atoms.calc = potential.calculator()
        np.testing.assert_allclose(atoms.get_forces(), forces, rtol=0, atol=1e-10)
        np.testing.assert_allclose(atoms.get_potential_energies(), energies, rtol=0, atol=1e-10)


def test_the_alloy_of_seven_has_derivatives_too(folder):
    path, _, elements = of_case(folder, "seven")
    first, second = derivatives(load_potential(path, elements=elements), disturbed("seven", (1, 1, 1)))
    assert first < 1e-7
    assert second < 1e-6


def test_nickel_is_as_published():
    """Baskes 1992: 4.45 eV, 3.52 A, and the bulk modulus that alpha fixes."""
    potential = load_potential("Ni.meam")
    assert potential.elements == ("Ni",)
    crystal = Crystal.fcc("Ni").resolved(potential)
    assert crystal.a == pytest.approx(3.52, abs=1e-3)
    atoms = Atoms(bulk("Ni", "fcc", a=crystal.a), calculator=potential.calculator())
    assert atoms.get_potential_energy() == pytest.approx(-4.45, abs=1e-4)


def test_the_strain_at_which_screening_begins():
    """A second neighbour of fcc has C = 1 by each of four atoms, and Cmin = 0.68: 2 s + 0.32 A goes by (-2, 2, 0) times the strain."""
    potential = load_potential("Bi.meam")
    crystal = Crystal.fcc("Bi").resolved(potential)
    assert potential.strain_at_kink(crystal) == pytest.approx(0.32 / 8**0.5, rel=1e-9)
    assert load_potential("Cu_mishin1.eam.alloy").strain_at_kink(Crystal.fcc("Cu", 3.6)) is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("rc = 4.0", "rc = x", r"SiC.meam, line \d+: expected a finite number for rc, found 'x'"),
        ("rc = 4.0", "rc = -4", r"SiC.meam, line \d+: expected a positive rc, found -4"),
        ("rc = 4.0", "rk = 4.0", r"SiC.meam, line \d+: expected NAME = VALUE or NAME\(I, ..\) = VALUE, .* found 'rk = 4.0'"),
        ("rc = 4.0", "rc(1) = 4.0", r"SiC.meam, line \d+: expected no number behind rc, found \(1\)"),
        ("rc = 4.0", "ialloy = 7", r"SiC.meam, line \d+: expected ialloy = 0, 1, 2, found 7"),
        ("rc = 4.0", "mixture_ref_t = 1", r"SiC.meam, line \d+: expected mixture_ref_t = 0, found 1"),
        ("re(1,2)", "re(1,3)", r"SiC.meam, line \d+: expected 2 of the numbers 1 to 2 of Si, C behind re, found \(1, 3\)"),
        ("re(1,2)", "re(1)", r"SiC.meam, line \d+: expected 2 of the numbers"),
        ("'dia'", "'zig'", r"SiC.meam, line \d+: expected a reference structure of fcc, .*, found 'zig'"),
        ("lattce(1,2)", "lattce(2,1)", r"SiC.meam: expected lattce\(1,2\), the reference structure of Si and C, found none"),
        ("Cmax(1,2,1) = 4.0", "Cmax(1,2,1) = 1.0", r"SiC.meam: expected 0 <= Cmin\(1,2,1\) < Cmax\(1,2,1\), found 2 and 1"),
        ("rc = 4.0", "nn2(1,1) = 1\nCmin(1,1,1) = 0.3", r"SiC.meam: expected Cmin above 0.5 for nn2\(1,1\) = 1 of dia"),
        ("rc = 4.0", "Ec(1,1) = 1e308", "SiC.meam: expected parameters of a finite pair energy, found none of Si-Si"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_parameters_is_told_with_its_line(folder, tmp_path, old, new, message):
    shutil.copy(folder / "plain" / "library.meam", tmp_path)
    (tmp_path / "SiC.meam").write_text((folder / "plain" / "SiC.meam").read_text().replace(old, new, 1))
    with pytest.raises(ValueError, match=message) as error:
        load_potential(tmp_path / "SiC.meam", elements=("Si", "C"))
    assert "\n" not in str(error.value)


NICKEL = """# UNITS: metal
'Ni' 'fcc' 12. 28 58.71
4.99 2.45 2.20 6 2.20 3.52 4.45 1.10
1.0 3.57 1.60 3.70 1.0 0
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1.0 0\n", "1.0\n", r"library.meam, line 2: expected 19 columns \(element, lattice, z, .*\), found 18"),
        ("1.0 0\n", "1.0 0 7\n", "library.meam, line 2: expected 19 columns .*, found 20"),
        ("3.57", "nan", "library.meam, line 2: expected a finite number for t1, found 'nan'"),
        ("'fcc'", "'bct'", "library.meam, line 2: expected a reference structure of fcc, bcc, .* for Ni, found 'bct'"),
        ("12.", "8", "library.meam, line 2: expected z = 12 as fcc has for Ni, found 8"),
        ("1.0 0\n", "1.0 2\n", "library.meam, line 2: expected ibar = -5, 0, 1, 3, 4 for Ni, found 2"),
        ("3.52", "0", "library.meam, line 2: expected a positive alat for Ni, found 0"),
        ("1.0 3.57", "2.0 3.57", "library.meam, line 2: expected t0 = 1 for Ni, found 2"),
        ("'Ni'", "'Nj'", "Ni.meam: expected the elements of library.meam that it is for, in the order of its numbers, found none named"),
        (NICKEL, "", "library.meam, line 1: expected elements of 19 columns, found none"),
        ("metal", "real", "library.meam, line 1: expected UNITS: metal, found UNITS: real"),
    ],
)
def test_what_is_wrong_in_the_library_is_told_with_its_line(tmp_path, old, new, message):
    (tmp_path / "library.meam").write_text(NICKEL.replace(old, new, 1))
    (tmp_path / "Ni.meam").write_text("rc = 4.0\ndelr = 0.1\n")
    with pytest.raises(ValueError, match=message):
        load_potential(tmp_path / "Ni.meam")


def test_files_that_are_not_there(tmp_path):
    (tmp_path / "Ni.meam").write_text("rc = 4.0\n")
    with pytest.raises(ValueError, match=r"expected the library of its elements in library.meam beside it, found no such file"):
        load_potential(tmp_path / "Ni.meam")
    with pytest.raises(ValueError, match="expected a parameter file, found a library of elements"):
        load_potential("library.meam")
    with pytest.raises(ValueError, match=r"library.meam has no Xx: it has AlS"):
        load_potential("Ni.meam", elements=("Xx",))
