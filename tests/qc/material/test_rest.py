"""Crystals at rest in size and shape, against LAMMPS, closed forms and a known answer."""

import logging

import numpy as np
import pytest
from ase.build import bulk

from atomistics import Crystal, cohesive_energy, load_potential
from atomistics.potentials.library import find_potential
from qc.case.case import Case
from qc.commands.build import make_crystal
from qc.material import rest
from qc.material.cleavage import indices
from qc.material.griffith import griffith
from qc.material.rest import at_rest, axial_ratio, stress_of
from tests.lammps_engine import lammps_energy_forces, needs_lammps

GPA = 160.21766208


@pytest.fixture(scope="module")
def zirconium():
    return load_potential("Zr_mm.eam.fs")


@pytest.fixture(scope="module")
def resting(zirconium):
    return at_rest(Crystal.hcp("Zr"), zirconium)


def strained(crystal):
    """The crystal as `ase.Atoms` of a cell without any symmetry, 2 % off in each component."""
    atoms = crystal.atoms()
    F = np.eye(3) + 0.02 * np.array([[0.9, 0.5, -0.3], [0.5, -0.8, 0.6], [-0.3, 0.6, 0.7]])
    atoms.set_cell(atoms.cell @ F.T, scale_atoms=True)
    return atoms


@needs_lammps
def test_zirconium_rests_in_lammps_too(zirconium, resting):
    """c/a of the potential's table; forces and stress of LAMMPS vanish at this cell."""
    assert axial_ratio(resting) == pytest.approx(1.59788, abs=1e-5)
    assert np.abs(stress_of(resting, zirconium)).max() < 1e-4
    atoms = resting.atoms((3, 3, 2))
    _, forces, stress = lammps_energy_forces(atoms, "eam/fs", str(find_potential("Zr_mm.eam.fs")), ["Zr"])
    assert np.abs(forces).max() < 1e-8
    assert GPA * np.abs(stress).max() < 1e-3


@needs_lammps
def test_the_stress_of_a_given_axial_ratio(zirconium):
    """-0.63, -0.63, +1.26 GPa at the ideal ratio, as in LAMMPS."""
    case = {
        "crystal": {"structure": "hcp", "element": "Zr", "c_over_a": 1.633},
        "potential": {"file": "Zr_mm.eam.fs"},
        "model": {"core_radius": 10.0, "domain_radius": 100.0},
        "crack": {"plane": [0, 0, 1], "front": [2, 1, 0]},
    }
    crystal = make_crystal(Case.from_dict(case), zirconium)
    ours = stress_of(crystal, zirconium)
    assert ours == pytest.approx([-0.63, -0.63, 1.26, 0, 0, 0], abs=0.005)
    atoms = Crystal.hcp("Zr", crystal.a, 1.633).atoms((3, 3, 2))
    stress = GPA * lammps_energy_forces(atoms, "eam/fs", str(find_potential("Zr_mm.eam.fs")), ["Zr"])[2]
    assert ours[:3] == pytest.approx(np.diagonal(stress), abs=1e-3)


def test_a_case_rests_in_what_it_leaves_out(zirconium, resting):
    case = {
        "crystal": {"structure": "hcp", "element": "Zr"},
        "potential": {"file": "Zr_mm.eam.fs"},
        "model": {"core_radius": 10.0, "domain_radius": 100.0},
        "crack": {"plane": [0, 0, 1], "front": [2, 1, 0]},
    }
    assert make_crystal(Case.from_dict(case), zirconium).conventional_ij == pytest.approx(
        resting.oriented((0, 0, 1), (2, 1, 0)).conventional_ij
    )
    case["crystal"]["a"] = 3.2
    given = make_crystal(Case.from_dict(case), zirconium)
    assert given.a == 3.2
    assert axial_ratio(given) == pytest.approx(axial_ratio(resting))


