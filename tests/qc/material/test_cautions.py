"""What is told before a run: model or real material, an expensive cut, a potential that does not cleave."""

import shutil

import pytest

from atomistics import Crystal, load_potential
from atomistics.potentials.library import find_potential
from qc.material.cautions import cautions, identify, material_of
from qc.material.griffith import griffith
from qc.material.rest import at_rest

PLANE, FRONT = (1, 1, 1), (1, -1, 0)


def silicon(potential, plane=PLANE, front=FRONT, species="Si"):
    return Crystal.diamond(species).resolved(potential).oriented(plane, front)


def told(crystal, potential, cut="widest"):
    return cautions(crystal, potential, griffith(crystal, potential, cut), cut)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("Si.sw", "stillinger-weber"),
        ("stillinger-weber", "stillinger-weber"),
        ("holland-marder", "holland-marder"),
        ("SiC_1989.tersoff", "tersoff-t3"),
        ("Si.tersoff.mod", "kumagai"),
        ("Si.tersoff", None),  # T2 of 1988
    ],
)
def test_a_potential_is_known_by_its_energies(tmp_path, source, name):
    """Under whatever name its file goes."""
    if "." in source:
        ending = source.partition(".")[2]
        source = shutil.copy(find_potential(source), tmp_path / f"mine.{ending}")
    potential = load_potential(source, ["Si"])
    assert identify(silicon(potential), potential) == name


def test_model_or_real_material(tmp_path):
    def kind(potential, crystal=None):
        return material_of(silicon(potential) if crystal is None else crystal, potential)

    assert kind(load_potential("stillinger-weber"))[0] == "real"
    assert kind(load_potential("tersoff-t3"))[0] == "real"
    assert kind(load_potential("holland-marder"))[0] == "model"
    assert "lambda = 42" in kind(load_potential("holland-marder"))[1]
    morse = load_potential("morse")
    assert kind(morse, Crystal.hexagonal().resolved(morse))[0] == "model"
    bent = tmp_path / "bent.sw"
    bent.write_text(find_potential("Si.sw").read_text().replace("21.0", "30.0"))
    assert kind(load_potential(bent)) == ("model", "silicon of Stillinger & Weber with another bending stiffness than published")
    iron = load_potential("Fe_mm.eam.fs")
    assert kind(iron, Crystal.bcc("Fe").resolved(iron))[0] == "real"


@pytest.mark.parametrize("name", ["stillinger-weber", "tersoff-t3", "kumagai"])
def test_potentials_that_do_not_cleave(name):
    potential = load_potential(name)
    (sentence,) = told(silicon(potential), potential)
    assert sentence.startswith(f"{name} is known not to cleave on (1 1 1)[1 -1 0]: ")
    assert "clamped discs" in sentence
    assert "\n" not in sentence
    (same,) = told(silicon(potential, (-1, 1, 1), (0, 1, -1)), potential)
    assert "known not to cleave" in same
    assert told(silicon(potential, (1, 1, 0), (0, 0, 1)), potential) == []


def test_the_brittle_variant_is_not_warned_of():
    potential = load_potential("holland-marder")
    assert told(silicon(potential), potential) == []
    assert told(silicon(potential), potential, "shuffle") == []
    assert told(silicon(potential), potential, 0) == []


@pytest.mark.parametrize("cut", ["glide", 1])
def test_the_glide_plane(cut):
    """Three times the surface energy: the sentence has both, and by how much K_G is wrong."""
    potential = load_potential("holland-marder")
    (sentence,) = told(silicon(potential), potential, cut)
    assert sentence.startswith(f"crack.cut = {cut!r} is the glide plane, which costs 4.080 J/m^2, 3.00 times the 1.360 J/m^2")
    assert "0.577 times" in sentence


def test_tungsten_of_zhou():
    potential = load_potential("W_zhou.eam.alloy", ["W"])
    crystal = at_rest(Crystal.bcc("W"), potential)
    for plane in ((1, 0, 0), (1, 1, 0)):
        (sentence,) = told(crystal.oriented(plane, (0, 0, 1)), potential)
        assert "known not to cleave" in sentence
        assert "2.4 K_G" in sentence
    assert told(crystal.oriented((1, 1, 0), (1, -1, 0)), potential) == []
    iron = load_potential("Fe_mm.eam.fs")
    assert told(Crystal.bcc("Fe").resolved(iron).oriented((1, 1, 0), (0, 0, 1)), iron) == []


@pytest.mark.parametrize("a", [5.35, 5.50])
def test_no_plane_costs_more_than_itself(a):
    """Gaps of a crystal that is not at rest have other widths than those of the report."""
    potential = load_potential("holland-marder")
    crystal = Crystal.diamond("Si", a).oriented((1, 1, 1), (1, -1, 0))
    assert told(crystal, potential) == []
    assert told(crystal, potential, "shuffle") == []
    assert "3.00 times" in told(crystal, potential, "glide")[0]


def test_species_that_are_no_chemical_symbols_are_told_once():
    potential = load_potential("SiCGe.tersoff", ["Si(D)"])
    (sentence,) = told(silicon(potential, species="Si(D)"), potential)
    assert sentence.startswith("species that are no chemical symbols: files for ASE show Si(D) as Si")


def test_a_shell_near_the_cutoff_of_a_potential_that_jumps_there():
    potential = load_potential("Ta06A.snap")
    crystal = Crystal.bcc("Ta", 3.316264).oriented((1, 0, 0), (0, 0, 1))
    assert any("0.29 % strain" in sentence for sentence in told(crystal, potential))
