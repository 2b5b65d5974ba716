"""A QM region that follows the tip: where it goes, and what its moves do to the energy.

Each place has a cluster, links and a reference crystal of its own, so that the energy of the model jumps at a move although no
atom has moved. The ledger lists these jumps and the ladder has them on account: its energy goes on without them.
"""

from __future__ import annotations

import itertools
import logging
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from petsc4py import PETSc

from atomistics import Crystal

from ..coupling.coupling import Coupling
from ..drive.stepping import NoStateError
from ..errors import InputError
from ..qm.build import QM, QMSpec, add_qm
from ..qm.cluster import QUANTITATIVE, Cluster
from ..qm.engine.process import EngineProcess
from ..qm.evaluation import EngineFactory, QMEngine
from ..qm.region import QMRegion
from .ladder import Ladder
from .records import StepRecord, from_file
from .system import CrackSystem

log = logging.getLogger(__name__)

JUMPS = "QM moves"
"""The account of a ladder on which the jumps of the energy by moves of the region are: their sum with the other sign, eV."""


@dataclass(frozen=True, kw_only=True)
class Move:
    """One move of the region, at fixed positions of all atoms.

    Attributes
    ----------
    K : float
        Load, in the unit of the caller.
    from_centre, to_centre : tuple of float
        In the crystal, A.
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

    def plain(self) -> dict[str, Any]:
        """For result.json and checkpoints."""
        return {"moves": [asdict(move) | {"jump": move.jump} for move in self.moves], "sum": self.sum}

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Ledger:
        """Back from a checkpoint."""
        moves = [{k: v for k, v in move.items() if k != "jump"} for move in data["moves"]]
        return cls([from_file(Move, move) for move in moves])


@dataclass(frozen=True, kw_only=True)
class QMTipSpec:
    """A QM region at a crack tip.

    Attributes
    ----------
    region : QMSpec
        Its centre names x and y only: z is that of a site next to the tip.
    follows : bool
        The region goes where the tip goes.
    """

    region: QMSpec
    follows: bool = True


class QMSession:
    """A QM region through the steps of a run. Construction and all methods but ``plain`` and ``close`` are collective.

    Parameters
    ----------
    system : CrackSystem
        Its coupling gets the QM term.
    spec : QMTipSpec
    saved : dict, optional
        What ``plain`` returned when the checkpoint was written.
    engine : callable, optional
        As in `qc.qm.build.build_qm`.

    Attributes
    ----------
    guide : Coupling or None
        In force mode the model without the region, whose energy can be minimised.

    Raises
    ------
    InputError
        The region does not fit, or the engine refuses; the same on all ranks.
    """

    def __init__(
        self,
        system: CrackSystem,
        spec: QMTipSpec,
        saved: dict[str, Any] | None = None,
        engine: EngineFactory | None = None,
    ) -> None:
        self._system, self.spec, self._engine = system, spec, engine
        self._advance = bond_advance(system.crystal)
        self._z = height_of_tip(system, spec.region.centre[:2])
        self.place, self._along, self.ledger, self._before = (0, 0.0, Ledger(), (0, 0.0)) if saved is None else _known(saved)
        model = system.model
        self.guide: Coupling | None = None
        if spec.region.mode == "force" and model.guide is None:
            self.guide = Coupling(model.coupling.layout, model.coupling.terms)
        self.qm: QM = add_qm(model, self._region(), engine)
        if not self.qm.cluster.quantitative and model.comm.rank == 0:
            log.warning(
                "the QM region %s is for tests: figures to use need %d atoms", self.qm.cluster.formula, QUANTITATIVE
            )
        self._noted = self._spent()

    @property
    def centre(self) -> tuple[float, float, float]:
        """Of the region in the reference crystal of the model, A."""
        x, y, _ = self.spec.region.centre
        (dx, dz), model = self._advance, self._system.model
        z = (self._z + self.place * dz) % model.lattice.period + self._along
        return x + self.place * dx, y, z % (model.spec.front_periods * model.lattice.period)

    def _region(self) -> QMSpec:
        return replace(self.spec.region, centre=self.centre)

    def measure(self, q: PETSc.Vec) -> dict[str, Any]:
        """For the record of a step: calls and seconds since the last one, centre, and the audit (energy mode)."""
        z = self._system.model.coupling.variables(q)["qm"]
        self.qm.term.check_links(z)
        calls, seconds = self._spent()
        first_calls, first_seconds = self._noted
        self._noted = calls, seconds
        return {
            "calls": calls - first_calls,
            "seconds": round(seconds - first_seconds, 3),
            "centre": list(self.centre),
            "audit": asdict(self.qm.term.audit(z)) if isinstance(self.qm.term, QMRegion) else None,
        }

    def follow(self, q: PETSc.Vec, tip: float | None, K: float, offset: float = 0.0) -> bool:
        """Move the region to where the tip is, at fixed positions of all atoms; whether it moved.

        ``tip`` lies half-way between the last open and the first whole row of bonds: the region's centre belongs on the latter.
        Both tip and centres are those in the crystal, in which the model's origin lies at ``offset``, A.
        """
        home = self.spec.region.centre[0]
        dx = self._advance[0]
        if not self.spec.follows or tip is None:
            return False
        place = round((tip - offset + 0.5 * dx - home) / dx)
        if place == self.place:
            return False
        before, (x, y, z), (calls, _) = self._energy(q), self.centre, self._spent()
        self._put(place, self._along)
        after, to = self._energy(q), self.centre
        self.ledger.moves.append(
            Move(
                K=K,
                from_centre=(x + offset, y, z),
                to_centre=(to[0] + offset, *to[1:]),
                E_before=before,
                E_after=after,
                calls=self._spent()[0] - calls,
            )
        )
        log.info("the QM region follows the tip to x = %.3f A; the energy changes by %.6f eV by it", to[0] + offset, after - before)
        return True

    def shift(self, n: int) -> None:
        """The model has moved by n lattice vectors along the crack: the region keeps its atoms, which have other names now."""
        (dx, _), (px, _, pz) = self._advance, self._system.lattice.vectors[0]
        place, z = self.place - round(n * px / dx), self.centre[2] - n * pz
        period = self._system.model.lattice.period
        self._put(place, z - (self._z + place * self._advance[1]) % period)

    def _put(self, place: int, along: float) -> None:
        """Another cluster of the same shape, to which what the gradients have said of the Hessian is handed on."""
        old, learnt, spent = self.qm, self.qm.term.handed_on, self._spent()
        self.place, self._along = place, along
        self.qm = add_qm(self._system.model, self._region(), self._in_place_of(old))
        if self.qm.cluster.engine_symbols != old.cluster.engine_symbols:
            self._before = spent  # the engine that goes on has counted
        self.recall(learnt)

    def _in_place_of(self, old: QM) -> EngineFactory:
        """The engine of the region before where it is for the same atoms: to start one may take as long as ten of its calls."""

        def engine(cluster: Cluster) -> QMEngine:
            assert old.evaluation is not None  # the computing rank asks
            if cluster.engine_symbols == old.cluster.engine_symbols:
                return old.evaluation.engine
            old.close()
            return EngineProcess(self.spec.region.engine, cluster.engine_symbols) if self._engine is None else self._engine(cluster)

        return engine

    def follow_tip(self, ladder: Ladder) -> StepRecord | None:
        """Move the region to where the last step has left the tip, and relax that step again with it there; None where it stays.

        Where the moved region has no state, a warning says so, and the step is the one with the region where the tip was.
        """
        state = ladder.state
        steps = state.steps
        if not steps or not self.follow(ladder.q, steps[-1].tip_position, steps[-1].K, state.offset):
            return None
        if isinstance(self.qm.term, QMRegion):
            state.carried = state.carried | {JUMPS: -self.ledger.sum}
        before = steps[-1].qm or {}
        ladder.renew_solver()
        try:
            record = ladder.relax_again()
        except NoStateError as error:
            log.warning("the state with the QM region where the tip was is kept, with it at the tip there is none: %s", error)
            return None
        found = self.measure(ladder.q)
        record.qm = found | {spent: found[spent] + before.get(spent, 0) for spent in ("calls", "seconds")}
        return record

    def report(self) -> dict[str, Any]:
        """For the result: engine, BLAS, cluster, all calls and seconds, moves."""
        calls, seconds = self._spent()
        moves = self.ledger.plain()
        found = {"calls": calls, "seconds": round(seconds, 3), "follow_tip": self.spec.follows}
        return self.qm.report() | found | {"moves": moves["moves"], "sum_of_jumps": moves["sum"]}

    def plain(self) -> dict[str, Any]:
        """For the checkpoint."""
        calls, seconds = self._noted
        return {"place": self.place, "along": self._along, "ledger": self.ledger.plain(), "calls": calls, "seconds": seconds}

    @property
    def learnt(self) -> np.ndarray:
        """What the engine's gradients have said of the Hessian, for the checkpoint: rows on the computing rank, none on the others."""
        return self.qm.term.learnt

    def recall(self, learnt: np.ndarray) -> None:
        """Know what ``learnt`` was when the checkpoint was written."""
        self.qm.term.recall(learnt)

    @property
    def calls(self) -> int:
        """Of the engine since the run began. Collective."""
        return self._spent()[0]

    def close(self) -> None:
        """End the engine's process."""
        self.qm.close()

    def _spent(self) -> tuple[int, float]:
        """Calls and seconds of the engine since the run began, those before a resume or a move included. Collective."""
        e = self.qm.evaluation
        calls, seconds = self.qm.comm.bcast(None if e is None else (e.engine.calls, e.engine.seconds))
        return self._before[0] + calls, self._before[1] + seconds

    def _energy(self, q: PETSc.Vec) -> float:
        if not isinstance(self.qm.term, QMRegion):
            return float("nan")
        return self.qm.term.audit(self._system.model.coupling.variables(q)["qm"]).E_correction


