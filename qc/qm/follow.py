"""A QM region that follows the tip: where it goes, and what its moves do to the energy.

Each place has a cluster, links and a reference crystal of its own, so that the energy of the model jumps at a move although no
atom has moved. The ledger keeps these jumps: the energy less their sum is continuous along the ladder.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Move:
    """One move of the region, at fixed positions of all atoms.

    Attributes
    ----------
    K : float
        Load, in the unit of the caller.
    from_centre, to_centre : tuple of float
        A.
    E_before, E_after : float
        The QM term with the old and with the new cluster, eV.
    calls : int
        Of the engine for the move.
    """

    K: float
    from_centre: tuple[float, ...]
    to_centre: tuple[float, ...]
    E_before: float
    E_after: float
    calls: int

    @property
    def jump(self) -> float:
        """What the move alone adds to the energy, eV."""
        return self.E_after - self.E_before


@dataclass
class Ledger:
    """All moves of a run, for the result and the checkpoint."""

    moves: list[Move] = field(default_factory=list)

    @property
    def sum(self) -> float:
        """Of the jumps, eV."""
        return sum(move.jump for move in self.moves)

    def continuous(self, energy: float) -> float:
        """The energy of the model as if the region had not moved, eV."""
        return energy - self.sum

    def plain(self) -> dict[str, Any]:
        """For result.json and checkpoints."""
        return {"moves": [asdict(move) | {"jump": move.jump} for move in self.moves], "sum": self.sum}

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Ledger:
        """Back from a checkpoint."""
        moves = [{k: v for k, v in move.items() if k != "jump"} for move in data["moves"]]
        return cls([Move(**(m | {k: tuple(m[k]) for k in ("from_centre", "to_centre")})) for m in moves])


def snapped(x: float, advance: float, home: float = 0.0) -> float:
    """The place for a tip at x: a whole number of bond advances from home (A), so that clusters are translations of each other."""
    return home + advance * round((x - home) / advance)
