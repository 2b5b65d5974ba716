"""Equations of a path: the tangent load holds all that moves with K."""

import pytest

from qc.drive.continuation import Path
from tests.qc.models import hexagonal_crack


@pytest.mark.parametrize("changes", [{"reference": "predictor"}, {"face_strip": 0.0, "method": "bgrac"}])
def test_tangent_load_holds_dead_load_and_boundary(changes):
    """dg/dK against a difference ten times as wide; without the dead load it would be another."""
    system = hexagonal_crack(**({"method": "bgfc"} | changes))
    path, K = Path(system), 1.1 * system.K_G
    system.start(K).copy(path.q)
    system.load(K)
    load = path.equations.tangent_load(K)
    g, h = [path.q.duplicate() for _ in range(2)], 1e-4 * system.K_G
    for vec, sign in zip(g, (1, -1), strict=True):
        system.load(K + sign * h)
        path.system.model.coupling.energy_gradient(path.q, vec)
    g[0].axpy(-1.0, g[1])
    g[0].scale(0.5 / h)
    g[0].axpy(-1.0, load)
    assert g[0].norm() < 1e-4 * load.norm()
    dead = []
    for k in (K, K + h):
        system.load(k)
        dead.append(system.model.coupling.dead_load.copy())
    dead[1].axpy(-1.0, dead[0])
    assert dead[1].norm() / h > 10 * g[0].norm()  # it is a part that would be missed
