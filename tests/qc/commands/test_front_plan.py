"""Which fronts the words of ``qc front`` ask for."""

import pytest

from qc.commands.front_plan import middle, planned
from qc.errors import InputError


def test_all_pairs_unless_something_is_asked_for():
    assert planned(4, None, []) == [(1,), (1, 2), (0, 1, 2)]
    assert planned(4, "2", []) == [(1, 2)]
    assert planned(4, None, ["3,0"]) == [(0, 3)]
    assert planned(4, "2, 1", ["2,1", "1,3"]) == [(1, 2), (1,), (1, 3)]


def test_the_middle():
    assert [middle(8, n) for n in (1, 4)] == [(3,), (2, 3, 4, 5)]


@pytest.mark.parametrize(
    ("periods", "pairs", "sets", "said"),
    [
        (1, None, [], "model.front_periods = 1 has no room for kinks"),
        (4, "4", [], r"--pairs 4: '4' is not allowed, expected whole numbers from 1 to 3"),
        (4, "0", [], r"--pairs 0: '0' is not allowed"),
        (4, "two", [], r"--pairs two: 'two' is not allowed"),
        (4, "1,,2", [], r"--pairs 1,,2: '' is not allowed"),
        (4, " ", [], r"--pairs ' ' has no numbers"),
        (4, None, ["1,4"], r"--periods 1,4: '4' is not allowed, expected whole numbers from 0 to 3"),
    ],
)
def test_what_cannot_be_is_refused(periods, pairs, sets, said):
    with pytest.raises(InputError, match=said):
        planned(periods, pairs, sets)
