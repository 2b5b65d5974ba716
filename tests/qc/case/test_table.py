"""What the tables of a case file share: strictness, and lists that become tuples."""

import pytest
from pydantic import ValidationError

from qc.case.table import COUNT, Table, key, required


class Sample(Table):
    size: float = required("a number > 0", "how large", gt=0)
    count: int = key(1, COUNT, "how many", ge=1)
    pair: tuple[float, float] = key((0.0, 0.0), "two numbers", "where")


def test_whole_numbers_pass_as_numbers_and_lists_as_tuples():
    made = Sample(size=2, pair=[1, 2.5])
    assert (made.size, made.count, made.pair) == (2.0, 1, (1.0, 2.5))


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"size": "2"},
        {"size": True},
        {"size": float("nan")},
        {"size": 1.0, "count": 1.0},
        {"size": 1.0, "sise": 2.0},
    ],
)
def test_nothing_is_converted_and_no_key_invented(keys):
    with pytest.raises(ValidationError):
        Sample(**keys)


def test_a_table_does_not_change_afterwards():
    with pytest.raises(ValidationError, match="frozen"):
        Sample(size=1.0).size = 2.0


def test_a_key_knows_what_it_allows():
    assert Sample.model_fields["count"].json_schema_extra == {"allowed": COUNT}
