"""Claims about a QM region in the core of a coupled model (METHODS 6): what it must leave alone, and what an engine must show.

The null test puts the model's own potential in the place of the engine, in the coupled model, at every deformation. All
other claims are about the engine and its seam; they are skipped, with the reason, where the engine is not installed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import asdict, replace

import numpy as np

from ...coupling.model import Model
from ...errors import InputError
from ...qm.audit import Check, audit_engine
from ...qm.budget import Elasticity, budget_table, engine_elasticity, potential_elasticity
from ...qm.build import QM, QMSpec, add_qm
from ...qm.cluster import HYDROGEN_BOND
from ...qm.direct import null_engine, zero_engine
from ...qm.engine.shared import on_computing_rank
from ...qm.engine.spec import EngineSpec, installed
from ...qm.evaluation import Evaluation
from ...qm.region import QMRegion
from ...qm.shells import HOSTS, ShellResidual, shell_residuals
from ..model import PatchTest, front_gradient, wave
from ..setup import PatchSetup
from ..words import Deformation
from .finding import WAVE, Claim, Finding, largest_of

CENTRE = (0.0, 0.0, 0.0)
SMALL, LARGE = 1.9, 2.4
"""Radii of the clusters, the large one for the seam, in nearest-neighbour distances: Si16H24 and Si52H50 in 2.5-D."""
ROOM = 1.6
"""What completing a cluster and its hosts may add to its radius, in nearest-neighbour distances."""
REST = 1e-8
"""Force that counts as none in the reference crystal, eV/A (tight SCC)."""
SEAM_STRETCH = 0.02
SEAM_DECAY = 0.7
"""Each bond shell further in carries at most so much of the force of the one outside it."""
PATH_POINTS, PATH_SIZE = 12, 0.02
"""Points of the closed path, and its size, A: so small that no neighbour beyond a cutoff (Si-Si in SiC: 0.05 A) comes inside it,
where the second derivative of most potentials jumps and sums over few points are exact no more."""
CONSERVED = 1e-4
"""Work round the path and energy along it agree to this part of how much the energy varies; what the 12 points miss is less."""
LEAST_VARIATION = 1e-3
"""eV; an energy that varies less along the path is no energy."""
ZERO_FAILS = 4
"""Checks that an engine which returns zero must fail: slope, forces, stiffness, path."""
FAR_APART = 5.0
"""Factor between two elastic constants beyond which engine and potential are not the same crystal."""


def _model(test: PatchTest, F: np.ndarray, radius: float, caps: bool) -> Model:
    """A model whose core holds a cluster of that radius, long enough along the front. Collective."""
    s, room = test.setup, ROOM if caps else 0.1
    spec = s.spec(test.method, front_gradient(F, s.dimension), core=max(s.core, radius + room))
    if s.dimension == 2.5:
        spec = replace(spec, front_periods=math.ceil(2 * (radius + room) * s.nn / s.lattice.period))
    return test.build(spec)


def _capped(test: PatchTest, radius: float, zero: bool = False) -> QM:
    """A region with link atoms in the undeformed crystal, by the engine of the setup or by one that returns zero; kept. Collective."""
    key = ("QM region", radius, zero)
    if key not in test.kept:
        spec = QMSpec(
            centre=CENTRE,
            radius=radius * test.setup.nn,
            engine=EngineSpec(engine=test.setup.engine),
            hessian="mm",
            cleavage=None,
        )
        model = _model(test, np.eye(3), radius, True)
        test.kept[key] = add_qm(model, spec, (lambda cluster: zero_engine()) if zero else None)
    return test.kept[key]


def has_qm(setup: PatchSetup) -> bool:
    """Whether there can be a QM region with link atoms: a covalent crystal in three dimensions, at rest, resolved by the lattice."""
    known = set(setup.crystal.species) <= set(HYDROGEN_BOND)
    return known and setup.dimension != 2 and setup.mesh is None and setup.shifts == "relaxed"


def _skipped_without_engine(claim: Claim) -> Claim:
    def told(test: PatchTest, deformation: Deformation) -> Finding:
        engine = test.setup.engine
        if not test.comm.bcast(installed(engine)):
            return Finding(
                measured=math.nan,
                tolerance=math.nan,
                expected="skipped",
                passed=False,
                note=f"{engine} is not installed",
                skipped=True,
            )
        return claim(test, deformation)

    return told


def null_test(test: PatchTest, deformation: Deformation) -> Finding:
    """With the model's own potential as the engine, a QM region adds no energy and no force, at any state."""
    setup, F = test.setup, deformation.F
    model = _model(test, F, SMALL, False)
    spec = QMSpec(centre=CENTRE, radius=SMALL * setup.nn, caps=False, cleavage=None)
    q = test.state(model, F)
    q.axpy(1.0, wave(model, 6, WAVE * setup.nn))
    bare, g = q.duplicate(), q.duplicate()
    E_bare = model.coupling.energy_gradient(q, bare)
    qm = add_qm(model, spec, lambda cluster: null_engine(setup.potential, cluster))
    E = model.coupling.energy_gradient(q, g)
    moved = largest_of(test.comm, g.array_r - bare.array_r)
    added = abs(model.coupling.energies(q)["qm"])
    audit = _term(qm).audit(model.coupling.variables(q)["qm"])
    difference = max(moved / setup.unit, added / (setup.unit * setup.nn), abs(E - E_bare) / max(abs(E_bare), 1.0))
    if not audit.E_qm:  # a region that computed nothing would add nothing
        difference = math.nan
    tolerance = setup.tolerance / setup.unit
    note = f"{qm.cluster.formula}: {moved:.1e} eV/A, {added:.1e} eV of {audit.E_qm:.6g} eV"
    numbers = {"cluster": qm.cluster.formula, "force": moved, "energy": added} | asdict(audit)
    return Finding(
        measured=difference,
        tolerance=tolerance,
        expected="adds nothing",
        passed=difference <= tolerance,
        note=note,
        numbers=numbers,
    )


