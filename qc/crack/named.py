"""Events of a crack by their names: what has slipped between two states of its full atoms, wherever they lie on the ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from petsc4py import PETSc

from fem.collective import on_root

from ..dislocation.bonds import FullBonds, gather
from ..dislocation.naming import Namer, Naming
from .records import Event, EventKind
from .system import CrackSystem
from .tip import Shells

NAMED: tuple[EventKind, ...] = ("advance", "closing", "blunting", "off_plane", "rearrangement")
"""Kinds of events that get a name, the first of a step alone."""
STAYS: tuple[EventKind, ...] = ("off_plane", "rearrangement")
"""Those in which the tip has not moved."""


class EventNamer:
    """Names what happens between two states of a crack system with atoms. All methods are collective.

    Parameters
    ----------
    system : CrackSystem
    """

    def __init__(self, system: CrackSystem) -> None:
        self._system = system
        self._reach = Shells.of(system.crystal).first
        self._namer = Namer(system.crystal)

    def name(self, events: Sequence[Event], before: PETSc.Vec | None, q: PETSc.Vec, tip: float, offset: float) -> list[Event]:
        """The events of a step, the first that is worth a name with it.

        Parameters
        ----------
        events : sequence of Event
        before, q : PETSc.Vec
            Unknowns of both states; None: the reference crystal, before a first state.
        tip : float
            x of the tip before, A.
        offset : float
            x of the model's origin in the crystal, A.
        """
        first = next((n for n, event in enumerate(events) if event.kind in NAMED), None)
        if first is None or self._system.model.atomistic is None:
            return list(events)
        clean = events[first].kind in ("advance", "closing")
        old, new = self.bonds(before), self.bonds(q)
        named = self.between(old, new, tip - offset, clean).shifted(offset)
        if events[first].kind in STAYS and named.kind in ("cleavage", "healing"):
            named = replace(named, kind="rearrangement")  # a bond was stretched, and the tip is where it was
        return [replace(event, named=named) if n == first else event for n, event in enumerate(events)]

    def between(self, before: FullBonds, after: FullBonds, tip: float, clean: bool) -> Naming:
        """The name of what happened between two states of bonds; x of the tip is that of the model, A."""
        comm = self._system.model.comm
        slipped = gather(comm, before, after, self._namer.burgers)

        def of_all() -> Naming:
            assert slipped is not None
            return self._namer.name(slipped, tip, clean)

        return on_root(comm, of_all)

    def bonds(self, q: PETSc.Vec | None) -> FullBonds:
        """Bonds of this rank between full atoms at unknowns q; None: in the reference crystal."""
        atoms = self._system.model.atomistic
        assert atoms is not None
        q_or_rest = self._system.model.parts.layout.create_unknowns() if q is None else q
        found = FullBonds.of(atoms, self._system.model.coupling.variables(q_or_rest)["atoms"], self._reach)
        return found if q is not None else replace(found, moved=0.0 * found.moved)
