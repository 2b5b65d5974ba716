"""Picture of a model: drawn for every kind, whatever part of it is not there."""

import numpy as np
import pytest

from qc.pictures.model import ModelView, _edge, model_picture
from qc.unknowns.regions import Arm, Core
from tests.qc.pictures.sheet import covers_nothing, seen, sheet


def mesh():
    x = np.linspace(-40, 40, 21)
    X, Y = (v.ravel() for v in np.meshgrid(x, x))
    k = np.arange(21 * 20).reshape(20, 21)[:, :-1].ravel()
    triangles = np.concatenate([np.column_stack([k, k + 1, k + 22]), np.column_stack([k, k + 22, k + 21])])
    return np.column_stack([X, Y]), triangles, np.clip(np.hypot(X, Y) / 10 - 1, 0, 1)


def test_the_outline_of_a_core_with_an_arm():
    """In each direction it ends where the distance from disc and arm is the one asked for."""
    angle, arms = np.linspace(-np.pi, np.pi, 73), np.array([[-70.5, 50.0, 24.0], [20.0, 30.0, 6.0]])
    core = Core(20.0, arms=tuple(Arm(angle=a, length=length, width=w) for a, length, w in arms.tolist()))
    for beyond in (0.0, 10.0):
        edge = _edge(angle, 20.0, arms, beyond)[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
        assert core(edge) == pytest.approx(beyond, abs=1e-9)


@pytest.mark.parametrize("kind", ["coupled", "atomistic", "continuum", "sharp"])
def test_model(tmp_path, kind, drawn):
    points, triangles, beta = mesh()
    atoms = sheet()[:, :2]
    weight, free = np.clip(2 - np.hypot(*atoms.T) / 10, 0, 1), np.hypot(*atoms.T) < 14
    core, width = 10.0, 10.0
    if kind == "atomistic":
        points, triangles, beta, core, width = np.empty((0, 2)), np.empty((0, 3), int), np.empty(0), np.inf, 0.0
        weight = np.ones(len(atoms))
    if kind == "continuum":
        atoms, weight, free, beta, core = np.empty((0, 2)), np.empty(0), np.empty(0, bool), np.ones(len(points)), 0.0
    if kind == "sharp":
        width = 0.0
    path = tmp_path / "new" / "model.png"
    view = ModelView(
        points=points,
        triangles=triangles,
        beta=beta,
        atoms_xy=atoms,
        weight=weight,
        free=free,
        core_radius=core,
        blend_width=width,
        domain_radius=40.0,
    )
    model_picture(path, view, title="a case")
    seen(path)
    assert ("core, r = 10 Å" in covers_nothing(*drawn, scale_bars=2)) == (kind in ("coupled", "sharp"))
