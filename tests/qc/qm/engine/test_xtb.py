"""GFN1-xTB in Stillinger-Weber silicon: the claims of docs/qm.md; skipped where tblite is not installed."""

import importlib.util

import numpy as np
import pytest

from atomistics import Crystal
from qc.errors import InputError
from qc.qm.audit import audit_engine
from qc.qm.engine.process import EngineProcess
from qc.qm.engine.spec import EngineSpec
from qc.qm.shells import shell_residuals
from tests.qc.qm_models import STRAIN, Ball

pytestmark = pytest.mark.skipif(importlib.util.find_spec("tblite") is None, reason="tblite is not installed (extra qm)")


@pytest.fixture(scope="module")
def ball():
    return Ball()


@pytest.fixture(scope="module")
def qm(ball):
    qm = ball.qm("gfn1-xtb", radius=6.0, centre=(0.0, 0.0, 0.0))
    yield qm
    qm.close()


@pytest.mark.slow
def test_it_passes_the_audit(ball, qm):
    failed = [str(c) for c in audit_engine(qm.evaluation, np.array([0.0, 0.0, ball.step])) if not c.passed]
    assert not failed


def test_residual_by_bond_shell(ball, qm):
    """Half an eV/A without the dead load, none with it; 0.1 eV/A at 2 % on the outermost atoms, next to nothing further in."""
    axis = ball.crystal.rotation[:, 0]
    still, now = (
        {r.shell: r for r in shell_residuals(qm.evaluation, np.eye(3) + e * np.outer(axis, axis), ball.nn)}
        for e in (0.0, 0.02)
    )
    assert 0.3 < max(r.uncorrected for r in still.values()) < 1.0
    assert max(r.corrected for r in still.values()) < 1e-8
    assert 0.03 < now[0].corrected < 0.16
    assert now[1].corrected < 0.04
    assert now[2].corrected < 0.005


def test_a_good_blas_is_used_and_named(qm):
    report = qm.report()
    assert "blas" in report["blas"].lower() or "mkl" in report["blas"].lower()
    assert report["cluster"] == "Si44H42"
    assert report["calls"] >= 1


@pytest.mark.mpi
def test_gradient_is_the_derivative_on_several_ranks(ball):
    small = ball.qm("gfn1-xtb", radius=4.5, centre=(0.0, 0.0, 0.0))
    c = ball.coupling(small.term)
    q = ball.deform(c, np.eye(3) + 0.02 * STRAIN, noise=0.05)
    v, g = q.duplicate(), q.duplicate()
    v.array[:] = ball.field(3)[: ball.layout.n_free].ravel()
    c.energy_gradient(q, g)
    E = []
    for h in (-0.02, -0.01, 0.01, 0.02):
        moved = q.copy()
        moved.axpy(h, v)
        E.append(c.energies(moved)["qm"])
    bare, gb = ball.coupling(), q.duplicate()
    ball.deform(bare, np.eye(3) + 0.02 * STRAIN, noise=0.05)
    bare.energy_gradient(q, gb)
    small.close()
    g.axpy(-1.0, gb)
    slope = g.dot(v)
    assert abs(slope) > 0.1
    assert (E[0] - 8 * E[1] + 8 * E[2] - E[3]) / 0.12 == pytest.approx(slope, rel=1e-4)


def test_stress_of_a_crystal_is_the_slope_of_its_energy():
    """V sigma_ab = dE/d eps_ab, of which elastic constants are made: a stretch and a shear of eight atoms that are not at rest."""
    atoms = Crystal.diamond("Si", 5.43).atoms((1, 1, 1))
    x, cell = atoms.positions + np.random.default_rng(4).normal(scale=0.05, size=(8, 3)), np.array(atoms.cell)
    with EngineProcess(EngineSpec(engine="gfn1-xtb"), atoms.get_chemical_symbols(), spin=0) as engine:
        stress = engine.compute(x, cell, stress=True).stress
        for a, b in ((0, 0), (1, 2)):
            G = np.zeros((3, 3))
            G[a, b] = 1e-3
            E = [engine.compute(x @ F.T, cell @ F.T).energy for F in (np.eye(3) - G, np.eye(3) + G)]
            assert abs(stress[a, b]) > 1e-3  # eV/A^3
            assert (E[1] - E[0]) / 2e-3 / abs(np.linalg.det(cell)) == pytest.approx(stress[a, b], rel=1e-3)


def test_an_element_beyond_radon_is_refused():
    with pytest.raises(InputError, match="no parameters for U"):
        EngineProcess(EngineSpec(engine="gfn1-xtb"), ["U", "Si"])
