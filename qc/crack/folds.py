"""The snaking equilibrium path of a crack: folds, bifurcations, and barriers from bond to bond."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain, pairwise
from typing import Any, Literal

import numpy as np

from ..case.case import default_of
from ..dislocation.bonds import FullBonds
from ..dislocation.naming import Naming
from ..drive.barriers import barriers, equal_load, passes, segments
from ..drive.continuation import Path
from ..drive.equations import PathPoint
from ..errors import ConvergenceError, InputError
from ..solve.options import SolverOptions
from .ladder import Ladder
from .ladder_state import LadderSpec
from .named import EventNamer
from .start import Trial
from .system import CrackSystem
from .tip import CLOSES_AT, OPENS_AT, Shells, TipState, TipTracker

COLUMNS = ("arc", "K", "K_over_KG", "tip_position", "tip_stretch", "energy", "negative_eigenvalues", "fold")
"""Columns of ``curve.csv``: A, MPa m^1/2, eV per cell minus the perfect crystal."""

LOWEST, HIGHEST = 0.2, 4.0
"""Levels (K / K_G) beyond which a path is not followed."""


@dataclass(frozen=True, kw_only=True)
class FoldSpec:
    """What to follow.

    Attributes
    ----------
    start : float or "auto"
        Level (K / K_G) of the stable state that the path starts from: tried first, and looked for as a ladder does.
    J_tolerance : float
        How far J/G of that state may be from 1.
    folds : int
        Folds to pass under rising load; then on until the load of the last maximum is reached again.
    points : int
        At most, each way.
    """

    start: float | Literal["auto"] = default_of("load", "K_start")
    folds: int = 2
    points: int = 500
    J_tolerance: float = default_of("load", "J_tolerance")


@dataclass(frozen=True)
class Snake:
    """A path of equilibria, with what was measured at each of its points.

    Attributes
    ----------
    points : list of PathPoint
        Along the path; the tip moves on.
    rows : list of dict
        `COLUMNS` for each point.
    origin : int
        Number of the point that the path was started from.
    ended : str or None
        Why the path was given up before it had all its folds.
    start : Trial
        The state that the path was started from, as it was judged.
    names : dict
        By the number of a minimum's point: what has happened from the maximum before it to the next, or to the end of the path.
    """

    points: list[PathPoint]
    rows: list[dict[str, Any]]
    origin: int
    ended: str | None
    start: Trial
    names: dict[int, Naming] = field(default_factory=dict)


@dataclass(frozen=True)
class Walks:
    """What has been followed of a path: all that a resumed trace needs.

    Attributes
    ----------
    start : Trial
        The state that it was started from, as it was judged.
    forward, backward : list of PathPoint
        Both begin with the start; the last points are no folds.
    """

    start: Trial
    forward: list[PathPoint]
    backward: list[PathPoint]

    def lists(self) -> dict[str, list[PathPoint]]:
        """Both ways by name; they only grow."""
        return {"forward": self.forward, "backward": self.backward}


def begin(system: CrackSystem, spec: FoldSpec, path: Path, solver: SolverOptions | None = None) -> Walks:
    """The stable state that a path is followed from, both ways. Collective.

    Raises
    ------
    InputError, ConvergenceError
        The model has no atoms, or there is no such state.
    """
    if system.model.atomistic is None:
        raise InputError(
            "model.method = 'continuum' has no atoms, so no bond that breaks: folds need a method with atoms"
        )
    spec_of_start = LadderSpec(K_start=spec.start, K_stop=HIGHEST, K_step=1.0, J_tolerance=spec.J_tolerance)
    ladder = Ladder(system, spec_of_start, solver)
    K = ladder.begin().K
    start = path.start(ladder.q, K)
    assert ladder.state.start is not None
    return Walks(ladder.state.start, [start], [start.reversed()])


def trace(
    system: CrackSystem,
    spec: FoldSpec,
    path: Path,
    solver: SolverOptions | None = None,
    found: Callable[[list[PathPoint]], None] = lambda points: None,
    walks: Walks | None = None,
) -> Snake:
    """Follow the path both ways from a stable state: forward through the folds, back to where the crack would close.

    ``found`` is told the points of a way whenever there is one more; ``walks`` is where to go on from, default: `begin`. Collective.
    """
    walks = walks or begin(system, spec, path, solver)
    forward, ended = _walk(path, walks.forward, spec, Enough(spec.folds), found)
    backward, reason = _walk(path, walks.backward, spec, Enough(1, climb=False), found)
    points = [p.reversed() for p in backward[:0:-1]] + forward
    if not any(p.fold for p in points):
        level = forward[0].K / system.K_G
        raise ConvergenceError(f"no fold found from K = {level:.4f} K_G: {ended or reason}")
    rows, names = _measure(system, path, points)
    return Snake(points, rows, len(backward) - 1, ended, walks.start, names)


class Enough:
    """Says when a path has been followed far enough: all folds passed and, after a minimum, the last maximum's load again."""

    def __init__(self, folds: int, climb: bool = True) -> None:
        self._left, self._climb, self._top = folds, climb, float("inf")
        self._kind: str | None = None

    def __call__(self, point: PathPoint) -> bool:
        if point.fold:
            self._left, self._kind = self._left - 1, point.fold
            self._top = point.K if point.fold == "maximum" else self._top
            return False
        if self._left == 0 and self._climb and self._kind == "minimum":
            return self._top <= point.K
        return self._left <= 0


