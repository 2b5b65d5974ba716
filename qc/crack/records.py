"""Records of a ladder: a stable state under its load, and what happened between two of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Any, Literal, Self

from pydantic import TypeAdapter, ValidationError

from ..dislocation.naming import Naming
from ..unknowns.regions import Arm

Branch = Literal["load", "unload"]
Side = Literal["forward", "backward", ""]
EventKind = Literal[
    "advance",
    "recovery",
    "closing",
    "gradual_advance",
    "gradual_closing",
    "blunting",
    "off_plane",
    "rearrangement",
    "kinks",
    "slip_outside",
    "tip_left_core",
    "not_converged",
]


def from_file[T](cls: type[T], data: Mapping[str, Any]) -> T:
    """A dataclass of plain data that a file holds; `ValueError` names an entry that is missing or of another type."""
    try:
        found: T = _adapter(cls).validate_python(dict(data))  # type: ignore[arg-type]  # a class is hashable
        return found
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(map(str, wrong["loc"]))
        raise ValueError(f"{where} = {wrong['input']!r:.60} is not allowed: {wrong['msg']}") from None


@cache
def _adapter(cls: Any) -> TypeAdapter[Any]:
    return TypeAdapter(cls)


class Plain:
    """A dataclass of plain data that goes to files and back as it is."""

    def plain(self) -> dict[str, Any]:
        """Fields by name, for files."""
        return asdict(self)  # type: ignore[call-overload,no-any-return]  # of those that inherit

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Self:
        """The record back from a file; errors of `from_file`."""
        return from_file(cls, data)


WHERE_SET = ("calls", "slip", "tip_left", "rejected", "qm", "stage", "seconds", "front")
"""Fields of a step that are not in a file unless somebody has set them."""


@dataclass(kw_only=True)
class StepRecord:
    """A stable state, as in ``steps`` of result.json; a checkpoint of older code may lack any field that has a default.

    Attributes
    ----------
    K : float
        Load, MPa m^1/2.
    K_over_KG : float
        The same as a level, in units of K_G.
    branch : {"load", "unload"}
    energy : float or None
        Of the model with what it has left behind, eV per cell minus the perfect crystal; None: the method has no energy.
    energies : dict or None
        Its parts by the names of the terms, eV per cell.
    tip_position : float or None
        x in the crystal, A; NaN where no bond is open, None without atoms.
    tip_stretch : float or None
        Length of the first closed bond over the nearest-neighbour distance.
    off_plane_broken, new_neighbours : int or None
        Bonds broken, and pairs joined, off the cleavage plane since the reference crystal.
    slip : float or None
        Largest displacement of nearest neighbours from each other, over the shortest Burgers vector, where atoms are not fully
        atomistic, and of neighbours in the cells of the continuum.
    newton_iterations, robust_iterations : int
        The former include steps by the factors of the state before.
    converged_reason : str
    residual : float
        Largest force component, eV/A.
    stable : bool
    largest_step : float
        Largest displacement component beside the prediction, A.
    J, J_over_G, J_spread : float or None
        Energy release rate on rings round the tip, J/m^2; over that of the load; relative spread between the rings.
    tip_left : {"forward", "backward", ""} or None
        Where the tip has left the core to; "" while it is inside, None where there is no state or tip to compare with.
    rejected : int or None
        Steps taken back since the last accepted one.
    qm : dict or None
        What the QM region took: calls, seconds, centre, audit.
    calls : int or None
        Of a calculator of forces, for the atoms of the model, since the last accepted state.
    stage : str or None
        Of a propagation.
    seconds : float or None
        Of the run until now.
    front : dict or None
        Of a front of several periods: ``a`` and ``z``, where it stands in each period (A), ``heights`` and ``kinks`` as
        `qc.crack.front_line.FrontState` has them.
    """

    K: float
    K_over_KG: float
    branch: Branch
    energy: float | None = None
    energies: dict[str, float] | None = None
    tip_position: float | None = None
    tip_stretch: float | None = None
    off_plane_broken: int | None = None
    new_neighbours: int | None = None
    slip: float | None = None
    newton_iterations: int = 0
    robust_iterations: int = 0
    converged_reason: str = ""
    residual: float = float("nan")
    stable: bool = False
    largest_step: float = 0.0
    J: float | None = None
    J_over_G: float | None = None
    J_spread: float | None = None
    tip_left: Side | None = None
    rejected: int | None = None
    qm: dict[str, Any] | None = None
    calls: int | None = None
    stage: str | None = None
    seconds: float | None = None
    front: dict[str, Any] | None = None

    @property
    def tip(self) -> float:
        """The tip's position in a model with atoms, A; NaN where no bond is open."""
        assert self.tip_position is not None
        return self.tip_position

    def plain(self) -> dict[str, Any]:
        """Fields by name, for files and pictures; those that nobody has set are left out, a tip inside the core is None."""
        found = {f.name: getattr(self, f.name) for f in fields(self)}
        found = {name: value for name, value in found.items() if value is not None or name not in WHERE_SET}
        return found | ({"tip_left": None} if self.tip_left == "" else {})

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Self:
        """The record back from a file."""
        known = {f.name: data[f.name] for f in fields(cls) if f.name in data}
        return from_file(cls, known | ({"tip_left": data["tip_left"] or ""} if "tip_left" in data else {}))


