"""The words and numbers of a report: nothing is worked out, all of it is in the document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .source import Source

MPA, J_M2 = "MPa m^1/2", "J/m^2"
FACTS: tuple[tuple[str, str, str], ...] = (
    ("K+", "K_plus", MPA),
    ("bracket of K+", "K_plus_bracket", MPA),
    ("K-", "K_minus", MPA),
    ("bracket of K-", "K_minus_bracket", MPA),
    ("mean K+ / K_G of the events", "summary.K_plus.mean", ""),
    ("number of them", "summary.K_plus.events", ""),
    ("mean K- / K_G of the events", "summary.K_minus.mean", ""),
    ("number of them", "summary.K_minus.events", ""),
    ("speed of the tip", "speed.value", "A/ps"),
    ("how far from steady", "speed.spread", "A/ps"),
    ("speed / c_R", "speed_over_rayleigh", ""),
    ("Rayleigh's speed c_R", "rayleigh_speed", "A/ps"),
    ("no wave of the boundary before", "undisturbed", "ps"),
    ("time step", "time_step", "ps"),
    ("energies add up to, of what was moved", "balance_drift", ""),
    ("Griffith load K_G", "K_G", MPA),
    ("surface energy gamma", "gamma", J_M2),
    ("effective modulus E'", "griffith.effective_modulus", "GPa"),
    ("crack plane", "griffith.plane", ""),
    ("crack front", "griffith.front", ""),
    ("cut", "cut", ""),
    ("lattice constant", "lattice_constant", "A"),
    ("method", "method", ""),
    ("atoms", "n_atoms", ""),
    ("free atoms", "n_free_atoms", ""),
    ("unknowns", "n_dofs", ""),
    ("core radius", "core_radius", "A"),
    ("width of the handshake", "blend_width", "A"),
    ("domain radius", "domain_radius", "A"),
    ("length along the front", "cell_length", "A"),
    ("ranks", "ranks", ""),
)
"""What it is called, where it is in the document, unit."""
ERROR_COLUMNS = ("low", "high")


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A number or a word of the document.

    Attributes
    ----------
    label, key, unit : str
        ``key`` is where it is in the document.
    value : float, int, str or list
    """

    label: str
    key: str
    value: Any
    unit: str

    @property
    def shown(self) -> str:
        """To six digits, with its unit."""
        return f"{shown(self.value)} {self.unit}".strip()


def shown(value: Any) -> str:
    """A value to six digits; that of a list from end to end."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return " to ".join(map(shown, value))
    return str(value)


def facts(source: Source) -> list[Fact]:
    """What there is in the document, in the order of `FACTS`."""
    found = [Fact(label=name, key=key, value=at(source.document, key), unit=unit) for name, key, unit in FACTS]
    for name in ("K_plus", "K_minus"):
        K, K_G = source.document.get(name), source.document.get("K_G")
        if isinstance(K, float) and isinstance(K_G, float):
            place = next(k for k, fact in enumerate(found) if fact.key == name)
            label = found[place].label + " / K_G"
            found.insert(place + 1, Fact(label=label, key=f"{name}/K_G", value=K / K_G, unit=""))
    return [fact for fact in found if fact.value is not None]


def at(document: Mapping[str, Any], key: str) -> Any:
    """What is at ``a.b`` of a document, None if nothing is."""
    value: Any = document
    for name in key.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def verdict(source: Source) -> str:
    """What came of it, in one sentence."""
    document = source.document
    if source.kind == "patch test":
        records = document["records"]
        count = {name: sum(r.get("verdict") == name for r in records) for name in ("pass", "skip")}
        bad = len(records) - sum(count.values())
        return f"{len(records)} claims, {'all as theory says' if not bad else f'{bad} NOT as theory says'}, {count['skip']} skipped"
    if source.kind == "study":
        done = sum(row.get("state") == "done" for row in document.get("members", []))
        return f"{done} of {len(document.get('members', []))} members done"
    if source.kind == "survey":
        rows = [row for one in document["potentials"] for row in one["systems"]]
        return f"{sum(row['state'] == 'done' for row in rows)} of {len(rows)} crack systems done"
    if source.kind == "folds":
        ended = document.get("ended")
        return f"{len(document.get('folds', []))} folds" + (f"; ended early: {ended}" if ended else "")
    if source.kind == "thermal":
        rows = document.get("rows", [])
        return f"{document.get('potential', source.name)} at {len(rows)} temperatures"
    if source.kind == "kinks":
        levels = document.get("levels", [])
        return f"{sum(len(level.get('events', [])) for level in levels)} saddles at {len(levels)} loads"
    if source.kind == "front":
        states = document.get("states", [])
        return f"{sum(bool(state.get('kept')) for state in states)} of {len(states)} fronts keep the kinks that were put there"
    return str(document.get("verdict") or "no advance of the tip yet")


def trust(source: Source) -> list[str]:
    """How far to trust it: sentences of the run, and what is missing."""
    document = source.document
    found = [f"{document['material']} material: {document.get('material_note')}"] if "material" in document else []
    found += [f"Warning: {sentence}" for sentence in document.get("warnings") or []]
    if document.get("finished") is False:
        found.append("The run is not finished: it can be resumed, and what is below is what it has come to.")
    if source.kind in ("dynamics", "thermal"):
        found += map(str, document.get("notes") or [])
    if source.kind == "run":
        found += _of_the_ladder(source)
    return found


def _of_the_ladder(source: Source) -> Iterator[str]:
    document, steps = source.document, source.steps
    if steps:
        first, tip = steps[0], shown(steps[0].get("tip_position"))
        yield (
            f"First state, at {shown(first.get('K_over_KG'))} K_G: tip at {tip} A, J/G {shown(first.get('J_over_G'))} "
            "(1 where the crack is as long as it was put)."
        )
        unstable = sum(not step.get("stable", True) for step in steps)
        if unstable:
            yield f"{unstable} of {len(steps)} states are not stable."
    if document.get("K_plus") is not None and not document.get("K_plus_error"):
        yield "Of the error of K+ only the step of the load is known here, its bracket; domain, core and mesh are not in it."
    if sentence := (document.get("K_plus_error") or {}).get("sentence"):
        yield str(sentence)
    if any((step.get("energies") or {}).get("dead_load") for step in steps):
        yield "Energies at different loads are not comparable: this method has a dead load, which changes with K."


def errors(source: Source) -> list[tuple[str, dict[str, str]]]:
    """Parts of the error of K+ by name, each with what the run says of it."""
    parts = source.document.get("K_plus_error")
    if not isinstance(parts, Mapping):
        return []
    found = []
    for name, part in parts.items():
        if isinstance(part, Mapping) and "low" in part:
            found.append((str(name), {str(key): shown(value) for key, value in part.items()}))
    return found


def settings(source: Source) -> list[tuple[str, str]]:
    """Keys of the case with their values, as ``table.key``; what is not set is left out."""
    return list(_flat(source.document.get("settings") or {}))


def _flat(tables: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tables.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        elif value is not None:
            yield f"{before}{key}", str(value)


def versions(source: Source) -> list[tuple[str, str]]:
    """Packages and their versions."""
    return [(name, str(version)) for name, version in (source.document.get("versions") or {}).items()]
