"""The QM region in figures: its BLAS, the forces of its seam, its elastic misfit, and the QM calls of Newton's method.

    python benchmarks/qm.py blas shells budget newton tip added

A ball of Stillinger-Weber silicon, periodic along the front, with GFN1-xTB (tblite, extra qm) in the middle.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import dolfinx_solver  # noqa: F401  before petsc4py
import numpy as np
from petsc4py import PETSc

from atomistics import Crystal, load_potential
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from qc.qm.added import added as one_cluster
from qc.qm.added import bond_centred, engine_share, per_atom, potential_share
from qc.qm.budget import budget_table, engine_elasticity, potential_elasticity
from qc.qm.build import QMSpec, add_qm
from qc.qm.engine import process
from qc.qm.engine.process import EngineProcess
from qc.qm.engine.spec import EngineSpec
from qc.qm.evaluation import Evaluation
from qc.qm.match import matched_stillinger_weber, sw_text
from qc.qm.shells import shell_residuals, shell_table
from qc.solve.equilibrium import EquilibriumSolver
from qc.solve.options import SolverOptions
from qc.solve.stability import noise_of_atoms
from tests.qc.models import material
from tests.qc.qm_models import Ball


def blas() -> None:
    """Seconds of one call with the engine's own BLAS and with the one that is found."""
    cluster = Ball().qm("gfn1-xtb", radius=6.0, centre=(0.0, 0.0, 0.0))
    cluster.close()
    c = cluster.cluster
    for choice in ("none", None):
        process._blas.cache_clear()
        os.environ.pop("QC_BLAS", None)
        os.environ |= {} if choice is None else {"QC_BLAS": choice}
        with EngineProcess(EngineSpec(engine="gfn1-xtb"), c.engine_symbols) as engine:
            seconds = [engine.compute(c.engine_positions(c.X)).seconds for _ in range(3)]
            print(f"{c.formula}: {min(seconds):.2f} s with {engine.blas}")


def shells() -> None:
    """Residual forces by bond shell at 0, 1 and 2 % stretch along a cube axis, in the published and in the matched potential."""
    values = matched_stillinger_weber(engine_elasticity(EngineSpec(engine="gfn1-xtb"), Crystal.diamond("Si", 5.55)))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "matched.sw"
        file.write_text(sw_text("Si", values))
        potentials = {"Stillinger-Weber": None, "matched": load_potential(file)}
    for name, potential in potentials.items():
        ball = Ball(potential=potential)
        qm = ball.qm("gfn1-xtb", radius=1.289 * ball.crystal.a, centre=(0.0, 0.0, 0.0))
        axis = ball.crystal.rotation[:, 0]
        for strain in (0.0, 0.01, 0.02):
            rows = shell_residuals(qm.evaluation, np.eye(3) + strain * np.outer(axis, axis), ball.nn)
            print(f"{qm.cluster.formula} in {name}, stretch {strain:g}\n{shell_table(rows)}")
        qm.close()


def budget() -> None:
    """a0 and elastic constants; 64 atoms without k-points."""
    engine = engine_elasticity(EngineSpec(engine="gfn1-xtb"), Crystal.diamond("Si", 5.55))
    print(budget_table(engine, potential_elasticity(Crystal.diamond("Si"), load_potential("stillinger-weber"))))


def newton() -> None:
    """QM calls to 1e-6 eV/A for a pull of 3 % and a further step to 3.5 %."""
    for engine, caps in (("ase:tests.qc.site_engines.Stiff", False), ("gfn1-xtb", True)):
        for hessian in ("mm", "psb", "sr1"):
            ball = Ball(radius=16.0, free=13.0)
            qm = ball.qm(engine, radius=5.2, centre=(0.0, 0.0, 0.0), hessian=hessian, caps=caps)
            calls, began, q = [], time.perf_counter(), None
            coupling = ball.coupling(qm.term)
            for strain in (0.03, 0.035):
                affine = ball.deform(coupling, np.diag([1.0, 1.0 + strain, 1.0]))
                q = affine if q is None else q
                before = qm.report()["calls"]
                _solve(coupling, q)
                calls.append(qm.report()["calls"] - before)
                q.scale(0.035 / 0.03)
            qm.close()
            print(
                f"{qm.cluster.formula:9} {hessian}: {calls[0]} + {calls[1]} calls, {time.perf_counter() - began:.1f} s"
            )


