"""A warm crystal is not strained by the seam: the mean force of thermal motion, without any averaging over time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from fem.thermal import Sampled

from ...coupling.load import Load
from ...coupling.model import Model
from ...coupling.spec import Motion
from ...coupling.thermal_force import work_of_motion
from ...coupling.warmth import Warmth, sampled_of
from ...solve.factors import Factors
from ...solve.options import PREFIX
from ..model import PatchTest
from ..words import Deformation
from .finding import Finding

TEMPERATURE = 300.0
"""K. Everything measured is linear in it."""
CORE, BEYOND, MARGIN = 4.0, 1.0, 1.3
"""Radius of the core and what the handshake has beyond the cutoff, in nn; radius of the domain over that of the resolved zone."""
INSIDE = 0.8
"""Part of the core whose strain is measured."""
ALLOWED, SEEN = 0.1, 0.2
"""Largest strain of the core with W_T by that with W alone, and the least one that W must make, in units of the thermal strain."""
FURTHER, LEFT = 0.01, 0.02
"""Further strain along y under which the dead load stays as it was, and the strain of the core that it may leave then."""
ROUGH = 0.1
"""Part of the thermal stress missed by the polynomial from which on quasi-harmonic theory says nothing of a crystal."""


@dataclass(frozen=True, kw_only=True)
class Strains:
    """Strain of the core that the seam makes, in units of the thermal strain.

    Attributes
    ----------
    cold : float
        Continuum of W alone: where motion stops, nothing takes its place.
    warm : float
        With the free energy of the missing modes.
    """

    cold: float
    warm: float


def thermal_patch(test: PatchTest, deformation: Deformation) -> Finding:
    """Mean forces of thermal motion strain the core of a warm perfect crystal with W, not with W_T, and least with the dead load.

    Core and handshake move amid what is at rest; then everything does. The first shows what a cold continuum does, the second what it
    would do to count the motion of the handshake and of the mesh once more as free energy.
    """
    model = warm_model(test, "core")
    warmth = model.warmth
    assert warmth is not None
    if warmth.material.stress_error > ROUGH:
        return _skipped(warmth)
    rest, further = np.zeros((3, 3)), np.diag([0.0, FURTHER, 0.0])
    amid = strains(model, rest)
    left = strains(model, further).warm - amid.warm  # the dead load takes away what there is at rest
    everything = strains(warm_model(test, "all"), rest)
    part = max(abs(amid.warm), abs(everything.warm)) / abs(amid.cold)
    numbers = {"cold": amid.cold, "warm": amid.warm, "cold_all": everything.cold, "warm_all": everything.warm, "dead_load": left}
    numbers |= {"thermal_strain": thermal_strain(model), "temperature": TEMPERATURE}
    return Finding(
        measured=part,
        tolerance=ALLOWED,
        expected=f"W strains the core by {SEEN:g} of the thermal strain or more, W_T by {ALLOWED:g} of that or less, the dead load by "
        f"{LEFT:g} of the thermal strain or less under {100 * FURTHER:g} % of further strain",
        passed=bool(part <= ALLOWED and abs(amid.cold) >= SEEN and abs(left) <= LEFT),
        note=", ".join(f"{name} {value:.4g}" for name, value in numbers.items()),
        numbers=numbers,
    )


def _skipped(warmth: Warmth) -> Finding:
    wrong = warmth.material.stress_error
    return Finding(
        measured=wrong,
        tolerance=ROUGH,
        expected="vibrations whose stress a polynomial of strain has",
        passed=False,
        skipped=True,
        note=f"the polynomial misses {100 * wrong:.0f} % of the thermal stress: quasi-harmonic theory does not hold for this potential",
    )


def _sampled(test: PatchTest) -> Sampled:
    """Vibrations of the crystal, kept. Collective."""
    key = ("vibrations",)
    if key not in test.kept:
        s = test.setup
        test.kept[key] = sampled_of(test.comm, s.crystal.resolved(s.potential), s.potential, s.lattice)
    found: Sampled = test.kept[key]
    return found


def warm_model(test: PatchTest, motion: Motion) -> Model:
    """The model of the claim, with what moves in it. Collective."""
    s, known = test.setup, _sampled(test)
    width = min(s.width, s.potential.cutoff / s.nn + BEYOND)
    radius = MARGIN * s.resolved(CORE, width)
    spec = replace(s.spec(test.method, None, CORE, width, radius), temperature=TEMPERATURE, motion=motion)
    return test.build(spec, known)


def thermal_strain(model: Model) -> float:
    """Mean strain of the warm crystal in the plane, or in space where the mesh fills it."""
    d = model.lattice.gdim
    return float(np.trace(model.perfect.F0[:d, :d])) / d - 1.0


def strains(model: Model, further: np.ndarray) -> Strains:
    """What the seam does to the core about the uniform deformation F0 + further (3, 3). Collective."""
    warmth = model.warmth
    assert warmth is not None
    layout, u = model.parts.layout, model.uniform(model.perfect.F0 + further)
    q = layout.create_unknowns()
    q.array[:] = u[: layout.n_free].ravel()
    model.impose(Load(prescribed=u[layout.n_free :]))
    static = warmth.static()
    w = _answer(static.hessian(q), dilation(model), layout.comm)
    cold = work_of_motion(static, q, warmth.moving, warmth.kT, w, model.crystal.nearest_neighbour_distance)
    vibrations = layout.create_unknowns()
    vibrations.array[:] = warmth.gradient(q).ravel()
    unit = thermal_strain(model)
    return Strains(cold=cold / unit, warm=(cold - vibrations.dot(w)) / unit)


def dilation(model: Model) -> PETSc.Vec:
    """a such that a.u is the mean strain of the atoms within the core, tr of the least-squares gradient over the dimension. Collective."""
    layout, d = model.parts.layout, model.lattice.gdim
    X = model.X_free[:, :d]
    inside = model.parts.is_atom[: len(X)] & (np.linalg.norm(X, axis=1) < INSIDE * model.spec.core.radius)
    sums = layout.comm.allreduce(np.array([inside.sum(), *X[inside].sum(0)]), op=MPI.SUM)
    arm = np.where(inside[:, None], X - sums[1:] / sums[0], 0.0)
    moments = layout.comm.allreduce(arm.T @ arm, op=MPI.SUM)
    a = layout.create_unknowns()
    a.array.reshape(-1, layout.components)[:, :d] = np.linalg.solve(moments, arm.T).T / d
    return a


def _answer(H: PETSc.Mat, a: PETSc.Vec, comm: MPI.Comm) -> PETSc.Vec:
    """H^-1 a. Collective."""
    factors, x = Factors(comm, PREFIX + "warm_", PETSc.PC.Type.LU), a.duplicate()
    factors.factor(H, None)
    factors.solve(a, x)
    return x


HEAT_CLAIMS = {"thermal patch test": thermal_patch}
"""Claims about temperature by the names they have in records."""
