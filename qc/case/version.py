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
"""Defaults that have changed since, by version and table; those of today are above."""
WORKED_OUT = {1: [("model", "blend_width")]}
"""Further ones, of sizes that are worked out from the crystal."""


def with_old_defaults(data: dict[str, Any]) -> dict[str, Any]:
    """The tables of a case of an older version, with the defaults of its time where a key is left out."""
    old = OF_OLDER.get(data.get("version", 1), {})
    return data | {name: keys | data.get(name, {}) for name, keys in old.items() if isinstance(data.get(name, {}), dict)}


class LeftOut(tuple[str, ...]):
    """Keys that a file leaves out. Two cases that say the same are one case, whatever their files left out."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LeftOut)

    def __hash__(self) -> int:
        return hash(LeftOut)


def left_to_old(data: dict[str, Any]) -> LeftOut:
    """Keys that a valid case of an older version leaves to the defaults of its time, as ``model.order``."""
    version = data.get("version", 1)
    keys = [(table, name) for table, names in OF_OLDER.get(version, {}).items() for name in names]
    keys += WORKED_OUT.get(version, [])
    return LeftOut(f"{table}.{name}" for table, name in keys if name not in data.get(table, {}))
