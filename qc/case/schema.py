"""The case file as JSON Schema, for editors that complete and check TOML."""

from __future__ import annotations

from typing import Any

from .arms import ArmTable
from .case import TABLES, Case
from .table import Table

DIALECT = "https://json-schema.org/draft/2020-12/schema"

LISTED: dict[str, type[Table]] = {"model.arms": ArmTable}
"""Tables of which a case may have several."""


def json_schema() -> dict[str, Any]:
    """JSON Schema of the case file: every key with type, bounds, default and its meaning with unit.

    What several keys must agree on is no part of it: ``qc check`` tells that.
    """
    schema = _for_toml(Case.model_json_schema())
    for name, table in (TABLES | LISTED).items():
        drawn = schema["$defs"][table.__name__]
        drawn["title"] = f"[[{name}]]" if name in LISTED else f"[{name}]"
        for word, key in drawn["properties"].items():
            key["title"] = f"{name}.{word}"
            if (allowed := key.pop("allowed", None)) is not None:
                key["description"] = f"{key['description']}\nIt must be {allowed}."
    head = {"$schema": DIALECT, "$id": "case.schema.json"}
    return head | schema | {"title": "case file of qc", "description": "Lengths in A, loads in the Griffith load K_G."}


def _for_toml(node: Any) -> Any:
    """Without null, which TOML does not have: a key that may be left out has no default then, and one type instead of a choice."""
    if isinstance(node, list):
        return [_for_toml(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _for_toml(value) for key, value in node.items() if not (key == "default" and value is None)}
    choices = [choice for choice in kept.get("anyOf", []) if choice != {"type": "null"}]
    if len(choices) == 1:
        del kept["anyOf"]
        return kept | choices[0]
    return kept | ({"anyOf": choices} if choices else {})