def _walk(
    path: Path, points: list[PathPoint], spec: FoldSpec, enough: Enough, found: Callable[[list[PathPoint]], None]
) -> tuple[list[PathPoint], str | None]:
    """Go on from the last of some points until there are enough; these, and why the path was given up before. Collective."""
    try:
        for n, point in enumerate(chain(points[1:], path.follow(points[-1])), 2):
            if n > len(points):
                points.append(point)
                found(points)
            level = point.K / path.system.K_G
            if enough(point):
                return points[:n], None
            if n >= spec.points or not LOWEST < level < HIGHEST:
                return points[:n], f"followed over {n} points to K = {level:.3f} K_G"
    except ConvergenceError as error:
        return points, str(error)
    raise AssertionError("a path has no end")


def _measure(system: CrackSystem, path: Path, points: Sequence[PathPoint]) -> tuple[list[dict[str, Any]], dict[int, Naming]]:
    """Energy and tip of each point, and the names of what happens from a maximum over a minimum to the next or the end. Collective."""
    model = system.model
    atoms = model.atomistic
    assert atoms is not None
    reach = min(model.spec.core.radius, model.spec.radius)
    tracker = TipTracker(model.comm, atoms, Shells.of(model.crystal), reach)
    namer, rows = EventNamer(system), []
    names: dict[int, Naming] = {}
    top: tuple[FullBonds, float] | None = None
    low: int | None = None
    for n, p in enumerate(points):
        energy = path.energy(p)
        tip = tracker.measure(model.coupling.variables(path.q)["atoms"])
        values = (p.arc, p.K, p.K / system.K_G, front(tip), tip.tip_stretch, energy, p.negative, p.fold)
        rows.append(dict(zip(COLUMNS, values, strict=True)))
        if p.fold == "minimum":
            low = n
        if top is not None and low is not None and (p.fold == "maximum" or n == len(points) - 1):
            place = top[1] if np.isfinite(top[1]) else system.spec.tip[0]
            names[low], low = namer.between(top[0], namer.bonds(path.q), place, clean=not tip.damaged), None
        if p.fold == "maximum":
            top, low = (namer.bonds(path.q), tip.position), None
    return rows, names


def front(tip: TipState) -> float:
    """x where the stretch of the bonds across the plane falls through the middle of the tracker's thresholds, A.

    Unlike the position of a jump it moves steadily along a path.
    """
    middle = 0.5 * (OPENS_AT + CLOSES_AT)
    for n in range(1, len(tip.x)):
        if tip.stretch[n] < middle <= tip.stretch[n - 1]:
            share = (tip.stretch[n - 1] - middle) / (tip.stretch[n - 1] - tip.stretch[n])
            return float(tip.x[n - 1] + share * (tip.x[n] - tip.x[n - 1]))
    return float("nan")


def fold_records(snake: Snake, K_G: float) -> list[dict[str, Any]]:
    """Each fold: load, K+ or K- where a stable state ends there, tip, eigenvalues on both sides, what has happened over a minimum."""
    records = []
    for n, p in enumerate(snake.points):
        if p.fold is None or not 0 < n < len(snake.points) - 1:
            continue
        counts = [snake.points[n - 1].negative, snake.points[n + 1].negative]
        name = {"maximum": "K_plus", "minimum": "K_minus"}[p.fold] if min(counts) == 0 else None
        row = snake.rows[n]
        record = {"point": n, "kind": p.fold, "name": name, "K": p.K, "K_over_KG": p.K / K_G}
        record |= {key: row[key] for key in ("tip_position", "tip_stretch", "energy")}
        named = snake.names.get(n)
        records.append(record | {"negative_eigenvalues": counts, "named": named and asdict(named)})
    return records


def bifurcations(snake: Snake, K_G: float) -> list[dict[str, Any]]:
    """Pairs of neighbouring points between which an eigenvalue changes sign without a fold: another branch crosses there."""
    return [
        {"between_K_over_KG": sorted((a.K / K_G, b.K / K_G)), "negative_eigenvalues": [a.negative, b.negative]}
        for a, b in pairwise(snake.points)
        if a.fold is None and b.fold is None and a.negative != b.negative
    ]


def report(path: Path, snake: Snake) -> dict[str, Any]:
    """Folds, bifurcations and barriers as plain data; K_plus and K_minus bound the stable states round the start. Collective."""
    K_G, found = path.system.K_G, fold_records(snake, path.system.K_G)
    over = []
    for three in passes(segments(snake.points)):
        some = barriers(path, three)
        equal = equal_load(path, three, some)
        over.append(
            {"K_equal": equal, "K_equal_over_KG": equal and equal / K_G, "levels": [b.as_dict(K_G) for b in some]}
        )
    above = next((f["K"] for f in found if f["name"] == "K_plus" and f["point"] > snake.origin), None)
    below = next((f["K"] for f in found[::-1] if f["name"] == "K_minus" and f["point"] < snake.origin), None)
    return {
        "K_G": K_G,
        "K_plus": above,
        "K_minus": below,
        "folds": found,
        "bifurcations": bifurcations(snake, K_G),
        "barriers": over,
        "cell_length": path.system.model.thickness,
        "n_points": len(snake.points),
        "ended": snake.ended,
        "start": snake.start.plain(),
    }
