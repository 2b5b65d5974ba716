"""What an engine and the potential say of a cluster: remembered, refused where it makes no sense."""

import numpy as np
import pytest

from qc.qm.evaluation import Evaluation, IsolatedSites
from tests.qc.qm.test_region import Direct, region
from tests.qc.site_engines import SW, Stiff


def test_correction_per_added_atom_converges_to_the_difference_of_the_bulk_energies():
    """(E(N') - E(N)) / (N' - N) at 1 % stretch approaches W_QM - W_MM as the cluster grows."""
    from atomistics import Crystal

    soft, stiff = SW().potential, Stiff().potential
    crystal = Crystal.diamond("Si").resolved(soft)
    F = np.diag([1.01, 1.0, 1.0])
    W = []
    for p in (stiff, soft):
        bonds, types = crystal.stencil(p.cutoff, 0), np.zeros(len(crystal.stencil(p.cutoff, 0)), dtype=np.int32)
        W.append(np.diff(p.cauchy_born(bonds, types, 0, np.array([np.eye(3), F]), second=False)[0])[0])
    bulk, values = W[0] - W[1], []
    for edge in (4, 8, 16, 32):
        X = crystal.sites_in_box([0.0] * 3, [0.25 * crystal.a * edge] * 3)[0]
        parts = [IsolatedSites(p, np.zeros(len(X), dtype=int)) for p in (stiff, soft)]
        values.append((len(X), np.diff([p.energy_gradient(X @ F.T)[0] - p.energy_gradient(X)[0] for p in parts])[0]))
    n, E = np.array(values).T
    error = np.abs(-np.diff(E) / np.diff(n) / bulk - 1)
    assert (np.diff(error) < 0).all()
    assert error[-1] < 0.6 * error[-2] < 0.2


def test_a_structure_seen_before_costs_no_call(ball):
    qm = region(ball, "Capped")
    z = 0.01 * np.ones((len(qm.term.rows), 3))
    calls = qm.evaluation.engine.calls
    for _ in range(3):
        qm.term.energy(z)
        qm.term.energy_gradient(z)
        qm.term.audit(z)
    assert qm.evaluation.engine.calls == calls + 1


@pytest.mark.mpi
def test_steps_beyond_sense_have_infinite_energy_and_ask_nothing(ball):
    qm = region(ball, "Capped")
    c = ball.coupling(qm.term)
    q = ball.deform(c, np.diag([0.3, 0.3, 1.0]))
    before = 0 if qm.evaluation is None else qm.evaluation.engine.calls
    assert c.energies(q)["qm"] == np.inf
    assert "QM region" in c.complaint
    assert before == (0 if qm.evaluation is None else qm.evaluation.engine.calls)


def test_evaluation_refuses_atoms_on_top_of_each_other(ball):
    from fem.cauchy_born import InadmissibleDeformationError

    cluster = region(ball, "Stiff").cluster
    evaluation = Evaluation(cluster, Direct("Stiff", cluster), ball.potential, ball.nn)
    y = cluster.X.copy()
    y[3] = y[4] + 0.1
    with pytest.raises(InadmissibleDeformationError, match="closer than"):
        evaluation(y)
