"""The stadium: friction that rises from zero outside the core, so that waves leave and none comes back."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from ..coupling.model import Model
from ..errors import InputError
from ..unknowns.regions import Core

STRENGTH = 1 / 3
"""Largest friction of the default stadium, in units of the largest frequency."""
SMOOTH = 14.0
"""Width of a handshake, in nearest-neighbour distances, from which on the default stadium lets nothing come back."""
RETURNED = ((6.0, 1.9), (10.0, 1.2), (SMOOTH, 1.0))
"""Late energy in the core after a wave of 6 nearest-neighbour distances has left, in that of the infinite crystal, by the width of
the handshake: the 2-D Morse crystal, measured as `qc.patch.claims.waves` does."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class StadiumSpec:
    """gamma = floor + (strength - floor) min(1, (d - start) / width)^2 at the distance d > start from the core, 1/ps.

    Attributes
    ----------
    start : float
        Distance from the core's edge at which friction begins, A. A static stadium so near stops a crack that moves: let it begin
        at half the domain there, and let it be weak.
    width : float or None
        Over which it rises, A; None: the width of the handshake.
    strength : float or None
        Largest friction, 1/ps; None: ``share`` of the largest frequency.
    share : float
        Largest friction in units of the largest frequency, where no ``strength`` is given.
    floor : float
        Friction everywhere, 1/ps; 0: the core is free.
    core : Core or None
        From whose edge distances count; None: the model's own. A model of atoms only has none.
    """

    start: float = 0.0
    width: float | None = None
    strength: float | None = None
    share: float = STRENGTH
    floor: float = 0.0
    core: Core | None = None

    def friction(self, model: Model, frequency: float) -> np.ndarray:
        """(n_free,) gamma of this rank's unknown blocks, 1/ps; ``frequency`` is the model's largest, 1/ps.

        Raises
        ------
        InputError
            The stadium begins inside the core or beyond the domain, or a number is not positive.
        """
        core, width = self._checked(model)
        strength = self.share * frequency if self.strength is None else self.strength
        depth = core(model.X_free[:, : model.lattice.gdim])
        rise = np.clip((depth - self.start) / width, 0.0, 1.0) ** 2
        return self.floor + max(strength - self.floor, 0.0) * rise

    def _checked(self, model: Model) -> tuple[Core, float]:
        core = model.spec.core if self.core is None else self.core
        if self.core is None and not (model.spec.facts.coupled and np.isfinite(core.radius)):
            raise InputError(f"the stadium of method {model.spec.method} needs a core to begin at: give stadium.core")
        width = (model.spec.width or None) if self.width is None else self.width
        if width is None:
            raise InputError(f"method {model.spec.method} has no handshake for the stadium to rise in: give stadium.width")
        positive = (("width", width), ("strength", self.strength), ("share", self.share))
        for name, value, least in (*((name, value, "> 0") for name, value in positive), ("floor", self.floor, ">= 0")):
            if value is not None and not (np.isfinite(value) and value >= 0 and (value > 0 or least == ">= 0")):
                raise InputError(f"stadium.{name} = {value:g} is not allowed: a number {least} is expected")
        self._check_start(model, core)
        _warn_of_narrow(model)
        return core, width

    def _check_start(self, model: Model, core: Core) -> None:
        inside = model.spec.core.radius - core.radius if model.spec.facts.coupled else 0.0
        least, room = max(inside, 0.0), model.spec.radius - core.reach
        if not self.start >= least:
            raise InputError(
                f"stadium.start = {self.start:g} A lies inside the core, which must be free: a number >= {least:g} is expected"
            )
        if self.start >= room:
            raise InputError(f"stadium.start = {self.start:g} A lies beyond the domain: a number < {room:g} is expected")


def returned(width: float) -> float:
    """Expected late energy in the core, in that of the infinite crystal, for a handshake of that many nearest-neighbour distances."""
    x, y = zip(*RETURNED, strict=True)
    return float(np.interp(width, x, y))


def _warn_of_narrow(model: Model) -> None:
    """Say how much of a wave comes back from a handshake narrower than the stadium needs."""
    width = model.spec.width / model.crystal.nearest_neighbour_distance
    if model.spec.facts.handshake and width < SMOOTH - 1e-9 and model.comm.rank == 0:
        log.warning(
            "the handshake is %.1f nearest-neighbour distances wide: after a wave has left, the core keeps about %.1f times the energy "
            "it has in the infinite crystal; from %g on it is the same",
            width, returned(width), SMOOTH,
        )  # fmt: skip