def _known(saved: dict[str, Any]) -> tuple[int, float, Ledger, tuple[int, float]]:
    """Place, shift along the front, ledger, calls and seconds, which ``QMSession.plain`` gave; `InputError` if it is something else."""
    try:
        place, along = int(saved["place"]), float(saved.get("along", 0.0))  # older code could not move the model
        return place, along, Ledger.from_plain(saved["ledger"]), (int(saved["calls"]), float(saved["seconds"]))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"what the checkpoint says of the QM region is none of this version of qc ({error})") from None


def height_of_tip(system: CrackSystem, tip: tuple[float, float]) -> float:
    """z of a site above the crack plane next to the tip, A: a cluster about it is as symmetric as the front. Collective."""
    atoms = system.model.parts.atoms
    X = atoms.X[(atoms.X[:, 1] > 0) & (atoms.X[:, 1] < system.crystal.nearest_neighbour_distance)]
    found = sorted(zip(np.round(np.abs(X[:, 0] - tip[0]), 3).tolist(), np.round(X[:, 2], 6).tolist(), strict=True))[:1]
    nearest = min(itertools.chain.from_iterable(system.model.comm.allgather(found)), default=(0.0, 0.0))
    return float(nearest[1])


def bond_advance(crystal: Crystal) -> tuple[float, float]:
    """The shortest lattice vector along the crack that repeats its plane: (x, z), A; z is what it moves along the front."""
    grid = np.array(list(itertools.product(range(-3, 4), repeat=3))) @ crystal.cell_ij
    plane = grid[(np.abs(grid[:, 1]) < 1e-6) & (grid[:, 0] > 1e-6)]
    found = plane[np.lexsort((np.abs(np.round(plane[:, 2], 6)), np.round(plane[:, 0], 6)))[0]]
    return float(found[0]), float(found[2])