@dataclass(frozen=True, kw_only=True)
class BondEvent:
    """A bond of the front that has opened or closed between two states.

    Attributes
    ----------
    name : list of int
        Cell (i, j, k) and sublattice of the atom above the plane, then of the one below.
    x, z : float
        Reference position of its middle, A.
    period : int
        Of the crystal along the front, that of the atom above.
    opens : bool
    before, after : float
        Its length over the nearest-neighbour distance in both states.
    """

    name: list[int]
    x: float
    z: float
    period: int
    opens: bool
    before: float
    after: float


@dataclass(frozen=True, kw_only=True)
class Event:
    """What happened between two states, as in ``events`` of result.json.

    Attributes
    ----------
    kind : str
    branch : {"load", "unload"}
    bracket : list of two floats
        Loads of the states, lower first, MPa m^1/2.
    K, K_over_KG, reason : optional
        Of a step that did not converge: its load, MPa m^1/2 and in K_G, and the solver's reason.
    distance : float, optional
        How far the tip moved, A.
    jump : bool, optional
        Whether the old state was gone.
    off_plane_broken, new_neighbours : int, optional
        Damage off the plane: all there is, or (``kind = "off_plane"``) the new neighbours since the last state.
    bonds : int, optional
        Bonds broken off the plane since the last state.
    sentence : str, optional
        For the user.
    named : Naming, optional
        What it is: emission, twin, cleavage, ..., with plane, Burgers vector and place of each dislocation.
    front : list of BondEvent, optional
        Of a front of several periods: the bonds that have opened or closed.
    """

    kind: EventKind
    branch: Branch
    K: float | None = None
    K_over_KG: float | None = None
    reason: str | None = None
    bracket: list[float]
    distance: float | None = None
    jump: bool | None = None
    off_plane_broken: int | None = None
    bonds: int | None = None
    new_neighbours: int | None = None
    sentence: str | None = None
    named: Naming | None = None
    front: list[BondEvent] | None = None

    def ends(self, stop_at: str) -> bool:
        """Whether a ladder that is to stop at the "first_event", or "first_advance", goes no further up than this."""
        if self.branch != "load":
            return False
        if self.kind in ("advance", "blunting"):
            return True
        return stop_at == "first_event" and (self.dislocates or (self.kind == "off_plane" and bool(self.jump)))

    @property
    def dislocates(self) -> bool:
        """Whether it is known to be a dislocation, a twin or a new phase."""
        return self.named is not None and self.named.dislocates

    def plain(self) -> dict[str, Any]:
        """Fields by name, those of other kinds of events left out."""
        found = {f.name: getattr(self, f.name) for f in fields(self)}
        found["named"] = None if self.named is None else asdict(self.named)
        found["front"] = None if self.front is None else [asdict(bond) for bond in self.front]
        return {name: value for name, value in found.items() if value is not None}

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Self:
        """The event back from a file."""
        return from_file(cls, data)


@dataclass(frozen=True, kw_only=True)
class LaidArm(Plain):
    """An arm that a ladder has laid, as in ``arms_laid`` of result.json.

    Attributes
    ----------
    plane, burgers : str
        Of the dislocation that it is for, as in its name.
    angle, length, width : float
        As of `Arm`, degrees and A.
    K : float
        Load at which the dislocation left the core, MPa m^1/2.
    rest : float
        Distance from the tip at which it should come to rest under that load, A.
    lengthened : int
        How often the arm has been made longer.
    """

    plane: str
    burgers: str
    angle: float
    length: float
    width: float
    K: float
    rest: float
    lengthened: int = 0

    @property
    def arm(self) -> Arm:
        """The part of the core."""
        return Arm(angle=self.angle, length=self.length, width=self.width)

    @property
    def sentence(self) -> str:
        """What was done and why."""
        done = "an arm is laid" if self.lengthened == 0 else f"the arm is lengthened ({self.lengthened} times)"
        return f"{done} for {self.burgers} on {self.plane}, which should come to rest at {self.rest:.1f} A from the tip: {self.arm}"
