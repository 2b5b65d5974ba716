"""What a survey consists of: the structure found, cases that can be run as they are written, and one sentence for what does not fit."""

import pytest

from qc.case.case import load_case
from qc.case.file import toml_of
from qc.commands.survey_plan import Wish, folder_names, plan_survey
from qc.commands.survey_subject import with_room
from qc.errors import InputError

IRON = "Fe_mm.eam.fs"
SHORT = "{alpha=4.0,cutoff=1.7,switch_on=1.1}"


def test_iron_is_planned_as_bcc_and_its_cases_are_files(tmp_path):
    (subject,) = plan_survey(Wish(potentials=[IRON], overrides=["load.K_stop=1.6"]))
    assert (subject.name, subject.structure, subject.species, subject.warning) == ("Fe_mm", "bcc", ("Fe",), None)
    assert "bcc -4.1224" in subject.energies
    assert len(subject.members) == 6
    one = subject.members[4]
    assert (one.name, one.case.crack.plane, one.case.load.unload, one.case.load.K_stop) == ("111_11-2", (1, 1, 1), True, 1.6)
    assert subject.large_core == pytest.approx(2 * 5.7 * 2.4728, abs=0.1)  # twice that of other commands
    path = tmp_path / f"{one.name}.toml"
    path.write_text(toml_of(one.data))
    assert load_case(path) == one.case


def test_a_larger_core_where_a_dislocation_is_within_reach():
    """Not where cleavage is far below, and never in the place of one that is set."""
    (subject,) = plan_survey(Wish(potentials=[IRON]))
    (given,) = plan_survey(Wish(potentials=[IRON], overrides=["model.core_radius=20"]))
    (small,) = plan_survey(Wish(potentials=[IRON], overrides=["model.domain_radius=60"]))

    def core(of, load):
        theory = {"emission": {"systems": [{"possible": False, "over_K_c": 0.1}, {"possible": True, "over_K_c": load}]}}
        return with_room(of.members[0], theory, of.large_core).case.model.core_radius

    assert core(subject, 1.4) == subject.large_core
    assert core(subject, 1.6) is None
    assert core(given, 1.4) == 20.0
    assert core(small, 1.4) is None
    assert with_room(subject.members[0], {"emission": None}, 30.0) is subject.members[0]


def test_another_structure_is_warned_of_with_both_energies():
    (subject,) = plan_survey(Wish(potentials=[IRON], structure="fcc"))
    assert "-4.0020" in subject.warning
    assert "bcc has -4.1224" in subject.warning
    assert [m.name for m in subject.members][-1] == "111_11-2"


SYSTEM = "[[system]]\nplane = [1, 1, 0]\nfront = {}\n"
RIGHT = SYSTEM.format("[0, 0, 1]")
BAD = {
    "front": (SYSTEM.format("[1, 1, 1]"), r"system 1: crack.front = \[1, 1, 1\] is not allowed: it must lie in crack.plane"),
    "front missing": ("[[system]]\nplane = [1, 1, 0]\n", r"system 1: crack.front is missing"),
    "slip off the front": (RIGHT + 'slip = "(1 1 2) 1/2[1 1 -1]"', r"none of its planes contains the crack front of \(1 1 0\)"),
    "slip out of its plane": (RIGHT + 'slip = "(1 1 2) 1/2[1 1 1]"', "Burgers vector must lie in the plane"),
    "no slip": (RIGHT + 'slip = "fast"', "slip system 'fast' is not allowed"),
    "no gap": (RIGHT + 'cut = "glide"', 'crack.cut = "glide" is not allowed'),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_system_that_does_not_fit(tmp_path, kind):
    text, told = BAD[kind]
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=told) as error:
        plan_survey(Wish(potentials=[IRON], structure="bcc", systems=str(path)))
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"potentials": ["nowhere.eam"]}, "nowhere.eam is not usable: no potential"),
        ({"potentials": [IRON], "structure": "bct"}, "--structure 'bct' is not allowed: it must be one of fcc, bcc"),
        ({"potentials": [IRON], "structure": "B2"}, "--structure B2 does not fit the species Fe: it needs two different species"),
        ({"potentials": [IRON], "species": ("Cu",)}, "crystal.element = 'Cu' does not fit"),
        ({"potentials": [IRON], "species": ("Fe", "Fe")}, "--element Fe,Fe is not allowed"),
        ({"potentials": ["VFe_mm.eam.fs"]}, "--element is missing: VFe_mm.eam.fs knows V, Fe"),
        ({"potentials": [IRON, IRON]}, "another potential of the name Fe_mm"),
        ({"potentials": [IRON], "overrides": ["crack.plane=[1,0,0]"]}, "--set crack.plane is not allowed: a survey takes it from"),
        ({"potentials": [IRON], "overrides": ["load.K_sto=1"]}, "load.K_sto"),
        ({"potentials": ["morse"], "structure": "hcp", "overrides": [f"potential.parameters={SHORT}"]}, "no crystal at rest"),
        ({"potentials": [IRON], "systems": "none.toml"}, "none.toml: there is no such file, a file of crack systems in TOML is expected"),
    ],
)  # fmt: skip
def test_words_that_do_not_fit(wish, told):
    with pytest.raises(InputError) as error:
        plan_survey(Wish(**wish))
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_names_of_folders():
    assert folder_names(["~/potentials/Fe_mm.eam.fs.gz"]) == ["Fe_mm"]
    assert folder_names(["../../a b;c.eam"]) == ["a-b-c"]
    assert folder_names([".."]) == ["potential"]


def test_potentials_of_one_element_are_told_apart_by_their_whole_names():
    """Three of LAMMPS' silicons, compared in one table."""
    assert folder_names(["Si.sw", "lib/Si.tersoff", "Fe_mm.eam.fs"]) == ["Si-sw", "Si-tersoff", "Fe_mm"]
    with pytest.raises(InputError, match="there is another potential of the name Si-sw"):
        folder_names(["Si.sw", "other/Si.sw"])
