"""How far K+ can be trusted: what the load step, the outer boundary, the seam and the mesh leave open, each measured."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from petsc4py import PETSc

from ..drive.equations import PathEquations
from ..errors import ConvergenceError, InputError
from .ladder import Ladder
from .ladder_state import LadderState
from .records import StepRecord
from .spec import CrackSpec
from .system import CrackSystem

log = logging.getLogger(__name__)

AfterStep = Callable[[Ladder, StepRecord], None]

FARTHER = 4.0
"""The boundary's part is measured in a domain so many times larger: a smaller one misleads."""
FINER = 0.5
"""The mesh's part is measured with cells so many times smaller."""
REMAINS = 4.0 / 3.0
"""Error of the mesh over what half the cell size changes, where it falls with the square of that size (it falls faster)."""
TOLERANCE = 1e-3
"""Relative width of the brackets that are compared, where the ladder itself asks for none or a wider one."""
MARGIN = 2.0
"""Error of the seam over the first-order change by the rival: against cores of twice the size 1.4 to 1.9 were measured."""
ITERATIONS = 12
"""Of inverse iteration, next to a fold where the softest mode is far below the others."""
LAWS = (0.5, 1.0)
"""Exponents of 1/R between which the boundary's part falls in the range of domains that anybody has run."""


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A value and how far it may be off to either side, K / K_G.

    Attributes
    ----------
    value, low, high : float
        The true value is expected from ``value + low`` to ``value + high``.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class KPlusError:
    """The parts of the error of K+, in units of K_G; a part that could not be measured is None, and ``missing`` says why.

    Attributes
    ----------
    bracket : (float, float)
        K+ of this ladder in this domain lies between these levels.
    radius : float
        Of this domain, A.
    far_radius : float or None
        Of the larger domain, A.
    far_bracket : (float, float) or None
        K+ there.
    seam : float or None
        Change of K+ if the forces of the rival method were right, times `MARGIN`.
    rival : str or None
        That method.
    mesh : float or None
        Change of K+ with cells of half the size, times `REMAINS`.
    missing : dict
        Sentences by part: "boundary", "seam", "mesh".
    """

    bracket: tuple[float, float]
    radius: float
    far_radius: float | None = None
    far_bracket: tuple[float, float] | None = None
    seam: float | None = None
    rival: str | None = None
    mesh: float | None = None
    missing: dict[str, str]

    @property
    def step(self) -> float:
        """Half the width of the bracket."""
        return 0.5 * (self.bracket[1] - self.bracket[0])

    @property
    def other(self) -> float:
        """Seam and mesh, as far as they are known."""
        return abs(self.seam or 0.0) + abs(self.mesh or 0.0)

    @property
    def here(self) -> Interval:
        """K+ in this domain."""
        error = self.step + self.other
        return Interval(value=0.5 * sum(self.bracket), low=-error, high=error)

    @property
    def far(self) -> Interval | None:
        """K+ without an outer boundary: from two domains and the laws 1/sqrt(R) and 1/R, which bound what has been seen."""
        if self.far_bracket is None or self.far_radius is None:
            return None
        K, K_far = 0.5 * sum(self.bracket), 0.5 * sum(self.far_bracket)
        ratio = self.far_radius / self.radius
        slow, quick = (K_far + (K_far - K) / (ratio**power - 1) for power in LAWS)
        noise = 0.5 * (self.far_bracket[1] - self.far_bracket[0])
        rest = self.other + noise + 2 * self.step / (ratio ** LAWS[0] - 1)
        value = 0.5 * (slow + quick)
        return Interval(value=value, low=min(slow, quick, K_far) - value - rest, high=max(slow, quick, K_far) - value + rest)

    def plain(self) -> dict[str, Any]:
        """All of it by name, for files: each part as what it lets K+ be off by, K / K_G, low and high."""
        found: dict[str, Any] = {"unit": "K_G", "sentence": self.sentence(), "missing": self.missing}
        for name, size in (("step", self.step), ("seam", self.seam), ("mesh", self.mesh)):
            if size is not None:
                found[name] = {"low": -abs(size), "high": abs(size)}
        if self.rival is not None:
            found["seam"] |= {"rival": self.rival}
        found["here"], far = asdict(self.here), self.far
        if far is not None:
            off = far.value - self.here.value
            found["boundary"] = {"low": off + far.low, "high": off + far.high, "radius": self.far_radius, "bracket": self.far_bracket}
            found["far"] = asdict(far)
        return found

    def sentence(self) -> str:
        """K+ with its error in this domain and in a large one, and what is missing."""
        here, far = self.here, self.far
        parts = {"step": self.step, "seam": self.seam, "mesh": self.mesh}
        told = ", ".join(f"{name} {abs(value):.4f}" for name, value in parts.items() if value is not None)
        text = f"K+ = {here.value:.4f} K_G at R = {self.radius:g} A ({told})"
        if far is not None:
            text += f"; {far.value:.4f} ({far.low:+.4f} {far.high:+.4f}) for large R"
        gaps = [f"{name}: {why}" for name, why in self.missing.items()]
        return text + ("" if not gaps else "; not measured: " + "; ".join(gaps))


