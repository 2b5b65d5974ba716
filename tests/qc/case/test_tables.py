"""The tables of a case file: defaults, keys that depend on each other, names that the code knows."""

import json
from dataclasses import fields

import pytest
from pydantic import ValidationError

import atomistics
from qc.case.case import TABLES, Case, load_case
from qc.case.tables import BUILT_IN_POTENTIALS, COVALENT, PotentialTable
from tests.qc.case.cases import SILICON, refusal


def test_the_core_of_methods_without_handshake(iron):
    tight = ["model.core_radius=390", "model.blend_width=20"]
    assert "does not fit" in refusal(iron, *tight)
    assert load_case(iron, [*tight, "model.method=qce"])
    assert load_case(iron, [*tight, "model.method=atomistic", "model.domain_radius=60"])  # all atoms: no core


def test_a_sheet(sheet):
    case = load_case(sheet, ["crack.plane=[1, 0]"])
    assert case.crack.plane == (1, 0)
    assert load_case(sheet).crack.plane is None
    assert load_case(sheet, ["crack.front=[0, 0, 1]"])
    assert "crack.plane = [1, 1, 0]" in refusal(sheet, "crack.plane=[1, 1, 0]")
    assert "crack.front = [1, 0, 0]" in refusal(sheet, "crack.front=[1, 0, 0]")
    assert 'load.mode = "III"' in refusal(sheet, "load.mode=III")
    assert "K_III" in refusal(sheet, "load.mode=[1, 0, 0.1]")
    assert "model.front_periods = 2" in refusal(sheet, "model.front_periods=2")


def test_crystals_with_a_basis(silicon):
    case = load_case(silicon)
    assert (case.crystal.species, case.crack.cut) == (("Si",), "widest")
    for cut in ("shuffle", "glide"):
        assert load_case(silicon, [f"crack.cut={cut}"]).crack.cut == cut
    assert load_case(silicon, ["crack.cut=1"]).crack.cut == 1
    assert (
        load_case(silicon, ["crack.plane=[-1, 1, 1]", "crack.front=[0, 1, -1]", "crack.cut=glide"]).crack.cut == "glide"
    )
    silicon.write_text(SILICON.replace('element = "Si"', 'elements = ["Si", "C"]').replace("diamond", "zincblende"))
    case = load_case(silicon, ["crack.cut=glide"])
    assert case.crystal.species == ("Si", "C")
    assert Case.from_dict(json.loads(json.dumps(case.plain())), name="silicon") == case
    silicon.write_text(SILICON.replace("diamond", "hcp"))
    assert load_case(silicon).crystal.c_over_a is None
    assert load_case(silicon, ["crystal.c_over_a=1.6"]).crystal.c_over_a == 1.6


def test_names_are_those_of_the_code():
    """What the schema spells out without importing the code behind it."""
    from atomistics.potentials.library import BUILT_IN
    from qc.case.tables import LoadTable, ModelTable, SolverTable
    from qc.coupling.spec import METHODS
    from qc.crack.ladder_state import LadderSpec
    from qc.crack.spec import MODES
    from qc.solve.options import SolverOptions
    from qc.unknowns.blending import STEPS

    assert set(BUILT_IN_POTENTIALS) == set(BUILT_IN)
    assert COVALENT == atomistics.COVALENT
    options = SolverOptions()
    for name, field in SolverTable.model_fields.items():
        assert getattr(options, name) == field.default
    load, table = LadderSpec(), LoadTable()
    assert all(getattr(load, f.name) == getattr(table, f.name) for f in fields(load))
    for method in METHODS:
        assert ModelTable(method=method, core_radius=1, domain_radius=2).method == method
    for blending in STEPS:
        assert ModelTable(blending=blending, core_radius=1, domain_radius=2).blending == blending
    for mode in MODES:
        assert LoadTable(mode=mode).mode == mode


@pytest.mark.parametrize("table", TABLES)
def test_true_is_no_number(table):
    """Python takes True for 1: a key that is no switch refuses it, also inside of lists and tables."""
    for name, field in TABLES[table].model_fields.items():
        if field.annotation is bool or name in ("petsc", "parameters"):
            continue
        for value in (True, [True, True], [True, True, True]):
            with pytest.raises(ValidationError) as error:
                TABLES[table].model_validate({name: value})
            assert name in [found["loc"][0] for found in error.value.errors() if found["type"] != "missing"], (name, value)


def test_true_is_no_parameter_of_a_potential():
    with pytest.raises(ValidationError, match="number"):
        PotentialTable(file="morse", parameters={"D": True})