def zero_at_reference(test: PatchTest, deformation: Deformation) -> Finding:
    """No force at the reference crystal, computed anew; without its dead load the link atoms pull."""
    qm = _capped(test, SMALL)

    def measure(e: Evaluation) -> tuple[float, float]:
        first = e(e.cluster.X)
        e.forget()
        again = e(e.cluster.X)
        return float(np.abs(again.g_qm - first.g_qm).max()), float(np.abs(first.g_qm - first.g_mm).max())

    corrected, uncorrected = qm.comm.bcast(_measured(qm, measure))
    note = f"{qm.cluster.formula}: {uncorrected:.2f} eV/A before the dead load is taken off"
    numbers = {"cluster": qm.cluster.formula, "corrected": corrected, "uncorrected": uncorrected}
    passed = corrected <= REST and uncorrected > 1e-3
    return Finding(
        measured=corrected,
        tolerance=REST,
        expected="no force at the reference",
        passed=passed,
        note=note,
        numbers=numbers,
    )


def seam(test: PatchTest, deformation: Deformation) -> Finding:
    """Forces of a crystal stretched along a cube axis, where the perfect one bears none: they fall from shell to shell inwards."""
    qm, nn = _capped(test, LARGE), test.setup.nn
    rows: list[ShellResidual] = qm.comm.bcast(_measured(qm, lambda e: shell_residuals(e, deformation.F, nn)))
    inside = [r for r in rows if r.shell != HOSTS]
    ratios = [b.corrected / a.corrected if a.corrected > 0 else math.nan for a, b in itertools.pairwise(inside)]
    worst = max(ratios, key=lambda r: math.inf if math.isnan(r) else r, default=math.nan)
    names = {r.shell: "hosts" if r.shell == HOSTS else "capped" if r.shell == 0 else f"{r.shell} in" for r in rows}
    note = f"{qm.cluster.formula}: " + ", ".join(f"{names[r.shell]} {r.corrected:.4f}" for r in rows) + " eV/A"
    numbers = {"cluster": qm.cluster.formula, "shells": [asdict(r) for r in rows]}
    return Finding(
        measured=worst,
        tolerance=SEAM_DECAY,
        expected="falls from shell to shell inwards",
        passed=worst <= SEAM_DECAY,
        note=note,
        numbers=numbers,
    )