def k_plus_error(ladder: Ladder, after_step: AfterStep = lambda ladder, record: None) -> KPlusError:
    """The error of the first advance that a ladder has found. Collective.

    It runs ladders like this one in a domain four times as large and with cells of half the size, so that it takes some twice
    the time of the ladder itself. The ladder's own state is left as it is, and its load.

    Parameters
    ----------
    ladder : Ladder
        Of a system on the code's own mesh; one with a user's mesh has no larger domain and no finer cells.
    after_step : callable, optional
        It is called after each state of the other ladders, as by `Ladder.run`.
    """
    system, state = ladder.system, ladder.state
    if state.K_plus_bracket is None:
        raise ValueError("a ladder without a first advance has no K+, and so no error of it")
    bracket = _bracket(state, system)
    found: dict[str, Any] = {}
    missing: dict[str, str] = {}
    parts: dict[str, Callable[[Ladder, AfterStep], dict[str, Any]]] = {"seam": _seam, "boundary": _boundary, "mesh": _mesh}
    for name, measure in parts.items():
        log.info("error of K+: %s", name)
        try:
            found |= measure(ladder, after_step)
        except _NotThere as reason:
            missing[name] = str(reason)
        except (ConvergenceError, InputError) as error:
            log.warning("the %s's part of the error of K+ could not be measured: %s", name, error)
            missing[name] = str(error)
    system.load(state.steps[-1].K)
    return KPlusError(bracket=bracket, radius=system.spec.radius, missing=missing, **found)


class _NotThere(Exception):
    """A model that has no such part, in a few words."""


def _boundary(ladder: Ladder, after_step: AfterStep) -> dict[str, Any]:
    """K+ in the larger domain."""
    spec = ladder.system.spec
    if not spec.facts.continuum:
        raise _NotThere(f"a disc of atoms of {FARTHER:g} times the radius is out of reach")
    radius = FARTHER * spec.radius
    far = _climb(ladder, replace(spec, domain_radius=radius), f"in a domain of {radius:g} A", after_step)
    return {"far_radius": radius, "far_bracket": far}


def _mesh(ladder: Ladder, after_step: AfterStep) -> dict[str, Any]:
    """What finer cells change."""
    spec = ladder.system.spec
    if not spec.facts.continuum:
        raise _NotThere("there is none")
    fine = _climb(ladder, replace(spec, mesh_scale=FINER * spec.mesh_scale), "with finer cells", after_step)
    return {"mesh": REMAINS * 0.5 * (sum(fine) - sum(_bracket(ladder.state, ladder.system)))}


def _seam(ladder: Ladder, after_step: AfterStep) -> dict[str, Any]:
    """What the forces of the rival method change at the last state before the advance, to first order in them."""
    system, rival = ladder.system, ladder.system.spec.facts.rival
    if rival is None:
        raise _NotThere("there is none")
    if not system.model.coupling.has_energy:
        raise _NotThere(f"{system.spec.method} has no energy, and so no softest mode that is its own adjoint")
    q = ladder.before_advance
    if q is None:
        raise _NotThere("the state before the advance was left by an earlier run or in a smaller model")
    other = _sibling(system, replace(system.spec, method=rival))
    K = _bracket(ladder.state, system)[0] * system.K_G
    return {"seam": MARGIN * seam_shift(system, other, q, K) / system.K_G, "rival": rival}


