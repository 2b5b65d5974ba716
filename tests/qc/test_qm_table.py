"""Table [qm]: what it allows, in one sentence each."""

import pytest
from pydantic import ValidationError

from qc.errors import InputError
from qc.qm.table import QMTable


def test_defaults_make_an_engine():
    table = QMTable(radius=7.0)
    spec = table.spec()
    assert (spec.engine, spec.retries, spec.start) == ("gfn1-xtb", 3, "fresh")
    assert spec.keywords()["accuracy"] == 0.001
    assert QMTable(radius=7.0, parameters={"accuracy": 1.0}).spec().keywords() == {"accuracy": 1.0}


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        ({}, "radius"),
        ({"radius": -1.0}, "radius"),
        ({"radius": 5.0, "engine": "vasp"}, "engine"),
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


def test_an_engine_that_is_not_installed_is_told_before_any_work():
    with pytest.raises(InputError, match=r'qm.engine = "ase:nowhere.Engine" is not installed'):
        QMTable(radius=5.0, engine="ase:nowhere.Engine").require_installed()
    QMTable(radius=5.0, engine="ase:tests.qc.qm_engines.SW").require_installed()
