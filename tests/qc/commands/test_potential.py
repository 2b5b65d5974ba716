"""The potential that a case names."""

import pytest

from qc.case.case import Case
from qc.commands.folds import run_folds
from qc.commands.front import run_front
from qc.commands.kinks import run_kinks
from qc.commands.potential import load_potential_of
from qc.errors import InputError
from tests.qc.commands.small import SMALL, tip_case


def with_potential(**table):
    return Case.from_dict(SMALL | {"potential": table})


def test_parameters_and_elements_are_those_of_the_case():
    soft = load_potential_of(with_potential(file="morse", parameters={"cutoff": 2.5}))
    assert soft.cutoff == pytest.approx(2.5)
    soft.types_of(("X",))
    named = load_potential_of(with_potential(file="lennard-jones", elements=["Ar"]))
    with pytest.raises(ValueError, match="X"):
        named.types_of(("X",))


def test_a_potential_that_is_nowhere():
    with pytest.raises((ValueError, OSError), match=r"nowhere\.eam"):
        load_potential_of(with_potential(file="nowhere.eam"))


@pytest.mark.parametrize("command", [run_folds, run_front, run_kinks])
def test_a_qm_tip_is_not_left_out_without_a_word(command, tmp_path):
    """Commands that know none of it refuse the table."""
    more = {run_folds: [None, None], run_front: [[(0,)]], run_kinks: [[1.1], 1]}[command]
    said = rf"\[qm\] is not allowed with qc {command.__name__[4:]}: it .*; leave the table out, or use qc run"
    with pytest.raises(InputError, match=said):
        command(tip_case("Stiff"), tmp_path / "out", *more)
    assert not (tmp_path / "out").exists()
