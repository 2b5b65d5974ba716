"""Settings and state of a propagating crack."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ..case.case import check_table, default_of
from .ladder_state import LadderSpec
from .moving import ModelMove
from .r_curve import CurvePoint
from .records import from_file

Stage = Literal["climb", "region", "back", "centre", "follow"]


@dataclass(frozen=True, kw_only=True)
class PropagationSpec:
    """How far and how exactly a crack is driven; levels are loads over K_G.

    Attributes
    ----------
    bonds : int
        Bonds across the plane to break.
    K_start, K_stop : float
        Level of the first load (or "auto"), as `LadderSpec` has it, and of the one at which rising load ends.
    J_tolerance : float
        How far J/G of the first state may be from 1.
    dK : float
        Step of the level before it is halved.
    tolerance : float
        Relative width of every bracket.
    field : {"tip", "held"}
        Whether the centre of the near-tip field follows the tip.
    close : int
        Bonds to close again afterwards under falling load.
    drift : float, optional
        Distance of the tip from its first place in the model before the model follows, A; a quarter of the core if left out.
    """

    bonds: int
    K_start: float | Literal["auto"] = default_of("load", "K_start")
    K_stop: float = default_of("load", "K_stop")
    J_tolerance: float = default_of("load", "J_tolerance")
    dK: float = 0.02
    tolerance: float = 1e-3
    field: Literal["tip", "held"] = "tip"
    close: int = 0
    drift: float | None = None

    def __post_init__(self) -> None:
        names = ("bonds", "close", "field", "dK", "tolerance", "drift")
        check_table("propagation", {name: getattr(self, name) for name in names})
        check_table("load", {name: getattr(self, name) for name in ("K_start", "K_stop", "J_tolerance")})

    @property
    def ladder(self) -> LadderSpec:
        """Settings of the ladder that refines every bracket."""
        return LadderSpec(
            K_start=self.K_start,
            K_stop=self.K_stop,
            K_step=self.dK,
            stop_at="K_stop",
            K_tolerance=self.tolerance,
            J_tolerance=self.J_tolerance,
        )


@dataclass(kw_only=True)
class PropagationState:
    """What a resumed propagation needs besides the ladder's state and the displacements.

    Attributes
    ----------
    curve : list of CurvePoint
        One for each event.
    moves : list of ModelMove
        One for each move of the model.
    pending : list of str
        Stages of the last event still to come.
    centre : float
        x of the near-tip field's centre in the crystal, A.
    lead : float or None
        How far the tip was ahead of it at first, A.
    begin : float or None
        Tip position where the branch began, A.
    ended : str or None
        Why the propagation ended before all bonds were through.
    finished : bool
    """

    curve: list[CurvePoint] = field(default_factory=list)
    moves: list[ModelMove] = field(default_factory=list)
    pending: list[Stage] = field(default_factory=list)
    centre: float = 0.0
    lead: float | None = None
    begin: float | None = None
    ended: str | None = None
    finished: bool = False

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> PropagationState:
        """The state of a checkpoint, which holds what `dataclasses.asdict` makes of it.

        An older one lacks numbers that are None: those of an event before its stage *back*, the window of a method without
        an energy.
        """
        moves = [{"window": None} | made for made in plain["moves"]]
        return from_file(cls, plain | {"moves": moves})
