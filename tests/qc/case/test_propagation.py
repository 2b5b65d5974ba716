"""Table [propagation]: its defaults, and what it refuses."""

import pytest
from pydantic import ValidationError

from qc.case.propagation import PropagationTable
from qc.crack.propagation_state import PropagationSpec


def test_defaults_are_those_of_the_code():
    table, spec = PropagationTable(), PropagationSpec(bonds=1, K_start=1.0, K_stop=2.0)
    for name in ("tolerance", "field", "close", "drift"):
        assert getattr(table, name) == getattr(spec, name), name


@pytest.mark.parametrize(
    "keys",
    [{"bonds": 0}, {"close": -1}, {"tolerance": 0.0}, {"field": "lost"}, {"dK": -0.1}, {"drift": 0.0}, {"bond": 3}],
)
def test_what_is_not_allowed(keys):
    (name,) = keys
    with pytest.raises(ValidationError, match=name):
        PropagationTable(**keys)
