"""Bonds that are drawn: torn ones where the crack is, whole ones between nearest neighbours."""

import os
import subprocess
import sys

import numpy as np

from qc.pictures.drawing import bonds, broken_bonds
from tests.qc.pictures.sheet import A, opened, sheet


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


def test_no_picture_starts_latex(tmp_path):
    """A matplotlibrc of the working directory, which may be somebody else's, is obeyed but for that."""
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nfont.size: 7\n")
    program = "import qc.pictures.drawing, matplotlib; print(matplotlib.rcParams['text.usetex'], matplotlib.rcParams['font.size'])"
    path = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-P", "-c", program], cwd=tmp_path, env=path, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "7.0"], done.stderr
