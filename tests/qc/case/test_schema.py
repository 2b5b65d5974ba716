"""The JSON Schema of the case file: that of the repository, true of the examples, and no weaker than it may be."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from qc.case.case import TABLES
from qc.case.schema import LISTED, json_schema

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def test_the_file_of_the_repository_is_the_schema():
    """To renew it: ``python3 -m qc info --schema --json > examples/case.schema.json``."""
    assert json.loads((EXAMPLES / "case.schema.json").read_text()) == json_schema()


def test_it_is_a_schema_without_an_address_of_ours():
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert "://" not in json.dumps({key: value for key, value in schema.items() if key != "$schema"})
    assert '"null"' not in json.dumps(schema)


def test_every_key_has_a_meaning():
    schema = json_schema()
    for name, table in (TABLES | LISTED).items():
        drawn = schema["$defs"][table.__name__]["properties"]
        assert drawn.keys() == table.model_fields.keys()
        for word, key in drawn.items():
            assert key["title"] == f"{name}.{word}"
            assert "It must be" in key["description"], word


def tables(name: str = "iron_crack.toml") -> dict:
    return tomllib.loads((EXAMPLES / name).read_text())


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.toml")))
def test_examples_are_valid(name):
    jsonschema.validate(tables(name), json_schema())


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("model", "core_radius", "40 A"),
        ("model", "core_radius", -1.0),
        ("model", "core_raduis", 40.0),
        ("model", "arms", [{"angle": 200.0, "length": 50.0, "width": 24.0}]),
        ("crystal", "structure", "bbc"),
        ("crack", "plane", [1, 1]),
        ("crack", "tip", [0.0]),
        ("load", "K_tolerance", 1.0),
    ],
)
def test_mistakes_are_found(table, key, value):
    data = tables()
    data.setdefault(table, {})[key] = value
    found = list(jsonschema.Draft202012Validator(json_schema()).iter_errors(data))
    assert bool(found) == ((key, value) != ("plane", [1, 1]))  # two indices are those of a sheet


def test_a_missing_table_is_found():
    data = tables()
    del data["potential"]
    with pytest.raises(jsonschema.ValidationError, match="potential"):
        jsonschema.validate(data, json_schema())