def added() -> None:
    """What each QM atom adds to the energy at 1 % stretch, against W_QM - W_MM of the bulk crystals."""
    potential, F = load_potential("stillinger-weber"), np.diag([1.01, 1.0, 1.0])
    crystal, found = Crystal.diamond("Si").resolved(potential), []
    for radius in (4.5, 6.0, 7.0):
        c = bond_centred(crystal, radius)
        with EngineProcess(EngineSpec(engine="gfn1-xtb"), c.engine_symbols) as engine:
            found.append(
                one_cluster(Evaluation(c, engine, potential, crystal.nearest_neighbour_distance), F, len(c.link))
            )
            each = 1e3 * found[-1].correction / c.n
            print(f"{c.formula}: {each:.4f} meV an atom, {engine.seconds / engine.calls:.1f} s a call", flush=True)
    for k in range(2, len(found) + 1):
        a, b = per_atom(found[k - 2 : k])
        print(
            f"{found[k - 2].formula} to {found[k - 1].formula}: {1e3 * a:.4f} meV an atom, {1e3 * b:.4f} meV a cut bond"
        )
    share = potential_share(crystal, potential, F)
    for cells in (2, 3):
        W = engine_share(EngineSpec(engine="gfn1-xtb"), crystal, F, cells)
        both = f"W_QM {1e3 * W:.4f}, W_MM {1e3 * share:.4f}"
        print(f"bulk, {8 * cells**3} atoms: {both}, difference {1e3 * (W - share):.4f} meV an atom", flush=True)


def tip() -> None:
    """Engine calls and bonds across the plane of a silicon crack at K_G: relaxed with the potential, then with a QM tip."""
    crystal, potential = material("holland-marder")
    system = CrackSystem(
        crystal,
        potential,
        CrackSpec(
            core_radius=22.0, domain_radius=67.0, blend_width=14.0, method="bgfc", front_periods=5, face_strip=7.0,
            order=1
        ),
    )
    model, q = system.model, system.start(system.K_G)
    system.load(system.K_G)
    args = (model.parts, noise_of_atoms(model.parts), SolverOptions(force_tolerance=1e-5), True)
    EquilibriumSolver(model.coupling, *args).solve(q, rough=True)
    print("potential:", _bonds(model, q))
    qm, began = add_qm(model, QMSpec(centre=(0.0, 0.0, 0.0), radius=6.0)), time.perf_counter()
    result = EquilibriumSolver(model.coupling, *args).solve(q)
    print(f"{qm.cluster.formula}: {_bonds(model, q)}")
    calls, seconds = qm.report()["calls"], time.perf_counter() - began
    print(f"{calls} calls, {seconds:.0f} s, residual {result.residual:.1g} eV/A, {result.reason}")
    print(qm.term.audit(model.coupling.variables(q)["qm"]))
    qm.close()


def _bonds(model, q) -> str:  # type: ignore[no-untyped-def]
    """x and length of the upright bonds across the crack plane in one layer, A."""
    X, y = model.atomistic.halo.X, model.atomistic.positions(model.coupling.variables(q)["atoms"])
    up = np.flatnonzero((np.abs(X[:, 1]) < 1.5) & (X[:, 1] > 0) & (np.abs(X[:, 0]) < 12.0) & (np.abs(X[:, 2]) < 2.0))
    out = []
    for i in up[np.argsort(X[up, 0])]:
        j = np.flatnonzero(np.linalg.norm(X - X[i] * [1.0, -1.0, 1.0], axis=1) < 0.05)
        out += [f"{X[i, 0]:.1f}: {np.linalg.norm(y[i] - y[j[0]]):.3f}"] if len(j) else []
    return ", ".join(out)


def _solve(coupling, q) -> None:  # type: ignore[no-untyped-def]
    g, step = q.duplicate(), q.duplicate()
    for _ in range(60):
        coupling.energy_gradient(q, g)
        if g.norm(PETSc.NormType.NORM_INFINITY) < 1e-6:
            return
        solver = PETSc.KSP().create(coupling.layout.comm)
        solver.setOperators(coupling.hessian(q))
        solver.setType("preonly")
        solver.getPC().setType("lu")
        solver.getPC().setFactorSolverType("mumps")
        solver.solve(g, step)
        q.axpy(-min(1.0, 0.3 / step.norm(PETSc.NormType.NORM_INFINITY)), step)
    raise RuntimeError("60 iterations were not enough")


if __name__ == "__main__":
    for name in sys.argv[1:] or ["blas", "shells", "budget", "newton", "tip", "added"]:
        print(f"\n{name}: {globals()[name].__doc__}")
        globals()[name]()
