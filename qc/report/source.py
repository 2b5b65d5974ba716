"""What a report is about: the document of a run, and the files beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..output.files import read_json

KINDS = {
    "result.json": "run",
    "propagation.json": "propagation",
    "folds.json": "folds",
    "front.json": "front",
    "kinks.json": "kinks",
    "dynamics.json": "dynamics",
    "thermal.json": "thermal",
    "study.json": "study",
    "survey.json": "survey",
}
"""What the document of each name is one of."""

PICTURES = {
    "model.png": "The model: mesh, regions, weights.",
    "tip.png": "The tip before and after its first advance.",
    "ladder.png": "Tip position and stretch of the bond at the tip against the load.",
    "qm.png": "The region of quantum mechanics in atoms in continuum.",
    "r_curve.png": "The load of every bond against the position of the tip.",
    "snake.png": "The path of equilibria through its folds.",
    "barriers.png": "Energy barriers of an advance and of closing against the load.",
    "front.png": "The front seen from above: bonds across the plane, and its kinks.",
    "kinks.png": "Energies of a front whose bonds break one after the other, and the barriers between.",
    "motion.png": "Where the tip is, and where the energy goes.",
    "temperature.png": "Kinetic temperature, mean of the looks since the model has moved last; the tip is the circle.",
    "animation.png": "The atoms at the tip, one frame after the other; colour: stress across the plane.",
    "thermal.png": "Size, stiffness, surface energy and Griffith load against the temperature.",
    "velocity.png": "Velocity of a long front against the load, and where transition-state theory holds.",
    "study.png": "K+ and K- of all members against the size of the domain.",
}
"""Pictures that a run may have drawn, in the order of the page, with what they show."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """The document of a run and where it lies.

    Attributes
    ----------
    kind : {"run", "propagation", "folds", "front", "kinks", "dynamics", "thermal", "study", "survey", "patch test"}
    name : str
        Of the case.
    directory : Path
    document : dict
        As in the JSON file; that of a patch test has its list as ``records``.
    pictures : dict of str to Path
        What a picture shows, and its file.
    """

    kind: str
    name: str
    directory: Path
    document: dict[str, Any]
    pictures: dict[str, Path]

    @property
    def steps(self) -> list[dict[str, Any]]:
        """Steps of the ladder, none where there is no ladder."""
        return list(self.document.get("steps") or [])


def read_source(path: Path) -> Source:
    """The source that a directory of results holds, or the JSON file of a patch test.

    Raises
    ------
    InputError
        There is nothing of the kind.
    """
    if path.is_file():
        return _patch_test(path)
    for file, kind in KINDS.items():
        if (path / file).is_file():
            document = read_json(path / file)
            if not isinstance(document, dict):
                raise InputError(f"{path / file} is not the document of a {kind}: an object is expected")
            pictures = {text: path / name for name, text in PICTURES.items() if (path / name).is_file()}
            name = str(document.get("case") or path.resolve().name)
            return Source(kind=kind, name=name, directory=path, document=document, pictures=pictures)
    expected = f"a directory of results with {', '.join(KINDS)}, or the JSON file of a patch test"
    raise InputError(f"{path} has nothing to report on: {expected} is expected")


def _patch_test(path: Path) -> Source:
    records = read_json(path)
    if not isinstance(records, list) or not all(isinstance(record, dict) and "claim" in record for record in records):
        raise InputError(f"{path} is no list of records of a patch test: the file of qc patch-test --format json -o is")
    return patch_source(path, records)


def patch_source(path: Path, records: list[dict[str, Any]], picture: Path | None = None) -> Source:
    """The source of a patch test's records, which lie or are to lie at ``path``; the map is beside it unless it is named."""
    picture = path.with_suffix(".png") if picture is None else picture
    pictures = {"Ghost forces of every method on a perfect crystal.": picture} if picture.is_file() else {}
    return Source(
        kind="patch test", name=path.stem, directory=path.parent, document={"records": records}, pictures=pictures
    )
