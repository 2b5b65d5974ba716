"""Griffith loads against other codes, and the names of elastic constants."""

import numpy as np
import pytest

from atomistics import Crystal, load_potential
from qc.material.griffith import griffith, named_constants
from qc.material.rest import at_rest
from tests.qc.material.test_surface import crystal_of


@pytest.mark.parametrize(
    ("element", "plane", "front", "K_G"),
    [
        ("Fe", (1, 1, 0), (0, 0, 1), 0.841),
        ("Fe", (1, 0, 0), (0, 1, 1), 0.906),
        ("W", (1, 0, 0), (0, 0, 1), 1.628),
    ],
)
def test_griffith_loads(potentials, element, plane, front, K_G):
    potential = potentials[element]
    report = griffith(crystal_of(element, potential, plane, front), potential)
    assert pytest.approx(K_G, rel=5e-3 if element == "Fe" else 1e-3) == report.K_G
    assert pytest.approx(np.sqrt(2 * report.gamma * report.effective_modulus / 1e3)) == report.K_G
    assert report.relaxed
    assert report.plane == f"({plane[0]} {plane[1]} {plane[2]})"
    assert report.front == f"[{front[0]} {front[1]} {front[2]}]"
    assert set(report.elastic_constants) == {"C11", "C12", "C44"}
    assert report.as_dict()["cut"].startswith("gap 0 of 1")


SILICON = [
    ("stillinger-weber", (1, 1, 1), (1, -1, 0), 1.3600, 0.6153),
    ("holland-marder", (1, 1, 1), (1, -1, 0), 1.3600, 0.7486),
    ("stillinger-weber", (1, 1, 0), (0, 0, 1), 1.6657, 0.6594),
    ("tersoff-t3", (1, 1, 1), (1, -1, 0), 1.200, None),
]


@pytest.mark.parametrize(("name", "plane", "front", "gamma", "K_G"), SILICON)
def test_silicon(name, plane, front, gamma, K_G):
    """Values of other codes; the glide plane costs about three times as much."""
    potential = load_potential(name)
    crystal = at_rest(Crystal.diamond("Si"), potential).oriented(plane, front)
    report = griffith(crystal, potential)
    assert report.gamma == pytest.approx(gamma, rel=1e-3)
    assert K_G is None or pytest.approx(K_G, rel=1e-3) == report.K_G
    if plane == (1, 1, 1):
        assert report.cut.startswith("shuffle: gap 0 of 2")
        glide = griffith(crystal, potential, "glide")
        assert glide.cut.startswith("glide: gap 1 of 2")
        assert glide.gamma_unrelaxed / report.gamma_unrelaxed > 2.5


def test_named_constants():
    C = np.diag([3.0, 3, 3, 1, 1, 1])
    C[:3, :3] += 1
    assert named_constants(C) == {"C11": 4.0, "C12": 1.0, "C44": 1.0}
    C[0, 0] = 5
    assert set(named_constants(C)) == {"C11", "C12", "C13", "C22", "C23", "C33", "C44", "C55", "C66"}
    assert set(named_constants(C, dimension=2)) == {"C11", "C12", "C22", "C66"}
