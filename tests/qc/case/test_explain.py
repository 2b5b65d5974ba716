"""Mistakes in a case file: one sentence with key, value and what is allowed."""

import re

import pytest

from qc.case.case import load_case
from tests.qc.case.cases import IRON, SILICON, refusal


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("model.core_radius=40 A", 'model.core_radius = "40 A" .* lengths are plain numbers in A'),
        ("model.core_radius=-1", "model.core_radius = -1 .* > 0 in A"),
        ("model.core_radius=nan", "model.core_radius = nan .* number"),
        ("model.core_radius=true", "model.core_radius = true .* number"),
        ("model.core_radius=390", None),
        ("model.core_radius=400", "core_radius = 400 A .* smaller than model.domain_radius = 400 A"),
        ("model.blend_width=380", "core_radius = 40 A .*blend_width = 380 A .*domain_radius = 400 A"),
        ("model.blend_width=0", "model.blend_width = 0 .* > 0"),
        ("model.core_radus=40", r"model.core_radus is not a known key: did you mean model.core_radius\?$"),
        ("load.k_step=0.1", r"did you mean load.K_step\?"),
        ("model.K_step=0.1", r"did you mean load.K_step\?"),
        ("model.colour=1", "model.colour is not a known key: .model. may have method, "),
        ("modl.core_radius=40", r"modl is not a known table: did you mean \[model\]\?"),
        ("model.method=bgcf", 'model.method = "bgcf" .*"atomistic", .*"bqcf"'),
        ("model.dimension=3", "model.dimension = 3 .* use 2.5 with model.front_periods"),
        ("model.dimension=2.7", "model.dimension = 2.7 .* 2, 2.5 or 3"),
        ("model.dimension=2", 'model.dimension = 2 .*"bcc": it must be 2.5'),
        ("crystal.structure=hexagonal", "model.dimension = 2.5 .* it must be 2$"),
        ("crystal.structure=quartz", 'crystal.structure = "quartz" .*"hexagonal"'),
        ("model.order=3", "model.order = 3 .* 1 or 2"),
        ("model.front_periods=1.5", "model.front_periods = 1.5 .* whole number"),
        ("model.face_strip=1", "model.face_strip = 1 .* true or false"),
        ("crack.front=[1, 1, 0]", r"crack.front = \[1, 1, 0\] .* lie in crack.plane = \[1, 1, 0\]"),
        ("crack.plane=[1, 1]", r"crack.plane = \[1, 1\] .* three whole numbers"),
        ("crack.plane=[1, 0.5, 0]", r"crack.plane = \[1, 0.5, 0\] .* three whole numbers"),
        ("crack.plane=[0, 0, 0]", "not all 0"),
        ("crack.tip=3", "crack.tip = 3 .* two numbers in A"),
        ("crack.tip=[1]", r"crack.tip = \[1\] is not allowed: it must be two numbers in A"),
        ("load.K_step=0", "load.K_step = 0 .* > 0"),
        ("load.K_start=3", "load.K_start = 3 .* not be larger than load.K_stop = 2$"),
        ("load.K_start=0", "load.K_start = 0 .* > 0"),
        ("load.mode=IV", 'load.mode = "IV" .* or three numbers$'),
        ("load.mode=[1, 2]", r"load.mode = \[1, 2\] .* or three numbers$"),
        ("load.mode=[0, 0, 0]", "load.mode"),
        ("load.mode=[-1, 0, 0]", "load.mode = .* K_I must be >= 0"),
        ("solver.linear=lu", 'solver.linear = "lu" .*"mumps", "gamg" or "factored"'),
        ("solver.force_tolerance=1e-6 eV/A", "without quotes and unit"),
        ("solver.max_newton=0", "solver.max_newton = 0 .* from 1 to 1000000"),
        ("solver.petsc=3", "solver.petsc = 3 .* table"),
        ("solver.petsc.a.b=1", "solver.petsc.a = {b = 1} "),
        ("potential.parameters.D=much", 'potential.parameters.D = "much" .* numbers'),
        ("potential.elements=Fe", "potential.elements = .* list of chemical symbols"),
        ("model.arms=3", r"model.arms = 3 .* list of at most 12 tables \[\[model.arms\]\] with angle"),
        ("model.arms=[{angle=200, length=50, width=24}]", r"^--set: model.arms\[0\].angle = 200 .* from -180 to 180 in degrees"),
        ("model.arms=[{angle=0, length=50, width=24}, {angle=0, length=50, width=0}]", r"arms\[1\].width = 0 .* numbers > 0 in A"),
        ("model.arms=[{angle=0, length=50}]", r"model.arms\[0\].width is missing: model.arms must be a list"),
        ("model.arms=[{angle=0, length=50, wdith=1}]", r"model.arms\[0\].width is missing|arms\[0\].wdith is not a known key"),
        ("core_radius=40", "--set 'core_radius=40' .* table.key=value"),
        ("model.core_radius", "--set 'model.core_radius' .* table.key=value"),
        ("model.core_radius.x=1", "model.core_radius is not a table"),
    ],
)
def test_one_sentence_for_each_mistake(iron, override, told):
    if told is None:  # the limit itself
        assert load_case(iron, [override]).model.core_radius == 390
        return
    sentence = refusal(iron, override)
    assert re.search(told, sentence), sentence
    assert "--set" in sentence


