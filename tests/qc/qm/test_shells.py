"""Residual forces by bond shell fall from the link atoms inwards."""

import numpy as np

from qc.qm.shells import bond_shells, shell_residuals, shell_table
from tests.qc.qm.test_region import region


def test_residuals_fall_with_the_distance_from_the_link_atoms(ball):
    qm = region(ball, "Capped", radius=7.0)
    shell = bond_shells(qm.cluster, ball.nn)
    assert (shell[qm.cluster.n :] == -1).all()
    assert set(np.unique(qm.cluster.link[:, 0])) == set(np.flatnonzero(shell == 0))
    axis = ball.crystal.rotation[:, 0]
    still, now = (shell_residuals(qm.evaluation, np.eye(3) + e * np.outer(axis, axis), ball.nn) for e in (0.0, 0.01))
    assert max(r.corrected for r in still) == 0.0
    assert max(r.uncorrected for r in still) > 0.3
    by_shell = {r.shell: r.corrected for r in now}
    assert by_shell[0] > 1e-3
    assert by_shell[2] < 1e-6  # this engine has nearest neighbours only
    assert "capped" in shell_table(now)