def conservation(test: PatchTest, deformation: Deformation) -> Finding:
    """Round a closed path the force does no work, and along it what the energy loses."""
    qm = _capped(test, SMALL)
    error, work, varies = qm.comm.bcast(_measured(qm, closed_path))
    note = f"{qm.cluster.formula}: {work:.1e} eV round the path, on which the energy varies by {varies:.3f} eV"
    numbers = {"cluster": qm.cluster.formula, "work": work, "varies": varies}
    return Finding(
        measured=error,
        tolerance=CONSERVED,
        expected="work is what the energy loses",
        passed=error <= CONSERVED,
        note=note,
        numbers=numbers,
    )


def engine_audit(test: PatchTest, deformation: Deformation) -> Finding:
    """Derivative, stiffness, lattice translation, repetition of the engine (`qc.qm.audit`)."""
    qm, vector = _capped(test, SMALL), _lattice_vector(test.setup)
    checks: list[Check] = qm.comm.bcast(_measured(qm, lambda e: audit_engine(e, vector)))
    bad = sum(not check.passed for check in checks)
    note = "; ".join(f"{check.claim} {check.value:.3g}" for check in checks)
    numbers = {check.claim: check.value for check in checks}
    return Finding(
        measured=bad,
        tolerance=0.5,
        expected="every check of the engine holds",
        passed=bad == 0,
        note=note,
        numbers=numbers,
    )


def zero_fails(test: PatchTest, deformation: Deformation) -> Finding:
    """An engine that always returns zero must fail what real ones pass."""
    qm, vector = _capped(test, SMALL, zero=True), _lattice_vector(test.setup)

    def measure(e: Evaluation) -> list[str]:
        failed = [check.claim for check in audit_engine(e, vector) if not check.passed]
        return failed + ([] if closed_path(e)[0] <= CONSERVED else ["work round a closed path"])

    failed: list[str] = qm.comm.bcast(_measured(qm, measure))
    expected = "fails: an engine that returns zero"
    passed = len(failed) >= ZERO_FAILS
    return Finding(
        measured=len(failed),
        tolerance=ZERO_FAILS,
        expected=expected,
        passed=passed,
        note="it fails: " + "; ".join(failed),
        numbers={"fails": failed},
    )


def elastic_budget(test: PatchTest, deformation: Deformation) -> Finding:
    """Lattice constant and elastic constants of engine and potential side by side; they are told, not corrected."""
    setup = test.setup
    crystal = replace(setup.crystal, rotation=np.eye(3))

    def measure() -> tuple[Elasticity, Elasticity]:
        own = potential_elasticity(crystal, setup.potential)
        return engine_elasticity(EngineSpec(engine=setup.engine), crystal), own

    engine, own = test.comm.bcast(on_computing_rank(test.comm, measure))
    values = {
        name: (float(q), float(m)) for (name, q), m in zip(asdict(engine).items(), asdict(own).values(), strict=True)
    }
    worst = max(math.inf if min(q, m) <= 0 else max(q / m, m / q) for q, m in values.values())
    note = (
        "engine / potential: " + ", ".join(f"{name} {q:.4g} / {m:.4g}" for name, (q, m) in values.items()) + " (A, GPa)"
    )
    numbers = {"engine": asdict(engine), "potential": asdict(own), "table": budget_table(engine, own)}
    return Finding(
        measured=worst,
        tolerance=FAR_APART,
        expected="the same crystal",
        passed=worst <= FAR_APART,
        note=note,
        numbers=numbers,
    )


