"""The potential that a case names."""

import pytest

from qc.case.case import Case
from qc.commands.potential import load_potential_of
from tests.qc.commands.small import SMALL


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
