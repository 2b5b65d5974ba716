"""Pictures: drawn for every kind of model and run, whole or not there; torn bonds found where the crack is."""

import matplotlib.image
import numpy as np
import pytest

from qc.pictures.drawing import bonds, broken_bonds
from qc.pictures.ladder import ladder_picture
from qc.pictures.model import model_picture
from qc.pictures.tip import tip_picture

A = 2.0


def sheet(half=8):
    """Square crystal with rows at y = +-A/2, ..., two layers along z."""
    i, j = (v.ravel() for v in np.meshgrid(np.arange(-half, half), np.arange(-half, half)))
    return np.column_stack([A * i, A * (j + 0.5), 0.5 * A * ((i + j) % 2)])


def opened(X, tip, gap=3.0):
    """Positions with the rows left of the tip pulled apart."""
    y = X.copy()
    left = X[:, 0] < tip
    y[left, 1] += np.where(X[left, 1] > 0, 0.5 * gap, -0.5 * gap)
    return y


def seen(path):
    """The picture has ink, and stands alone in its folder."""
    image = matplotlib.image.imread(path)[..., :3]
    assert min(image.shape[:2]) > 400
    assert image.std() > 0.01
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    # nothing is cut off: the rim is white
    rim = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    assert rim.min() > 0.99
    return image


def mesh():
    x = np.linspace(-40, 40, 21)
    X, Y = (v.ravel() for v in np.meshgrid(x, x))
    k = np.arange(21 * 20).reshape(20, 21)[:, :-1].ravel()
    triangles = np.concatenate([np.column_stack([k, k + 1, k + 22]), np.column_stack([k, k + 22, k + 21])])
    return np.column_stack([X, Y]), triangles, np.clip(np.hypot(X, Y) / 10 - 1, 0, 1)


@pytest.mark.parametrize("kind", ["coupled", "atomistic", "continuum", "sharp"])
def test_model(tmp_path, kind):
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
    model_picture(path, points, triangles, beta, atoms, weight, free, core, width, 40.0, title="a case")
    seen(path)


@pytest.mark.parametrize("count", [1, 2])
def test_tip(tmp_path, count):
    X = sheet()
    excess = np.where(np.abs(X[:, 1]) < A, 0.5, 0.0)
    excess[:5] = np.nan
    panels = [
        {"positions": opened(X, tip), "reference": X, "excess": excess, "K_over_KG": 1.0, "label": "here"}
        for tip in (0.0, A)[:count]
    ]
    tip_picture(tmp_path / "tip.png", panels, nn=A)
    seen(tmp_path / "tip.png")


def test_tip_without_energies_or_crack(tmp_path):
    X = sheet()
    panel = {"positions": X, "reference": X, "excess": np.full(len(X), np.nan), "K_over_KG": 0.0, "label": "perfect"}
    tip_picture(tmp_path / "tip.png", [panel], nn=A, period=A)
    seen(tmp_path / "tip.png")
    with pytest.raises(ValueError, match="one or two panels, got 0"):
        tip_picture(tmp_path / "none.png", [], nn=A)


def test_torn_bonds_lie_behind_the_tip():
    X = sheet()
    torn = broken_bonds(opened(X, 0.0), X, 1.3 * A, 1.5 * A, 4 * A, None)
    assert len(torn) > 4
    assert torn[:, :, 0].mean(1).max() <= 0.0
    assert len(broken_bonds(X, X, 1.3 * A, 1.5 * A, 4 * A, None)) == 0
    assert len(broken_bonds(opened(X, 0.0), X, 1.3 * A, 1.5 * A, 2.0 * A, None)) == 0  # all of them are longer


def test_bonds_through_the_period():
    y = np.array([[0.0, 0.0, 0.1], [0.5, 0.0, 1.9]])
    assert len(bonds(y, y, 1.0, 1.5, None)) == 0
    assert len(bonds(y, y, 1.0, 1.5, 2.0)) == 1
    alone = np.zeros((1, 3))
    assert len(bonds(alone, alone, 2.1, 3.0, 2.0)) == 0  # its own image projects on a point


def test_bonds_join_nearest_neighbours_until_they_are_too_long():
    X = np.array([[0.0, 0, 0], [1.0, 0, 0], [0.0, 1.155, 0]])
    assert len(bonds(X, X, 1.05, 1.5, None)) == 1  # the second neighbour of bcc is not joined
    for length, joined in ((1.4, 1), (1.6, 0)):
        y = X * [length, 1, 1]
        assert len(bonds(y, X, 1.05, 1.5, None)) == joined
    near = X * [1, 0.85, 1]  # become neighbours
    assert len(bonds(near, X, 1.05, 1.5, None)) == 2


def step(k, branch, tip, stretch=1.1):
    return {"K": 0.8 * k, "K_over_KG": k, "branch": branch, "tip_position": tip, "tip_stretch": stretch}


@pytest.mark.parametrize("steps", [[], [step(0.9, "load", None, None)], [step(0.9, "load", float("nan"), 1.0)]])
def test_ladder_with_little_to_show(tmp_path, steps):
    ladder_picture(tmp_path / "ladder.png", steps, [], None, None, 0.8)
    seen(tmp_path / "ladder.png")


def test_ladder_with_everything(tmp_path):
    up = [step(k, "load", -1.0 if k < 1.3 else 1.0) for k in np.arange(0.9, 1.4, 0.05)]
    down = [step(k, "unload", 1.0 if k > 0.8 else -1.0) for k in np.arange(1.3, 0.7, -0.05)]
    events = [
        {"kind": "advance", "branch": "load", "bracket": [0.8 * 1.25, 0.8 * 1.3]},
        {"kind": "off_plane", "branch": "load", "bracket": [0.8 * 0.95, 0.8 * 1.0], "bonds": 2},
        {"kind": "not_converged", "K": 1.2, "K_over_KG": 1.5, "reason": "x"},
    ]
    path = tmp_path / "ladder.png"
    ladder_picture(path, up + down, events, [1.0, 1.04], [0.6, 0.64], 0.8)
    seen(path)
