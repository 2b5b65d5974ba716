"""The case file: what its TOML tables may hold, and one plain sentence for whatever they may not."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, PrivateAttr, ValidationError, model_validator

from ..errors import InputError
from .dynamics import DynamicsTable
from .explain import explain, toml_text
from .file import apply_override, read_toml
from .propagation import PropagationTable
from .qm import QMTable
from .table import LENGTH, Table
from .tables import BUILT_IN_POTENTIALS, CrackTable, CrystalTable, LoadTable, ModelTable, PotentialTable, SolverTable
from .version import NEWEST, OF_OLDER, LeftOut, left_to_old, with_old_defaults

TABLES: dict[str, type[Table]] = {
    "crystal": CrystalTable,
    "potential": PotentialTable,
    "model": ModelTable,
    "crack": CrackTable,
    "load": LoadTable,
    "solver": SolverTable,
    "propagation": PropagationTable,
    "dynamics": DynamicsTable,
    "qm": QMTable,
}


class Case(Table):
    """A validated case.

    Attributes
    ----------
    version : {1, 2}
        What keys mean that are left out; a file without it is of version 1.
    crystal, potential, model, crack, load, solver, propagation, dynamics, qm
        The tables of the case file; lengths in A, loads in the Griffith load K_G.
    """

    version: Literal[1, 2] = 1
    crystal: CrystalTable
    potential: PotentialTable
    model: ModelTable = ModelTable()
    crack: CrackTable = CrackTable()
    load: LoadTable = LoadTable()
    solver: SolverTable = SolverTable()
    propagation: PropagationTable = PropagationTable()
    dynamics: DynamicsTable | None = None
    qm: QMTable | None = None
    _name: str = PrivateAttr(default="case")
    _left: LeftOut = PrivateAttr(default_factory=LeftOut)

    @property
    def name(self) -> str:
        """Name of the case file without its ending."""
        return self._name

    @property
    def notice(self) -> str | None:
        """What an older version leaves to the defaults of its time, in a sentence; None for the newest."""
        if self.version == NEWEST or not self._left:
            return None
        return (
            f"the case is of version {self.version} and leaves {', '.join(self._left)} to the defaults of its time; "
            f"version = {NEWEST} at its top asks for those of today"
        )

    def plain(self) -> dict[str, Any]:
        """All keys with their values, defaults included, in types that JSON has."""
        return self.model_dump(mode="json")

    @model_validator(mode="after")
    def _check_sizes(self) -> Case:
        for name in ("core_radius", "domain_radius") if self.version == 1 else ():
            if getattr(self.model, name) is None:
                raise ValueError(
                    f"model.{name} is missing: it must be {LENGTH}, or left out in a case of version = {NEWEST}"
                )
        return self

    @model_validator(mode="after")
    def _check_crystal(self) -> Case:
        dimension, structure = self.model.dimension, self.crystal.structure
        if (dimension == 2) != (structure == "hexagonal"):
            needed = "2" if structure == "hexagonal" else "2.5"
            raise ValueError(
                f'model.dimension = {dimension:g} is not allowed with crystal.structure = "{structure}": it must be {needed}'
            )
        if structure == "hexagonal":
            _check_sheet(self)
        else:
            _check_miller(self.crack, structure)
        _check_cut(self.crack, structure)
        if self.solver.linear == "factored" and self.model.method == "bqcf":
            why = 'with model.method = "bqcf": it needs an energy; take "gamg" or "mumps"'
            raise ValueError(f'solver.linear = "factored" is not allowed {why}')
        if self.qm is not None and self.model.adapt == "arms":
            raise ValueError('model.adapt = "arms" is not allowed with [qm]: the QM region is that of one model, so it must be "none"')
        if self.qm is not None and (dimension == 2 or self.model.method == "continuum"):
            why = "model.dimension = 2" if dimension == 2 else 'model.method = "continuum"'
            raise ValueError(
                f"[qm] is not allowed with {why}: it needs atoms in three dimensions (model.dimension = 2.5)"
            )
        return self

    @classmethod
    def from_dict(cls, data: dict[str, Any], name: str = "case") -> Case:
        """A case from tables as a TOML file holds them; InputError for whatever is not allowed."""
        return _validated(data, name)


def _check_sheet(case: Case) -> None:
    """A 2-D crystal has a direction of the crack at most, and no forces across the sheet."""
    crack, mode = case.crack, case.load.mode
    if crack.plane is not None and (len(crack.plane) != 2 or not any(crack.plane)):
        raise ValueError(
            f"crack.plane = {list(crack.plane)} is not allowed for hexagonal: it must be two whole numbers [h, k], not both 0"
        )
    if crack.front not in (None, (0, 0, 1)):
        raise ValueError(f"crack.front = {list(crack.front or ())} is not allowed for hexagonal: leave it out")
    if mode == "III" or (not isinstance(mode, str) and mode[2] != 0):
        shown = f'"{mode}"' if isinstance(mode, str) else list(mode)
        raise ValueError(f"load.mode = {shown} is not allowed in 2-D: K_III needs dimension 2.5")


def _check_cut(crack: CrackTable, structure: str) -> None:
    """Shuffle and glide are two gaps of the {111} planes of diamond and zincblende."""
    if crack.cut not in ("shuffle", "glide"):
        return
    octahedral = len({abs(h) for h in crack.plane or ()}) == 1
    if structure not in ("diamond", "zincblende") or not octahedral:
        plane = f" and crack.plane = {toml_text(crack.plane)}" if crack.plane else ""
        raise ValueError(
            f'crack.cut = "{crack.cut}" is not allowed with crystal.structure = "{structure}"{plane}: only the {{111}} planes of '
            'diamond and zincblende have it, elsewhere it must be "widest" or a whole number from 0'
        )


def _check_miller(crack: CrackTable, structure: str) -> None:
    """A three-dimensional crystal needs plane and front, one in the other."""
    for name, indices in (("plane", crack.plane), ("front", crack.front)):
        if indices is None:
            raise ValueError(
                f'crack.{name} is missing: with crystal.structure = "{structure}" it must be three whole numbers such as [1, 1, 0]'
            )
        if len(indices) != 3 or not any(indices):
            raise ValueError(
                f'crack.{name} = {list(indices)} is not allowed with crystal.structure = "{structure}": it must be three whole '
                "numbers, not all 0"
            )
    plane, front = crack.plane or (), crack.front or ()
    product = sum(h * u for h, u in zip(plane, front, strict=True))
    if product:
        raise ValueError(
            f"crack.front = {list(front)} is not allowed: it must lie in crack.plane = {list(plane)}, so that "
            f"h u + k v + l w is 0, not {product}"
        )


def load_case(path: str | os.PathLike[str], overrides: Sequence[str] = ()) -> Case:
    """The case of a TOML file.

    Parameters
    ----------
    path : str or path
        The potential's file and the mesh are looked for in this file's folder first.
    overrides : sequence of str
        ``"model.core_radius=40"``: the value is TOML, or else a bare string.

    Raises
    ------
    InputError
        One sentence with file, key, value and what is allowed.
    """
    path = Path(path)
    data = read_toml(path)
    changed = {apply_override(data, text) for text in overrides}
    _find_beside(path.parent, data)
    return _validated(data, path.stem, changed, os.fspath(path))


def schema_rows() -> list[tuple[str, str, str, str]]:
    """(key, what is allowed, default, description with unit) of every key of the case file."""
    rows = [("version", "1 or 2", "1", f"what keys mean that are left out; {NEWEST} for the defaults listed here")]
    for table, kind in TABLES.items():
        for name, field in kind.model_fields.items():
            default = "required" if field.is_required() else _shown_default(field.default)
            rows.append((f"{table}.{name}", _allowed(kind, name), default, field.description or ""))
    return rows


def default_of(table: str, name: str) -> Any:
    """Default of a key of the case file: the one place that the API's settings take theirs from."""
    return TABLES[table].model_fields[name].default


