"""Moves of the QM region: their jumps are what the energy changes by, and nothing else does."""

import json

import numpy as np
import pytest

from qc.crack.qm_tip import Ledger, Move
from qc.qm.build import QMSpec, build_qm
from tests.qc.qm.test_region import Direct
from tests.qc.qm_models import STRAIN, Ball


def region(ball, centre, name="Stiff"):
    spec = QMSpec(centre=centre, radius=5.0, caps=False)
    return build_qm(ball.embedding, spec, lambda cluster: Direct(name, cluster))


def test_energy_less_the_jumps_is_continuous():
    ball = Ball()
    step = ball.crystal.nearest_neighbour_distance * np.sqrt(8.0 / 3.0)  # to the second neighbours, by lattice vectors
    vector = next(v for v in ball.crystal.stencil(1.01 * step) if np.linalg.norm(v) > 0.99 * step and abs(v[1]) < 1e-6 < v[0])
    old, new = region(ball, (0.0, 0.0, 0.5)), region(ball, tuple(np.array([0.0, 0.0, 0.5]) + vector))
    assert old.cluster.formula == new.cluster.formula
    ledger, before, after = Ledger(), ball.coupling(old.term), ball.coupling(new.term)
    q = ball.deform(before, np.eye(3) + 0.01 * STRAIN, noise=0.1)
    ball.deform(after, np.eye(3) + 0.01 * STRAIN, noise=0.1)
    E = before.energies(q)["qm"], after.energies(q)["qm"]
    ledger.moves.append(Move(K=1.0, from_centre=old.spec.centre, to_centre=new.spec.centre, E_before=E[0], E_after=E[1], calls=1))
    assert abs(ledger.sum) > 1e-4
    assert after.energy(q) - ledger.sum == pytest.approx(before.energy(q), abs=1e-10)
    again = Ledger.from_plain(json.loads(json.dumps(ledger.plain())))
    assert again == ledger


def test_a_translated_cluster_has_the_same_energy_in_a_uniform_strain():
    ball = Ball()
    E = []
    for centre in ((0.0, 0.0, 0.5), (0.0, 0.0, 0.5 + ball.step)):
        qm = region(ball, centre)
        c = ball.coupling(qm.term)
        E.append(c.energies(ball.deform(c, np.eye(3) + 0.01 * STRAIN))["qm"])
    assert abs(E[0]) > 1e-3
    assert abs(E[1] - E[0]) < 1e-10
