"""Crack systems: plane and front of a crack, the usual ones of each structure, and a file of one's own. Nothing heavy is imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError
from .explain import toml_text
from .file import read_json_input, read_toml
from .tables import CUTS

KEYS = ("plane", "front", "cut", "slip")
"""Of a crack system in a file."""
WHAT = "a file of crack systems"
MOST = 200
"""Crack systems in a file."""


@dataclass(frozen=True, kw_only=True)
class Orientation:
    """A crack system.

    Attributes
    ----------
    plane : tuple of int
        Miller indices of the crack plane; of a sheet the direction along the crack.
    front : tuple of int or None
        Miller indices of the front; None of a sheet.
    cut : str or int
        As crack.cut of a case.
    slips : tuple of str
        Slip systems to look at instead of the usual ones.
    """

    plane: tuple[int, ...]
    front: tuple[int, ...] | None = None
    cut: str | int = "widest"
    slips: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """As ``(1 1 0)[1 -1 0]``, with the gap where it is not the widest."""
        plane = " ".join(map(str, self.plane))
        gap = "" if self.cut == "widest" else f" {self.cut}"
        return f"[{plane}]{gap}" if self.front is None else f"({plane})[{' '.join(map(str, self.front))}]{gap}"

    @property
    def name(self) -> str:
        """As ``110_1-10``: the name of its files."""
        indices = [self.plane] if self.front is None else [self.plane, self.front]
        between = "" if max(abs(i) for one in indices for i in one) < 10 else ","
        gap = "" if self.cut == "widest" else f"_{self.cut}"
        return "_".join(between.join(map(str, one)) for one in indices) + gap

    def table(self) -> dict[str, Any]:
        """Table [crack] of a case."""
        front = {} if self.front is None else {"front": list(self.front)}
        cut = {} if self.cut == "widest" else {"cut": self.cut}
        return {"plane": list(self.plane)} | front | cut


def _usual(*pairs: tuple[tuple[int, ...], tuple[int, ...]]) -> tuple[Orientation, ...]:
    return tuple(Orientation(plane=plane, front=front) for plane, front in pairs)


BODY_CENTRED = _usual(
    ((1, 0, 0), (0, 0, 1)),
    ((1, 0, 0), (0, 1, 1)),
    ((1, 1, 0), (0, 0, 1)),
    ((1, 1, 0), (1, -1, 0)),
    ((1, 1, 1), (1, 1, -2)),
    ((1, 1, 2), (1, 1, -1)),
)
FACE_CENTRED = _usual(
    ((1, 0, 0), (0, 0, 1)),
    ((1, 0, 0), (0, 1, 1)),
    ((1, 1, 0), (0, 0, 1)),
    ((1, 1, 0), (1, -1, 0)),
    ((1, 1, 1), (1, -1, 0)),
    ((1, 1, 1), (1, 1, -2)),
)
TETRAHEDRAL = _usual(
    ((1, 1, 1), (1, -1, 0)),
    ((1, 1, 1), (1, 1, -2)),
    ((1, 1, 0), (0, 0, 1)),
    ((1, 1, 0), (1, -1, 0)),
)
STANDARD: dict[str, tuple[Orientation, ...]] = {
    "bcc": BODY_CENTRED,
    "B2": BODY_CENTRED,
    "fcc": FACE_CENTRED,
    "L1_2": FACE_CENTRED,
    "diamond": TETRAHEDRAL,
    "zincblende": TETRAHEDRAL,
    "hcp": _usual(
        ((0, 0, 1), (1, 0, 0)),  # basal, 1/3[2 -1 -1 0] and [0 1 -1 0]
        ((0, 0, 1), (1, 2, 0)),
        ((1, 0, 0), (0, 0, 1)),  # prismatic I
        ((1, 0, 0), (0, 1, 0)),
        ((1, 1, 0), (0, 0, 1)),  # prismatic II
        ((1, 0, 1), (0, 1, 0)),  # pyramidal I
    ),
    "hexagonal": (Orientation(plane=(1, 0)), Orientation(plane=(1, 1))),
}
"""Usual crack systems by structure: planes of low surface energy, fronts along which dislocations and kinks have short periods.

Cubic ones as in the comparisons of R. Pérez & P. Gumbsch, Acta Mater. 48 (2000) 4517 (silicon) and J. J. Möller & E. Bitzek,
Modelling Simul. Mater. Sci. Eng. 22 (2014) 045002 (iron); of hcp in three indices (h k l of h k i l, u v w of vectors a1, a2, c).
"""


def read_orientations(path: Path) -> list[Orientation]:
    """Crack systems of a file, TOML with tables ``[[system]]`` or JSON with a list ``system``; nothing of it executes.

    Raises
    ------
    InputError
        One sentence: which file, which system, which key, what is allowed.
    """
    data = read_json_input(path, WHAT) if path.suffix.lower() == ".json" else read_toml(path, WHAT)
    entries = data.get("system") if isinstance(data, Mapping) else data
    other = [key for key in data if key != "system"] if isinstance(data, Mapping) else []
    if other:
        raise InputError(f"{path}: {str(other[0])[:60]!r} is not allowed: {WHAT} has a list system and nothing else")
    if not isinstance(entries, list) or not entries or len(entries) > MOST:
        raise InputError(
            f"{path}: {WHAT} must have one to {MOST} entries [[system]] (JSON: a list system), each with plane and front, as "
            "plane = [1, 1, 0] and front = [0, 0, 1]"
        )
    found = [_read(entry, f"{path}, system {number}") for number, entry in enumerate(entries, 1)]
    names = [one.name for one in found]
    twice = next((one for k, one in enumerate(found) if one.name in names[:k]), None)
    if twice is not None:
        raise InputError(f"{path}: {twice.label} is there twice")
    return found


def _read(entry: Any, where: str) -> Orientation:
    if not isinstance(entry, Mapping):
        raise InputError(f"{where}: {toml_text(entry)} is not allowed: it must be a table with plane and front")
    unknown = [key for key in entry if key not in KEYS]
    if unknown:
        raise InputError(f"{where}: {str(unknown[0])[:60]!r} is not a key of a crack system: it has {', '.join(KEYS)}")
    slips = entry.get("slip", [])
    slips = [slips] if isinstance(slips, str) else slips
    if not isinstance(slips, list) or not all(isinstance(one, str) for one in slips):
        wanted = 'a list of slip systems such as ["(1 1 1) 1/6[1 1 -2]"]'
        raise InputError(f"{where}: slip = {toml_text(slips)} is not allowed: it must be {wanted}")
    plane = _indices(entry.get("plane"), "plane", where)
    front = None if "front" not in entry else _indices(entry["front"], "front", where)
    cut = entry.get("cut", "widest")
    if type(cut) is not int and cut not in ("widest", "shuffle", "glide"):
        raise InputError(f"{where}: cut = {toml_text(cut)} is not allowed: it must be {CUTS}")
    return Orientation(plane=plane, front=front, cut=cut, slips=tuple(slips))


def _indices(value: Any, name: str, where: str) -> tuple[int, ...]:
    """Whole numbers; how many there must be, and that one lies in the other, is what a case looks at."""
    whole = isinstance(value, list) and value and all(type(i) is int and abs(i) <= 99 for i in value)
    if not whole:
        given = f"{name} is missing" if value is None else f"{name} = {toml_text(value)} is not allowed"
        raise InputError(f"{where}: {given}: it must be whole numbers from -99 to 99 such as [1, 1, 0]")
    return tuple(value)