def closed_path(evaluation: Evaluation) -> tuple[float, float, float]:
    """(Largest difference of energy and work along a closed path by the variation of the energy, work round it, that variation).

    Both of the engine with its link atoms and of E_QM - E_MM. The path is an ellipse in the space of all positions; sums over
    its points are exact but for terms that fall exponentially with their number. A variation too small to be an energy gives nan.
    """
    X = evaluation.cluster.X
    k = np.array([[0.7, 0.3, 0.9], [0.5, 1.1, 0.2], [0.4, 0.8, 0.6]])
    u, v = PATH_SIZE * np.sin(X @ k + np.arange(3)), PATH_SIZE * np.cos(X @ k.T)
    angles = 2.0 * np.pi * np.arange(PATH_POINTS) / PATH_POINTS
    parts = [evaluation(X + u * np.cos(t) + v * np.sin(t)) for t in angles]
    along = [v * np.cos(t) - u * np.sin(t) for t in angles]
    varies = float(np.ptp([p.E_qm for p in parts]))
    found = [
        _path_errors(np.array(E), np.array([(f * s).sum() for f, s in zip(g, along, strict=True)]))
        for E, g in (
            ([p.E_qm for p in parts], [p.g_qm for p in parts]),
            ([p.E_qm - p.E_mm for p in parts], [p.g_qm - p.g_mm for p in parts]),
        )
    ]
    apart, round_it = (max(column) for column in zip(*found, strict=True))
    return (apart / varies if varies > LEAST_VARIATION else math.nan), round_it, varies


def _path_errors(E: np.ndarray, power: np.ndarray) -> tuple[float, float]:
    """(Largest difference of energy and work, work all round) for energies and their slopes at points of a closed path."""
    round_it = abs(2.0 * np.pi * float(power.mean()))
    work = _integrated(power - power.mean())
    return float(np.abs((E - E[0]) - (work - work[0])).max()) + round_it, round_it


def _integrated(f: np.ndarray) -> np.ndarray:
    """Periodic integral of values at equal distances, their mean being zero."""
    c = np.fft.rfft(f)
    n = np.arange(len(c))
    c[1:] /= 1j * n[1:]
    c[-1] = 0.0  # the highest one of an even number has no phase
    return np.fft.irfft(c, len(f))


def _measured[T](qm: QM, measure: Callable[[Evaluation], T]) -> T | None:
    """What the computing rank measures; None on the others. Collective."""

    def there() -> T:
        assert qm.evaluation is not None
        return measure(qm.evaluation)

    return on_computing_rank(qm.comm, there)


def _term(qm: QM) -> QMRegion:
    assert isinstance(qm.term, QMRegion)
    return qm.term


def _lattice_vector(setup: PatchSetup) -> np.ndarray:
    return np.array(setup.crystal.cell_ij[0])


def cube_stretch(setup: PatchSetup) -> Deformation:
    """2 % along a cube axis: no sublattice of diamond moves by itself."""
    axis = setup.crystal.rotation[:, 0]
    return Deformation(f"stretch:{SEAM_STRETCH:g} along [100]", np.eye(3) + SEAM_STRETCH * np.outer(axis, axis))


def check_engine_name(text: str | None, default: str) -> str:
    """The engine of ``--engine``; InputError if it is none, or named and not there."""
    name = text or default
    try:
        there = installed(name)
    except ValueError as error:
        raise InputError(f"--engine {name!r} is not allowed: {error}") from None
    if text and not there:
        raise InputError(
            f"--engine {name!r} is not installed: pip install what it needs (tblite scipy-openblas32 for gfn1-xtb)"
        )
    return name


QM_CLAIMS: dict[str, Claim] = {
    "QM null test": null_test,
    "QM zero engine": zero_fails,
    "QM zero at the reference": _skipped_without_engine(zero_at_reference),
    "QM seam by bond shell": _skipped_without_engine(seam),
    "QM conservation": _skipped_without_engine(conservation),
    "QM engine audit": _skipped_without_engine(engine_audit),
    "QM elastic budget": _skipped_without_engine(elastic_budget),
}
"""Claims about the QM region by the names they have in records."""


def needs_engine(claim: str) -> bool:
    """Whether a claim is about the engine of the setup."""
    return claim in QM_CLAIMS and claim not in ("QM null test", "QM zero engine")