def seam_shift(system: CrackSystem, other: CrackSystem, q: PETSc.Vec, K: float) -> float:
    """Change of the load of a fold, MPa m^1/2, if the forces were those of another method. Collective.

    At the fold the Hessian has a null vector v, and v . g(q, K) = 0 moves with a change df of the gradient by
    dK = -(v . df) / (v . dg/dK). A little below it the softest mode is close to v.

    Parameters
    ----------
    system, other : CrackSystem
        With the same unknowns, the first with an energy.
    q : PETSc.Vec
        A stable state of the first close to the fold.
    K : float
        Its load, MPa m^1/2.
    """
    if not _same_unknowns(system, other):
        raise InputError(f"methods {system.spec.method} and {other.spec.method} have different unknowns here")
    equations = PathEquations(system)
    load = equations.zero()
    v = softest_mode(equations, q, K, load)
    own, rival = q.duplicate(), q.duplicate()
    system.load(K)
    system.model.coupling.energy_gradient(q, own)
    other.load(K)
    other.model.coupling.energy_gradient(q, rival)
    rival.axpy(-1.0, own)
    return -float(v.dot(rival)) / float(v.dot(load))


def softest_mode(equations: PathEquations, q: PETSc.Vec, K: float, load: PETSc.Vec) -> PETSc.Vec:
    """The softest mode of the Hessian H at a state, and the tangent load dg/dK there, into ``load``. Collective.

    Inverse iteration for H v = lambda D v with D the diagonal of H: nodes on a slit inside the core carry next to no stiffness,
    and without D it would find them.
    """
    equations.place(q.array_r, K)
    H = equations.factor()
    equations.tangent_load(K).copy(load)
    diagonal, v = H.getDiagonal(), load.copy()
    diagonal.abs()
    load.copy(equations.g)
    for _ in range(ITERATIONS):
        equations.newton_step(v)
        v.normalize()
        equations.g.pointwiseMult(diagonal, v)
    return v


def _same_unknowns(system: CrackSystem, other: CrackSystem) -> bool:
    """Whether both models number the same blocks alike on every rank. Collective."""
    a, b = (s.model.parts.key[: s.model.parts.layout.n_free] for s in (system, other))
    return all(system.model.comm.allgather(np.array_equal(a, b)))


def _bracket(state: LadderState, system: CrackSystem) -> tuple[float, float]:
    """K+ of a ladder that has one, K / K_G."""
    assert state.K_plus_bracket is not None
    low, high = state.K_plus_bracket
    return low / system.K_G, high / system.K_G


def _sibling(system: CrackSystem, spec: CrackSpec) -> CrackSystem:
    """A system of the same crystal and load with other settings. Collective."""
    same_mesh = spec.radius == system.spec.radius and spec.mesh_scale == system.spec.mesh_scale
    if system.on_users_mesh and not same_mesh:
        raise _NotThere("a mesh of your own has no larger domain and no finer cells")
    return system.like(spec)


def _climb(ladder: Ladder, spec: CrackSpec, where: str, after_step: AfterStep) -> tuple[float, float]:
    """The bracket of the first advance, K / K_G, by the same ladder in a model with other settings. Collective."""
    system = _sibling(ladder.system, spec)
    own = ladder.spec
    tolerance = min(own.K_tolerance or TOLERANCE, TOLERANCE)
    again = replace(own, K_start=ladder.state.steps[0].K_over_KG, unload=False, stop_at="first_advance", K_tolerance=tolerance)
    state = Ladder(system, again, ladder.solver.options).run(after_step)
    if state.K_plus_bracket is None:
        raise _NotThere(f"there is no clean first advance {where}")
    return _bracket(state, system)