def check_table(table: str, values: dict[str, Any]) -> None:
    """Refuse settings of the API that the case file refuses, with the same sentence; numpy's numbers and tuples pass.

    Keys whose value is None count as left out.
    """
    given = {key: _plain(value) for key, value in values.items() if value is not None}
    validated_table(TABLES[table], table, given)


def validated_table[T: BaseModel](kind: type[T], name: str, given: dict[str, Any], where: str = "") -> T:
    """A table made of what is given; InputError with the sentence of a case file, ``where`` being the file's name."""
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        errors = [one | {"loc": (name, *one["loc"])} for one in error.errors()]
        keys = {name: {key: _allowed(kind, key) for key in kind.model_fields}}
        raise InputError(explain(errors, {name: given}, keys, where, ())) from None


def _plain(value: Any) -> Any:
    """A value in the types of TOML: numpy's scalars know how."""
    if isinstance(value, list | tuple):
        return tuple(_plain(part) for part in value)
    return value.item() if type(value).__module__ == "numpy" and getattr(value, "shape", None) == () else value


def _shown_default(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(f'{v:g}' for v in value)}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _allowed(table: type[BaseModel], name: str) -> str:
    extra = table.model_fields[name].json_schema_extra
    return str(extra["allowed"]) if isinstance(extra, dict) else "something else"


def _find_beside(folder: Path, data: dict[str, Any]) -> None:
    """Point potential.file, potential.twin and model.mesh into the case file's folder if they are there, and ``~`` to its home."""
    for table, name in (("potential", "file"), ("potential", "twin"), ("model", "mesh")):
        entries = data.get(table)
        value = entries.get(name) if isinstance(entries, dict) else None
        if isinstance(value, str) and value and value not in BUILT_IN_POTENTIALS:
            place = folder / os.path.expanduser(value)
            if value.startswith("~") or os.path.isfile(place):  # which a name that is too long, or has a NUL, is not
                data[table][name] = os.fspath(place)


def _validated(data: dict[str, Any], name: str, overridden: Collection[str] = (), where: str = "") -> Case:
    if type(data.get("version", 1)) is not int or data.get("version", 1) not in (*OF_OLDER, NEWEST):
        raise InputError(
            f"{where}: version = {toml_text(data['version'])} is not allowed: it must be 1 or 2".lstrip(": ")
        )
    try:
        case = Case.model_validate(with_old_defaults(data))
    except ValidationError as error:
        keys = {table: {key: _allowed(kind, key) for key in kind.model_fields} for table, kind in TABLES.items()}
        raise InputError(explain(error.errors(), data, keys, where, overridden)) from None
    case._name, case._left = name, left_to_old(data)
    return case
