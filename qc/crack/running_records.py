"""What is kept of a crack that runs: settings, a line a look at the tip, and what a run that goes on needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from ..case.case import check_table, default_of
from ..drive.motion import DynamicsSpec
from ..drive.stadium import StadiumSpec
from ..errors import InputError
from ..unknowns.regions import Core
from .records import Plain, from_file
from .system import CrackSystem


@dataclass(frozen=True, kw_only=True)
class RunningSpec:
    """How a crack runs; keys, defaults and sentences of table [dynamics] of the case file.

    Attributes
    ----------
    K : float
        Load in K_G.
    K_rate : float or None
        Rate at which it rises from that of the rest, K_G/ps; None: it is put on at once.
    bonds : int
        Bonds across the plane after which the run ends.
    time : float or None
        After which it ends in any case, ps; None: that of as many bonds at a twentieth of Rayleigh's speed.
    time_step : float or None
        ps.
    every : int
        Steps from one look at the tip to the next.
    field : {"tip", "held"}
        Whether the centre of the near-tip field follows the tip.
    drift : float or None
        Distance of the tip from its first place in the model before the model follows, A.
    stadium_start : float or None
        Distance from the middle at which friction begins, A; None: half of the domain.
    stadium_strength : float
        Largest friction, in units of the largest frequency; 0: there is none.
    temperature : float
        K.
    seed : int
    frames : int
        Frames of the trajectory.
    """

    K: float
    K_rate: float | None = None
    bonds: int = default_of("dynamics", "bonds")
    time: float | None = None
    time_step: float | None = None
    every: int = default_of("dynamics", "every")
    field: Literal["tip", "held"] = default_of("dynamics", "field")
    drift: float | None = None
    stadium_start: float | None = None
    stadium_strength: float = default_of("dynamics", "stadium_strength")
    temperature: float = default_of("dynamics", "temperature")
    seed: int = default_of("dynamics", "seed")
    frames: int = default_of("dynamics", "frames")

    def __post_init__(self) -> None:
        check_table("dynamics", dict(vars(self)))

    def motion(self, system: CrackSystem) -> DynamicsSpec:
        """How the model moves. `InputError` if the stadium does not fit."""
        core, radius = system.spec.core if system.spec.facts.coupled else 0.0, system.spec.radius
        start = max(0.5 * radius, core) if self.stadium_start is None else self.stadium_start
        if not core <= start < radius:
            raise InputError(
                f"dynamics.stadium_start = {start:g} A is not allowed: friction begins outside the core, which must be free, and "
                f"inside the domain: a number from {core:g} and below {radius:g} is expected"
            )
        if self.temperature > 0 and self.stadium_strength == 0:
            raise InputError(
                f"dynamics.temperature = {self.temperature:g} K is not allowed with dynamics.stadium_strength = 0: noise acts where there "
                "is friction, so it must be > 0"
            )
        share = self.stadium_strength
        stadium = StadiumSpec(core=Core(start), width=radius - start, share=share) if share > 0 else None
        return DynamicsSpec(time_step=self.time_step, stadium=stadium, temperature=self.temperature, seed=self.seed)


@dataclass(frozen=True, kw_only=True)
class MotionRecord(Plain):
    """A look at a crack that runs, as in motion.csv.

    Attributes
    ----------
    steps : int
    time : float
        ps.
    tip_position : float
        x in the crystal, A.
    bonds : int
        Broken across the plane since the start, less those closed again.
    centre : float
        Of the near-tip field on the outer boundary, x in the crystal, A.
    offset : float
        x of the model's middle in the crystal, A.
    potential_energy, kinetic_energy, dissipated, heat, work : float
        Of the ledger, eV per cell.
    by_moves : float
        What the balance has changed by because the model has moved along, eV per cell; minus the faces left behind and what is in the
        far field that came and went.
    faces : float
        Surface energy of the faces that the model has left behind, eV per cell.
    balance : float
        potential_energy + kinetic_energy + dissipated - heat - work - by_moves, eV per cell: constant.
    temperature : float
        Of all unknowns, K.
    off_plane_broken, new_neighbours : int
        Pairs off the plane.
    slip : float
        Largest outside the full atoms, in shortest Burgers vectors.
    K_over_KG : float or None
        The load; None in a checkpoint of older code, where it was all on from the start.
    J : float or None
        Of rings between core and friction, with the kinetic energy, J/m^2; None where no ring fits.
    """

    steps: int
    time: float
    tip_position: float
    bonds: int
    centre: float
    offset: float
    potential_energy: float
    kinetic_energy: float
    dissipated: float
    heat: float
    work: float
    by_moves: float
    faces: float
    balance: float
    temperature: float
    off_plane_broken: int
    new_neighbours: int
    slip: float
    K_over_KG: float | None = None
    J: float | None = None


@dataclass(frozen=True, kw_only=True)
class MotionEvent(Plain):
    """An event of a crack that runs, as in ``events`` of dynamics.json.

    Attributes
    ----------
    kind : str
        "cleavage", or as `qc.dislocation.naming.Naming` has it: of all slip since the crystal was whole.
    sentence : str
    time : float
        Of the look at which it was seen, ps.
    K_over_KG : float or None
        The load then.
    tip_position : float
        x in the crystal, A.
    off_plane_broken, new_neighbours : int
        Pairs off the plane.
    named : dict
        Slips with plane, Burgers vector and place; empty where the tip has cleaved.
    """

    kind: str
    sentence: str
    time: float
    K_over_KG: float | None
    tip_position: float
    off_plane_broken: int
    new_neighbours: int
    named: dict[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True)
class RunningState:
    """What a run that goes on needs besides unknowns, velocities and `drive.motion.Progress`.

    Attributes
    ----------
    centre : float
        Of the near-tip field, x in the crystal, A.
    dead_centre : float
        Its place when the dead load was taken, x in the crystal, A.
    dead_K : float or None
        The load then, MPa m^1/2; None: the final one.
    lead : float or None
        How far the tip is ahead of the centre at the start, A.
    first_tip : float or None
        x of the tip at the start, A.
    offset : float
        x of the model's middle in the crystal, A.
    by_moves, faces : float
        As in `MotionRecord`.
    kinetic_by_moves : float
        What moves of the model have changed the kinetic energy by, eV per cell: short waves that the coarse mesh does not carry are lost.
    moves : int
        How often the model has moved.
    open_bonds : dict
        Memory of the tip's tracker.
    records : list of MotionRecord
    events : list of MotionEvent
    damage : int
        Largest number of pairs broken or joined off the plane that was seen.
    ended : str or None
        Why the run has ended early.
    finished : bool
    """

    centre: float
    dead_centre: float
    dead_K: float | None = None
    lead: float | None = None
    first_tip: float | None = None
    offset: float = 0.0
    by_moves: float = 0.0
    faces: float = 0.0
    kinetic_by_moves: float = 0.0
    moves: int = 0
    open_bonds: dict[str, bool] = field(default_factory=dict)
    records: list[MotionRecord] = field(default_factory=list)
    events: list[MotionEvent] = field(default_factory=list)
    damage: int = 0
    ended: str | None = None
    finished: bool = False

    def rest(self) -> dict[str, Any]:
        """All but the records, as plain data."""
        kept = {name: value for name, value in vars(self).items() if name != "records"}
        return kept | {"events": [event.plain() for event in self.events]}

    @classmethod
    def from_plain(cls, rest: Mapping[str, Any], records: list[MotionRecord]) -> Self:
        """The state back from a checkpoint."""
        events = [MotionEvent.from_plain(event) for event in rest.get("events", [])]
        return from_file(cls, dict(rest) | {"records": records, "events": events})
