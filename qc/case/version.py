"""Versions of case files: what a file means by the keys that it leaves out."""

from __future__ import annotations

from typing import Any

NEWEST = 2

ORDER = 2
"""Of the elements. Linear ones take 0.2 to 0.3 per cent from K+, docs/defaults.md."""
FACE_STRIP = False
K_STEP = 0.05
K_TOLERANCE = 1e-3
"""Steps are long and halved at the snap: half as many states as with steps of 0.01, and a bracket ten times narrower."""
ERROR_BUDGET = True

OF_OLDER: dict[int, dict[str, dict[str, Any]]] = {
    1: {
        "model": {"order": 1, "face_strip": True},
        "load": {"K_start": 0.9, "K_step": 0.01, "K_tolerance": None, "error_budget": False},
    }
}
"""Defaults that have changed since, by version and table. What is shared with scripts has its one place above."""


def with_old_defaults(data: dict[str, Any]) -> dict[str, Any]:
    """The tables of a case of an older version, with the defaults of its time where a key is left out."""
    version = data.get("version", 1)
    old = OF_OLDER.get(version, {}) if isinstance(version, int) else {}
    tables = {name: keys | data.get(name, {}) for name, keys in old.items() if isinstance(data.get(name, {}), dict)}
    return data | tables


class LeftOut(tuple[str, ...]):
    """Keys that a file leaves out. Two cases that say the same are one case, whatever their files left out."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LeftOut)

    def __hash__(self) -> int:
        return hash(LeftOut)


def left_to_old(data: dict[str, Any]) -> LeftOut:
    """Keys that a case of an older version leaves to the defaults of its time, as ``model.order``."""
    version = data.get("version", 1)
    old = OF_OLDER.get(version, {}) if isinstance(version, int) else {}
    return LeftOut(
        f"{table}.{name}"
        for table, keys in old.items()
        for name in keys
        if isinstance(data.get(table, {}), dict) and name not in data.get(table, {})
    )
