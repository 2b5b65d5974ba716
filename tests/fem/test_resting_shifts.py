"""Many shifts are brought to rest in a few steps, and end where a relaxation that looks at each step ends."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk
from scipy.linalg import expm

from atomistics import Crystal, load_potential
from atomistics.kernels.series import LAST, NONE, last_steps
from fem.cauchy_born import CauchyBornMaterial
from fem.shift_series import ShiftSeries, stretches

ROTATION = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
ROTATION *= np.linalg.det(ROTATION)
TURN = expm(np.array([[0.0, 0.03, 0.02], [-0.03, 0.0, 0.01], [-0.02, -0.01, 0.0]]))


MATERIALS = {
    "Si": lambda: CauchyBornMaterial(Crystal.diamond("Si"), load_potential("stillinger-weber")),
    "Si of Tersoff": lambda: CauchyBornMaterial(Crystal.diamond("Si"), load_potential("tersoff-t3")),
    "SiC of Erhart and Albe": lambda: CauchyBornMaterial(  # c^2 / d^2 = 1e5: 1 + c^2/d^2 - c^2/(d^2 + y) loses five digits
        Crystal.zincblende("Si", "C"), load_potential("SiC_Erhart-Albe.tersoff")
    ),
    "Mg": lambda: CauchyBornMaterial(Crystal.hcp("Mg"), load_potential("Mg_mm.eam.fs")),
    "wurtzite": lambda: CauchyBornMaterial(
        Crystal.from_ase(bulk("SiSi", "wurtzite", a=3.84, c=6.4, u=0.37)), load_potential("stillinger-weber")
    ),
}


@pytest.fixture(params=MATERIALS)
def material(request) -> CauchyBornMaterial:
    return MATERIALS[request.param]()


def _deformations(size: float, n: int = 300) -> np.ndarray:
    """Of a crystal that is turned a little: shifts of first order lead another one to other minima, if to any."""
    return TURN @ (np.eye(3) + size * np.random.default_rng(5).uniform(-1.0, 1.0, (n, 3, 3)))


@pytest.mark.parametrize("size", [0.002, 0.02, 0.08])
def test_few_steps_end_where_many_end(material, size):
    F = _deformations(size)
    p, d = material._resting.soon(F)
    q, there = material._resting.at_rest(F)
    assert np.abs(p - q).max() < 1e-9
    assert pytest.approx(there.W, rel=1e-13) == d.W
    assert np.abs(d.dF - there.dF).max() < 1e-10
    assert np.abs(p.sum(1)).max() < 1e-10


def test_the_stress_is_the_slope_of_the_energy(material):
    F, h = _deformations(0.01), 1e-5
    direction = np.random.default_rng(2).normal(size=F.shape)
    slope = (material.energy_density(F + h * direction) - material.energy_density(F - h * direction)) / (2 * h)
    assert slope == pytest.approx((material.stress(F) * direction).sum((1, 2)), abs=1e-7)


def test_silicon_takes_one_evaluation(monkeypatch):
    material = MATERIALS["Si"]()
    material.energy_and_stress(_deformations(0.01))
    asked, evaluate = [], material._resting._evaluate
    monkeypatch.setattr(material._resting, "_evaluate", lambda G, second: asked.append(len(G)) or evaluate(G, second))
    material.energy_and_stress(_deformations(0.011))
    assert asked[0] == 300
    assert sum(asked) < 310


def test_what_was_asked_before_does_not_show(material):
    F = _deformations(0.02)
    material.energy_and_stress(_deformations(0.05))
    other = CauchyBornMaterial(material.crystal, material.potential)
    assert all(np.array_equal(a, b) for a, b in zip(material.energy_and_stress(F), other.energy_and_stress(F), strict=True))


def test_the_tangent_is_one_whether_or_not_the_stress_was_asked_for(material):
    F = _deformations(0.02)
    alone = material.tangent(F)
    material.energy_and_stress(_deformations(0.03))
    material.energy_and_stress(F)
    assert np.array_equal(material.tangent(F), alone)
    assert np.abs(alone - material._resting.at_rest(F)[1].condensed()).max() < 3e-9


def test_a_rank_with_few_of_many_points_has_the_numbers_of_one_with_all(material):
    F = _deformations(0.02)
    all_of_them = material.energy_and_stress(F)
    share = CauchyBornMaterial(material.crystal, material.potential)
    share.expect(len(F))
    assert all(np.array_equal(a[:7], b) for a, b in zip(all_of_them, share.energy_and_stress(F[:7]), strict=True))


def test_a_bad_beginning_costs_steps_but_no_digits(material, monkeypatch):
    F = _deformations(0.02)
    expected = material.energy_and_stress(F)
    other = CauchyBornMaterial(material.crystal, material.potential)
    monkeypatch.setattr(ShiftSeries, "put", lambda self, F, p: np.add(p, 0.02 * np.random.default_rng(0).normal(size=p.shape), out=p))
    found = other.energy_and_stress(F)
    assert np.abs(found[0] - expected[0]).max() < 1e-13
    assert np.abs(found[1] - expected[1]).max() < 1e-10


def test_a_series_of_shifts_at_rest():
    U = stretches(3)
    strain = 0.5 * (U @ U - np.eye(3))
    assert np.linalg.norm(strain, axis=(1, 2)).max() == pytest.approx(0.05, rel=1e-2)
    sigma = np.stack([strain[:, 0] + strain[:, 1] ** 2, 3.0 * strain[:, 2, ::-1]], axis=1)
    series = ShiftSeries.fitted(U, np.einsum("kij,kaj->kai", U, sigma), 3)
    assert series is not None
    p = np.zeros((len(U), 2, 3))
    series.put(ROTATION @ U, p)
    assert np.abs(p - np.einsum("kij,kaj->kai", ROTATION @ U, sigma)).max() < 1e-13
    far = np.full((1, 2, 3), 7.0)
    series.put(1.2 * np.eye(3)[None], far)
    assert (far == 7.0).all()


def test_no_step_is_taken_uphill():
    """W = (p1 - p0)^2 / 2 along x and y, and minus that along z."""
    G = np.zeros((2, 3, 5))
    G[:, :, :3] = np.eye(3)
    G[1, 2, 4] = 1e-9
    dG, ddG = np.zeros((2, 3, 5)), np.zeros((2, 3, 5, 3, 5))
    for i, sign in enumerate((1.0, 1.0, -1.0)):
        ddG[:, i, 3, i, 3] = ddG[:, i, 4, i, 4] = sign
        ddG[:, i, 3, i, 4] = ddG[:, i, 4, i, 3] = -sign
    took = np.zeros(2, dtype=np.uint8)
    last_steps(np.zeros(2), dG, ddG, 1e-12, 1.0, 0.1, G, took)
    assert (took == NONE).all()
    ddG[:, 2] *= -1.0
    last_steps(np.zeros(2), dG, ddG, 1e-12, 1.0, 0.1, G, took)
    assert (took == LAST).all()
