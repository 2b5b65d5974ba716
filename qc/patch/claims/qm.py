"""Claims about a QM region in the core of a coupled model (docs/qm.md): what it must leave alone, what an engine must show.

The null test puts the model's own potential in the place of the engine, in the coupled model, at every deformation. All
other claims are about the engine and its seam; they are skipped, with the reason, where the engine is not installed.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import asdict, replace

import numpy as np

from fem.collective import on_computing_rank

from ...qm.audit import Check, audit_engine
from ...qm.budget import Elasticity, budget_table, engine_elasticity, potential_elasticity
from ...qm.build import QMSpec, add_qm
from ...qm.cluster import HYDROGEN_BOND
from ...qm.direct import null_engine
from ...qm.engine.aliases import is_there, named_engine
from ...qm.evaluation import Evaluation
from ...qm.shells import HOSTS, ShellResidual, shell_residuals
from ..model import PatchTest, wave
from ..setup import PatchSetup
from ..words import Deformation
from .closed_path import closed_path
from .finding import WAVE, Claim, Finding, largest_of
from .qm_regions import CENTRE, LARGE, SMALL, capped_region, energy_term, measured, model_round

REST = 1e-8
"""Force that counts as none in the reference crystal, eV/A (tight SCC)."""
SEAM_STRETCH = 0.02
SEAM_DECAY = 0.7
"""Each bond shell further in carries at most so much of the force of the one outside it."""
CONSERVED = 1e-4
"""Work round the path and energy along it agree to this part of how much the energy varies; what the 12 points miss is less."""
ZERO_FAILS = 4
"""Checks that an engine which returns zero must fail: slope, forces, stiffness, path."""
ELASTIC_BUDGET = "QM elastic budget"
"""Ten stresses of 64 atoms: made where methods are named, and by ``qc qm-budget``."""
FAR_APART = 5.0
"""Factor between two elastic constants beyond which engine and potential are not the same crystal."""


def has_qm(setup: PatchSetup) -> bool:
    """Whether there can be a QM region with link atoms: a covalent crystal in three dimensions, at rest, resolved by the lattice."""
    known = set(setup.crystal.species) <= set(HYDROGEN_BOND)
    return known and setup.dimension != 2 and setup.mesh is None and setup.shifts == "relaxed"


def _skipped_without_engine(claim: Claim) -> Claim:
    def told(test: PatchTest, deformation: Deformation) -> Finding:
        engine = test.setup.engine
        if not test.comm.bcast(is_there(named_engine(engine))):
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
    model = model_round(test, F, SMALL, False)
    spec = QMSpec(centre=CENTRE, radius=SMALL * setup.nn, caps=False, cleavage=None)
    q = test.state(model, F)
    q.axpy(1.0, wave(model, 6, WAVE * setup.nn))
    bare, g = q.duplicate(), q.duplicate()
    E_bare = model.coupling.energy_gradient(q, bare)
    qm = add_qm(model, spec, lambda cluster: null_engine(setup.potential, cluster))
    E = model.coupling.energy_gradient(q, g)
    moved = largest_of(test.comm, g.array_r - bare.array_r)
    added = abs(model.coupling.energies(q)["qm"])
    audit = energy_term(qm).audit(model.coupling.variables(q)["qm"])
    difference = max(moved / setup.unit, added / (setup.unit * setup.nn), abs(E - E_bare) / max(abs(E_bare), 1.0))
    if not audit.E_qm:  # a region that computed nothing would add nothing
        difference = math.nan
    tolerance = setup.tolerance / setup.unit
    note = f"{qm.cluster.formula}: {moved:.1e} eV/A, {added:.1e} eV of {audit.E_qm:.6g} eV"
    numbers = {"cluster": qm.cluster.formula, "force": moved, "energy": added} | asdict(audit)
    return Finding.at_most(
        measured=difference, tolerance=tolerance, expected="adds nothing", note=note, numbers=numbers
    )


def zero_at_reference(test: PatchTest, deformation: Deformation) -> Finding:
    """No force at the reference crystal, computed anew; without its dead load the link atoms pull."""
    qm = capped_region(test, SMALL)

    def measure(e: Evaluation) -> tuple[float, float]:
        first = e(e.cluster.X)
        e.forget()
        again = e(e.cluster.X)
        return float(np.abs(again.g_qm - first.g_qm).max()), float(np.abs(first.g_qm - first.g_mm).max())

    corrected, uncorrected = qm.comm.bcast(measured(qm, measure))
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
    """Forces of a crystal stretched along a cube axis, where the perfect one has none: they fall from shell to shell inwards."""
    qm, nn = capped_region(test, LARGE), test.setup.nn
    rows: list[ShellResidual] = qm.comm.bcast(measured(qm, lambda e: shell_residuals(e, deformation.F, nn)))
    inside = [r for r in rows if r.shell != HOSTS]
    ratios = [b.corrected / a.corrected if a.corrected > 0 else math.nan for a, b in itertools.pairwise(inside)]
    worst = max(ratios, key=lambda r: math.inf if math.isnan(r) else r, default=math.nan)
    names = {r.shell: "hosts" if r.shell == HOSTS else "capped" if r.shell == 0 else f"{r.shell} in" for r in rows}
    note = f"{qm.cluster.formula}: " + ", ".join(f"{names[r.shell]} {r.corrected:.4f}" for r in rows) + " eV/A"
    numbers = {"cluster": qm.cluster.formula, "shells": [asdict(r) for r in rows]}
    return Finding.at_most(
        measured=worst, tolerance=SEAM_DECAY, expected="falls from shell to shell inwards", note=note, numbers=numbers
    )


def conservation(test: PatchTest, deformation: Deformation) -> Finding:
    """Round a closed path the force does no work, and along it what the energy loses."""
    qm = capped_region(test, SMALL)
    error, work, varies = qm.comm.bcast(measured(qm, closed_path))
    note = f"{qm.cluster.formula}: {work:.1e} eV round the path, on which the energy varies by {varies:.3f} eV"
    numbers = {"cluster": qm.cluster.formula, "work": work, "varies": varies}
    return Finding.at_most(
        measured=error, tolerance=CONSERVED, expected="work is what the energy loses", note=note, numbers=numbers
    )


def engine_audit(test: PatchTest, deformation: Deformation) -> Finding:
    """Derivative, stiffness, lattice translation, repetition of the engine (`qc.qm.audit`)."""
    qm, vector = capped_region(test, SMALL), _lattice_vector(test.setup)
    checks: list[Check] = qm.comm.bcast(measured(qm, lambda e: audit_engine(e, vector)))
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
    qm, vector = capped_region(test, SMALL, zero=True), _lattice_vector(test.setup)

    def measure(e: Evaluation) -> list[str]:
        failed = [check.claim for check in audit_engine(e, vector) if not check.passed]
        return failed + ([] if closed_path(e)[0] <= CONSERVED else ["work round a closed path"])

    failed: list[str] = qm.comm.bcast(measured(qm, measure))
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
        return engine_elasticity(named_engine(setup.engine), crystal), own

    engine, own = test.comm.bcast(on_computing_rank(test.comm, measure))
    values = {
        name: (float(q), float(m)) for (name, q), m in zip(asdict(engine).items(), asdict(own).values(), strict=True)
    }
    worst = max(math.inf if min(q, m) <= 0 else max(q / m, m / q) for q, m in values.values())
    note = (
        "engine / potential: " + ", ".join(f"{name} {q:.4g} / {m:.4g}" for name, (q, m) in values.items()) + " (A, GPa)"
    )
    numbers = {"engine": asdict(engine), "potential": asdict(own), "table": budget_table(engine, own)}
    return Finding.at_most(measured=worst, tolerance=FAR_APART, expected="the same crystal", note=note, numbers=numbers)


def _lattice_vector(setup: PatchSetup) -> np.ndarray:
    return np.array(setup.crystal.cell_ij[0])


def cube_stretch(setup: PatchSetup) -> Deformation:
    """2 % along a cube axis: no sublattice of diamond moves by itself."""
    axis = setup.crystal.rotation[:, 0]
    return Deformation(f"stretch:{SEAM_STRETCH:g} along [100]", np.eye(3) + SEAM_STRETCH * np.outer(axis, axis))


QM_CLAIMS: dict[str, Claim] = {
    "QM null test": null_test,
    "QM zero engine": zero_fails,
    "QM zero at the reference": _skipped_without_engine(zero_at_reference),
    "QM seam by bond shell": _skipped_without_engine(seam),
    "QM conservation": _skipped_without_engine(conservation),
    "QM engine audit": _skipped_without_engine(engine_audit),
    ELASTIC_BUDGET: _skipped_without_engine(elastic_budget),
}
"""Claims about the QM region by the names they have in records."""


def needs_engine(claim: str) -> bool:
    """Whether a claim is about the engine of the setup."""
    return claim in QM_CLAIMS and claim not in ("QM null test", "QM zero engine")