def test_a_griffith_load_is_that_of_the_crystal_at_rest(zirconium, caplog):
    """Zr (0001)[10-10] whatever c/a is given, and a warning that names the stress of that one."""
    given = Crystal.hcp("Zr", 3.21, 1.633).oriented((0, 0, 1), (2, 1, 0))
    with caplog.at_level(logging.WARNING, "qc"):
        report = griffith(given, zirconium)
    assert report.gamma == pytest.approx(1.5289, abs=1e-4)
    assert pytest.approx(0.6242, abs=1e-4) == report.K_G
    (warning,) = [r.getMessage() for r in caplog.records]
    first = " ".join(f"{s:.2f}" for s in stress_of(given, zirconium)[:3])
    assert f"carries {first} 0 0 0 GPa (xx yy zz yz xz xy)" in warning
    assert "c/a = 1.59788 instead of a = 3.210000 A, c/a = 1.63300" in warning


def test_any_cell_comes_to_rest(zirconium, resting):
    """A cell of `ase` strained out of its symmetry rests as the hcp crystal does; plane and front keep their indices."""
    given = Crystal.from_ase(strained(resting)).oriented((1, 0, 1), (0, 1, 0))
    assert np.abs(stress_of(given, zirconium)).max() > 1.0
    found = at_rest(given, zirconium)
    assert np.abs(stress_of(found, zirconium)).max() < 1e-4
    assert found.cell_volume == pytest.approx(resting.cell_volume, rel=1e-7)
    assert cohesive_energy(found, zirconium) == pytest.approx(cohesive_energy(resting, zirconium), abs=1e-9)
    assert indices(found) == indices(given) == ((1, 0, 1), (0, 1, 0))
    assert found.cell_ij == pytest.approx(found.oriented((1, 0, 1), (0, 1, 0)).cell_ij)


def test_inner_shifts_come_to_rest():
    """Stillinger-Weber wurtzite: perfect tetrahedra, c/a = sqrt(8/3), u = 3/8, and the energy of diamond."""
    potential = load_potential("stillinger-weber")
    found = at_rest(Crystal.from_ase(bulk("SiSi", "wurtzite", a=3.8, c=6.5, u=0.37)), potential)
    assert axial_ratio(found) == pytest.approx(np.sqrt(8 / 3), rel=1e-7)
    assert cohesive_energy(found, potential) == pytest.approx(-4.3366, abs=1e-4)
    bonds = [np.linalg.norm(found.stencil(2.6, b), axis=1) for b in range(4)]
    assert np.concatenate(bonds) == pytest.approx(np.sqrt(3) / 4 * 5.43095, abs=1e-4)


def test_cubic_crystals_are_left_alone():
    """No shape is sought where symmetry leaves none."""
    crystal = at_rest(Crystal.bcc("Fe"), load_potential("Fe_mm.eam.fs"))
    assert np.array_equal(crystal.unit_cell, Crystal.bcc("Fe").unit_cell)
    assert crystal.a == pytest.approx(2.855325, rel=1e-5)


def test_what_is_no_crystal_is_not_brought_to_rest(zirconium, monkeypatch):
    """Torn tables: stresses of millions of GPa, at which a trust region finds no step."""
    monkeypatch.setattr(rest, "stress_of", lambda *_: np.array([5e6, 0.0, 0.0, 3e5, 0.0, 0.0]))
    with pytest.raises(ValueError, match=r"at the size of least energy carries .* GPa: no crystal does"):
        at_rest(Crystal.hcp("Zr"), zirconium)


def test_what_stays_under_stress_is_named(zirconium, monkeypatch):
    """A search that gets nowhere is no crystal at zero pressure."""
    monkeypatch.setattr(rest, "_in_shape", lambda crystal, potential: crystal)
    with pytest.raises(ValueError, match=r"hcp Zr, Zr finds no shape at rest: -0.63 -0.63 1.26 0 0 0 GPa are left"):
        at_rest(Crystal.hcp("Zr"), zirconium)
