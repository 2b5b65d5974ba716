"""Table [qm]: what it allows, in one sentence each."""

import pytest
from pydantic import ValidationError

from qc.case.case import Case
from qc.case.qm import ENGINES, QMTable, is_engine
from qc.commands.specs import engine_spec
from qc.errors import InputError
from qc.qm.engine.spec import BUILT_IN, check_name
from tests.qc.commands.small import tip_case


def test_defaults_make_an_engine():
    table = QMTable(radius=7.0)
    spec = engine_spec(table)
    assert (spec.engine, spec.retries, spec.start) == ("gfn1-xtb", 3, "fresh")
    assert spec.keywords()["accuracy"] == 0.001
    assert engine_spec(QMTable(radius=7.0, parameters={"accuracy": 1.0})).keywords() == {"accuracy": 1.0}


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        ({}, "radius"),
        ({"radius": -1.0}, "radius"),
        ({"radius": 5.0, "engine": "mpirun vasp"}, "engine"),
        ({"radius": 5.0, "mode": "both"}, "mode"),
        ({"radius": 5.0, "retries": -1}, "retries"),
        ({"radius": 5.0, "spin": 1.5}, "spin"),
        ({"radius": 5.0, "bufer": 3.0}, "bufer"),
        ({"radius": 5.0, "hessian": "exact"}, "hessian"),
    ],
)
def test_what_is_not_allowed_is_named(keys, word):
    with pytest.raises(ValidationError, match=word):
        QMTable(**keys)


def test_the_engines_are_those_that_qm_knows():
    assert ENGINES == BUILT_IN


@pytest.mark.parametrize("name", [*BUILT_IN, "ase:a.b.C", "ase:C", "ase:", "a.b.C", "", "a b", "unix:a"])
def test_names_of_engines_are_judged_alike(name):
    try:
        check_name(name)
    except ValueError:
        assert not is_engine(name)
    else:
        assert is_engine(name)


def test_a_name_may_be_explained_elsewhere():
    assert is_engine("my-vasp")
    assert is_engine("a+b_2")


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ({"engine": "/usr/bin/python3 gpaw"}, 'must be "gfn1-xtb".*no interpreter, no command and no socket'),
        ({"engine": "unix:vasp"}, "no socket"),
        ({"engine": "localhost:3141"}, "no socket"),
        ({"command": "vasp_std"}, "qm.command is not a known key"),
        ({"python": "/usr/bin/python3"}, "qm.python is not a known key"),
        ({"radius": -1.0}, "qm.radius"),
        ({"speed": 1}, "qm.speed"),
        ({"mode": "both"}, '"energy" or "force"'),
    ],
)
def test_bad_tables(tables, says):
    plain = tip_case("Stiff").plain()
    with pytest.raises(InputError, match=says):
        Case.from_dict(plain | {"qm": plain["qm"] | tables})


def test_qm_needs_three_dimensions():
    with pytest.raises(InputError, match=r"\[qm\] is not allowed with model.method"):
        tip_case("Stiff", model={"method": "continuum"})


@pytest.mark.parametrize(
    ("parameters", "key"),
    [
        ({"command": "touch canary"}, "command"),
        ({"ase_espresso_command": "touch canary"}, "ase_espresso_command"),
        ({"profile": {"command": "touch canary"}}, "profile"),
        ({"calc": {"inner": [{"cmd": "x"}]}}, "calc.inner.cmd"),
        ({"lammps_header": ["shell touch canary"]}, "lammps_header"),
        ({"amendments": ["shell touch canary"]}, "amendments"),
        ({"executable": "sh"}, "executable"),
        ({"mpi": {"np": 2}}, "mpi"),
        ({"unixsocket": "a"}, "unixsocket"),
        ({"port": 3141}, "port"),
        ({"interpreter": "sh"}, "interpreter"),
        ({"launch_client": "sh"}, "launch_client"),
        ({"txt": "/tmp/canary"}, "txt"),
        ({"log_file": "canary"}, "log_file"),
        ({"directory": "/tmp"}, "directory"),
        ({"restart": "x.gpw"}, "restart"),
        ({"pair_style": "eam\nshell touch canary"}, "pair_style"),
    ],
)
def test_parameters_start_no_program_and_write_no_file(parameters, key):
    plain = tip_case("Stiff").plain()
    with pytest.raises(InputError, match=rf"qm\.parameters\.{key} = .* is not allowed: ") as error:
        Case.from_dict(plain | {"qm": plain["qm"] | {"parameters": parameters}})
    assert str(error.value).isprintable()


def test_parameters_of_engines_pass():
    given = {
        "accuracy": 0.1,
        "kpts": [1, 1, 1],
        "txt": "-",
        "xc": "PBE",
        "mode": {"name": "pw", "ecut": 300},
        "spinpol": True,
    }
    assert QMTable(radius=5.0, engine="gpaw", parameters=given).parameters == given


@pytest.mark.parametrize(
    "line",
    [
        "shell touch canary",
        "python f source here",
        "pair_style python 5.0",
        "pair_style hybrid sw mliap model mliappy",
        "pair_style sw $(x)",
        'pair_style sw """',
        "pair_style sw &",
        "pair_style sw\nlog /tmp/canary",
        "log /tmp/canary",
        "include evil",
        "Shell x",
        "plugin load x",
        "",
        3,
    ],
)
def test_lammps_is_told_of_a_potential_and_nothing_else(line):
    plain = tip_case("Stiff").plain()
    with pytest.raises(InputError, match=r"qm\.parameters\.lmpcmds .*is not allowed") as error:
        Case.from_dict(plain | {"qm": plain["qm"] | {"parameters": {"lmpcmds": ["pair_style sw", line]}}})
    assert str(error.value).isprintable()


def test_a_potential_of_lammps_passes():
    lines = ["pair_style sw", "pair_coeff * * /a/Si-1.sw Si", "pair_style hybrid/overlay sw zbl 3.0 4.0"]
    assert QMTable(
        radius=5.0, engine="ase:ase.calculators.lammpslib.LAMMPSlib", parameters={"lmpcmds": lines, "keep_alive": True}
    )
