"""Where the stadium is, how strong, and what it refuses."""

import logging

import numpy as np
import pytest

from qc.drive.stadium import StadiumSpec, returned
from qc.errors import InputError
from qc.unknowns.regions import Core
from tests.qc.drive.moving import tiny


def test_friction_rises_quadratically_from_the_edge_of_the_core():
    m = tiny("bgrac")
    r = np.linalg.norm(m.X_free, axis=1)
    found = StadiumSpec(width=2.0, strength=6.0).friction(m, 100.0)
    assert np.allclose(found, 6.0 * np.clip((r - 3.0) / 2.0, 0, 1) ** 2)
    assert np.allclose(StadiumSpec().friction(m, 9.0), 3.0 * np.clip((r - 3.0) / 3.0, 0, 1) ** 2)
    assert StadiumSpec(floor=0.5, strength=6.0).friction(m, 9.0).min() == 0.5


def test_a_model_of_atoms_takes_a_core_to_begin_at():
    m = tiny("atomistic")
    r = np.linalg.norm(m.X_free, axis=1)
    found = StadiumSpec(width=2.0, strength=6.0, core=Core(4.0)).friction(m, 1.0)
    assert np.allclose(found, 6.0 * np.clip((r - 4.0) / 2.0, 0, 1) ** 2)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (StadiumSpec(start=-0.5), r"stadium.start = -0.5 A lies inside the core"),
        (StadiumSpec(core=Core(1.0)), r"stadium.start = 0 A lies inside the core.*>= 2 is expected"),
        (StadiumSpec(start=6.5), r"stadium.start = 6.5 A lies beyond the domain: a number < 6 is"),
        (StadiumSpec(width=0.0), r"stadium.width = 0 is not allowed: a number > 0"),
        (StadiumSpec(strength=-1.0), r"stadium.strength = -1 is not allowed"),
        (StadiumSpec(floor=float("nan")), r"stadium.floor = nan is not allowed"),
    ],
)
def test_what_makes_no_sense_is_refused(spec, message):
    with pytest.raises(InputError, match=message):
        spec.friction(tiny("bgrac"), 10.0)


def test_methods_without_core_or_handshake_say_what_to_give():
    with pytest.raises(InputError, match=r"method atomistic needs a core.*give stadium.core"):
        StadiumSpec(width=1.0).friction(tiny("atomistic"), 1.0)
    with pytest.raises(InputError, match=r"method qce has no handshake.*give stadium.width"):
        StadiumSpec().friction(tiny("qce"), 1.0)


def test_a_narrow_handshake_is_told_with_what_comes_back(caplog):
    with caplog.at_level(logging.WARNING):
        StadiumSpec().friction(tiny("bgrac"), 1.0)
    assert "the handshake is 3.1 nearest-neighbour distances wide" in caplog.text
    assert returned(6.0) > 1.5 > returned(10.0) > returned(14.0) == 1.0
