"""Settings and state of a ladder of loads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Self

from petsc4py import PETSc

from ..case.case import check_table, default_of
from .records import Branch, Event, LaidArm, StepRecord, from_file
from .start import Trial
from .tip import TipState


@dataclass(frozen=True, kw_only=True)
class LadderSpec:
    """K_start, K_stop, K_step in K_G; at which event to stop (a tip that blunts ends the ladder as an advance does).

    Defaults, bounds and sentences are those of table [load] of the case file. With ``K_tolerance`` (relative) a step in which
    the tip advances or closes is taken back and halved until the bracket is no wider than that.
    """

    K_start: float | Literal["auto"] = default_of("load", "K_start")
    K_stop: float = default_of("load", "K_stop")
    K_step: float = default_of("load", "K_step")
    unload: bool = default_of("load", "unload")
    stop_at: Literal["first_event", "first_advance", "K_stop"] = default_of("load", "stop_at")
    K_tolerance: float | None = default_of("load", "K_tolerance")
    J_tolerance: float = default_of("load", "J_tolerance")

    def __post_init__(self) -> None:
        check_table("load", {f.name: getattr(self, f.name) for f in fields(self)})

    @property
    def wanted(self) -> float | None:
        """Level that the user has given for the first state; None: it is looked for."""
        return None if isinstance(self.K_start, str) else self.K_start


APPENDED = ("steps", "events", "trials")
"""Lists of a state that only grow: their lengths are enough to come back to an earlier one."""


@dataclass(kw_only=True)
class LadderState:
    """All that a resumed run needs besides the displacements; plain data.

    Attributes
    ----------
    steps : list of StepRecord
    events : list of Event
    branch : {"load", "unload"}
    K_plus_bracket, K_minus_bracket : list of two floats or None
        Loads in MPa m^1/2 between which the tip moved for the first time, nothing broken or joined off the plane.
    open_bonds, open_front : dict
        Memory of the trackers of tip and front; a front of one period has none.
    finished : bool
    snap : float or None
        Load over K_G at which the tip is known to snap from the last step's state: between the two the bracket is refined.
    rejected : int
        Steps taken back since the last accepted one.
    offset : float
        x of the model's origin in the crystal, A: not zero once the model has followed the tip.
    carried : dict
        Energies of what the model has left behind, eV per cell.
    origin : float or None
        Tip position from which an advance counts; None: where the tip was put, or where unloading began.
    trials : list of Trial
        First states that were tried; the last one is the start unless ``no_start`` says that there is none.
    no_start : str or None
        The sentence for a crack that no load leaves where it was put.
    arms : list of LaidArm
        Arms that the core has been given on the way, besides those of the case.
    """

    steps: list[StepRecord] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    branch: Branch = "load"
    K_plus_bracket: list[float] | None = None
    K_minus_bracket: list[float] | None = None
    open_bonds: dict[str, bool] = field(default_factory=dict)
    open_front: dict[str, bool] = field(default_factory=dict)
    finished: bool = False
    snap: float | None = None
    rejected: int = 0
    offset: float = 0.0
    carried: dict[str, float] = field(default_factory=dict)
    origin: float | None = None
    trials: list[Trial] = field(default_factory=list)
    no_start: str | None = None
    arms: list[LaidArm] = field(default_factory=list)

    @property
    def blunting(self) -> Event | None:
        """The first event in which bonds at the tip opened with damage off the plane, before any clean advance."""
        first = next((e for e in self.events if e.kind in ("advance", "blunting") and e.branch == "load"), None)
        return first if first is not None and first.kind == "blunting" else None

    @property
    def dislocation(self) -> Event | None:
        """The first event under rising load if a dislocation, twin or new phase has come before any clean advance."""
        first = next((e for e in self.events if e.branch == "load" and (e.kind == "advance" or e.dislocates)), None)
        return first if first is not None and first.dislocates else None

    @property
    def first_event(self) -> Event | None:
        """The event at which a ladder that stops at the first one ends."""
        return next((e for e in self.events if e.ends("first_event")), None)

    def over(self, stop_at: str) -> bool:
        """Whether the rising load has come to the event at which it is to stop."""
        if stop_at == "K_stop":
            return False
        return any(event.ends(stop_at) for event in self.events)

    @property
    def level(self) -> float | None:
        """Load of the last state, K / K_G; None before the first."""
        return self.steps[-1].K_over_KG if self.steps else None

    @property
    def start(self) -> Trial | None:
        """What the ladder started from; None where it has not, or is of older code, which did not judge."""
        known = self.trials and self.no_start is None and (self.steps or self.trials[-1].trusted)
        return self.trials[-1] if known else None

    def began(self, branch: Branch, put: float) -> float:
        """Tip position from which an advance counts on a branch, A; ``put`` is where the tip was put."""
        if self.origin is not None:
            return self.origin
        first = next((step for step in self.steps if step.branch == branch), self.steps[-1])
        return put if branch == "load" else first.tip

    def add(self, event: Event) -> None:
        """Keep an event; the first clean advance and the first closing give the brackets."""
        self.events.append(event)
        if event.kind == "advance" and event.branch == "load" and self.K_plus_bracket is None:
            self.K_plus_bracket = event.bracket
        if event.kind == "closing" and event.branch == "unload" and self.K_minus_bracket is None:
            self.K_minus_bracket = event.bracket

    def mark(self) -> dict[str, Any]:
        """What `go_back` needs; steps and events are only appended to, so that their number is enough."""
        found = {f.name: getattr(self, f.name) for f in fields(self)}
        return found | {name: len(found[name]) for name in APPENDED} | {"open_bonds": dict(self.open_bonds)}

    def go_back(self, mark: Mapping[str, Any]) -> None:
        """Become what this was when the mark was taken."""
        for name, value in mark.items():
            if name in APPENDED:
                del getattr(self, name)[value:]
            else:
                setattr(self, name, value)

    def plain(self) -> dict[str, Any]:
        """All of it by name, as plain data."""
        found = {f.name: getattr(self, f.name) for f in fields(self)}
        listed = self.lists() | {"arms": self.arms}
        return found | {name: [entry.plain() for entry in entries] for name, entries in listed.items()}

    def lists(self) -> dict[str, list[Any]]:
        """The lists that only grow, but for what is taken back."""
        return {name: getattr(self, name) for name in APPENDED}

    def rest(self) -> dict[str, Any]:
        """All else by name, as plain data: as much after many steps as after the first."""
        found = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in APPENDED}
        return found | {"arms": [arm.plain() for arm in self.arms]}

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Self:
        """The state back from a checkpoint, which may hold more; one of older code may lack the newest fields."""
        known = {f.name: data[f.name] for f in fields(cls) if f.name in data}
        steps = [StepRecord.from_plain(step) for step in known.pop("steps", [])]
        trials = [Trial.from_plain(trial) for trial in known.pop("trials", [])]
        events = [Event.from_plain(event) for event in known.pop("events", [])]
        arms = [LaidArm.from_plain(arm) for arm in known.pop("arms", [])]
        return from_file(cls, known | {"steps": steps, "events": events, "trials": trials, "arms": arms})


@dataclass(frozen=True)
class Snapshot:
    """What `Ladder.restore` goes back to."""

    q: PETSc.Vec
    tip: TipState | None
    state: dict[str, Any]
