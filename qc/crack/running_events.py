"""What happens to a crack that runs, by its name: cleavage with the first bond, and what else the crystal does, when it does it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from petsc4py import PETSc

from ..dislocation.naming import Naming
from .named import EventNamer
from .records import Event
from .running_records import MotionEvent, MotionRecord, RunningState
from .system import CrackSystem


class MotionEvents:
    """Sees what is new at a look.

    Parameters
    ----------
    system : CrackSystem
    state : RunningState
        To whose events it adds.
    """

    def __init__(self, system: CrackSystem, state: RunningState) -> None:
        self._namer, self._state = EventNamer(system), state

    def look(self, record: MotionRecord, slipped: bool, q: PETSc.Vec) -> None:
        """Name more damage than was ever seen, or slip that leaves the full atoms, and the first bond. Collective.

        Damage is named by all that has slipped since the crystal was whole: atoms in motion are nowhere at rest, so that
        a state just before would tell less. The same name twice is one event.
        """
        state, damage = self._state, record.off_plane_broken + record.new_neighbours
        if damage > state.damage or slipped:
            state.damage = max(damage, state.damage)
            self._add(record, q)
        if record.bonds > 0 and damage == 0 and not any(event.kind == "cleavage" for event in state.events):
            self._keep(record, "cleavage", "cleavage", {})

    def _add(self, record: MotionRecord, q: PETSc.Vec) -> None:
        state, load = self._state, record.K_over_KG or 0.0
        found = Event(kind="rearrangement", branch="load", bracket=[load, load])
        named = self._namer.name([found], None, q, record.tip_position, state.offset)[0].named
        if named is None or any(_alike(event, named) for event in state.events):
            return
        self._keep(record, named.kind, named.sentence, asdict(named))

    def _keep(self, record: MotionRecord, kind: str, sentence: str, named: dict[str, Any]) -> None:
        self._state.events.append(
            MotionEvent(
                kind=kind,
                sentence=sentence,
                time=record.time,
                K_over_KG=record.K_over_KG,
                tip_position=record.tip_position,
                off_plane_broken=record.off_plane_broken,
                new_neighbours=record.new_neighbours,
                named=named,
            )
        )


def _alike(event: MotionEvent, named: Naming) -> bool:
    """Whether an event has the kind of a naming, and slips on the same planes by the same vectors."""
    slips = [(slip["plane"], slip["burgers"]) for slip in event.named.get("slips", [])]
    return event.kind == named.kind and slips == [(slip.plane, slip.burgers) for slip in named.slips]