def test_the_first_mistake_and_how_many_more(iron):
    sentence = refusal(iron, "model.core_radus=40", "load.K_step=0", "load.K_stop=x")
    assert sentence == "--set: model.core_radus is not a known key: did you mean model.core_radius? (and 2 more)"


def test_mistakes_in_the_file_name_the_file(iron):
    iron.write_text(IRON.replace("core_radius = 40", 'core_radius = "40 A"'))
    assert refusal(iron).startswith(f'{iron}: model.core_radius = "40 A" is not allowed: ')
    iron.write_text(IRON.replace("core_radius = 40", ""))
    missing = "model.core_radius is missing: it must be a plain number > 0 in A, at most 1e7, or left out in a case of version = 2"
    assert refusal(iron) == f"{iron}: {missing}"
    iron.write_text(IRON.replace("[potential]", "").replace('file = "Fe_mm.eam.fs"', ""))
    assert refusal(iron).endswith("table [potential] is missing: its keys are file, model, elements, parameters and twin")
    iron.write_text("model = 3\n" + IRON.replace("[model]", "[load]").split("[load]")[0])
    assert "model = 3 is not allowed: it must be a table [model]" in refusal(iron)


@pytest.mark.parametrize("key", ["plane", "front"])
def test_cubic_crystals_need_plane_and_front(iron, key):
    iron.write_text("\n".join(line for line in IRON.splitlines() if not line.startswith(key)))
    assert f"crack.{key} is missing" in refusal(iron)


@pytest.mark.parametrize(
    ("override", "told"),
    [
        (
            "crystal.structure=zincblende",
            r'crystal.element = "Si" .*"zincblende" crystal.elements must be two .*\["Si", "C"\]$',
        ),
        (
            'crystal.elements=["Si", "C"]',
            'crystal.element = "Si" is not allowed: .*"diamond" crystal.element must be a chem',
        ),
        ("crystal.elements=Si", 'crystal.elements = "Si" is not allowed: it must be a list of chemical symbols'),
        ("crystal.element=3", "crystal.element = 3 is not allowed: it must be a chemical symbol"),
        ("crystal.c_over_a=1.6", 'crystal.c_over_a = 1.6 is not allowed .*"diamond": leave it out, only hcp has one$'),
        (
            "crystal.structure=wurtzite",
            'crystal.structure = "wurtzite" .*"diamond", "zincblende", "B2", "L1_2", "hcp" or "hexagonal"',
        ),
        ("crack.cut=middle", 'crack.cut = "middle" .*"widest", "shuffle", "glide" or a whole number from 0$'),
        ("crack.cut=-1", "crack.cut = -1 is not allowed: it must be"),
        ("crack.cut=0.5", "crack.cut = 0.5 is not allowed: it must be"),
        ("crack.cut=true", "crack.cut = true is not allowed: it must be"),
    ],
)
def test_mistakes_of_a_crystal_with_a_basis(silicon, override, told):
    sentence = refusal(silicon, override)
    assert re.search(told, sentence), sentence


def test_mistakes_of_two_keys(silicon):
    sentence = refusal(silicon, "crack.cut=glide", "crack.plane=[1, 1, 0]", "crack.front=[0, 0, 1]")
    assert re.search(
        r'crack.cut = "glide" .*crack.plane = \[1, 1, 0\]: only the .111. planes of diamond and zincblende', sentence
    )
    silicon.write_text(SILICON.replace("diamond", "fcc"))
    assert 'crystal.structure = "fcc"' in refusal(silicon, "crack.cut=shuffle")
    silicon.write_text(SILICON.replace("diamond", "zincblende").replace('element = "Si"', 'elements = ["Si"]'))
    assert 'crystal.elements = ["Si"] is not allowed: with crystal.structure = "zincblende" crystal.e' in refusal(
        silicon
    )
    assert "two different" in refusal(silicon, 'crystal.elements=["Si", "Si"]')
    assert "two different" in refusal(silicon, 'crystal.elements=["Si", "C", "Ge"]')
    silicon.write_text(SILICON.replace('element = "Si"', ""))
    assert 'crystal.element is missing: with crystal.structure = "diamond" crystal.element must be a chem' in refusal(
        silicon
    )
