"""Pictures of a path: the snake with its folds, and barriers with and without a load of equal energies."""

import numpy as np
import pytest

from qc.pictures.folds import barrier_picture, snake_picture
from tests.qc.pictures.sheet import covers_nothing, seen


def row(level, tip, negative, fold=None):
    return {"K_over_KG": level, "tip_position": tip, "negative_eigenvalues": negative, "fold": fold}


def test_snake(tmp_path, drawn):
    rows = [
        row(1.0, 0.0, 0),
        row(1.4, 0.1, 0, "maximum"),
        row(1.0, 0.5, 1),
        row(0.7, 0.9, 1, "minimum"),
        row(1.0, 1.0, 0),
    ]
    folds = [
        {"K_over_KG": 1.4, "tip_position": 0.1, "kind": "maximum", "name": "K_plus"},
        {"K_over_KG": 0.7, "tip_position": 0.9, "kind": "minimum", "name": None},
    ]
    snake_picture(tmp_path / "snake.png", rows, folds)
    seen(tmp_path / "snake.png")
    assert covers_nothing(*drawn) == ["stable", "unstable", "fold"]


@pytest.mark.parametrize("equal", [1.05, None])
def test_barriers(tmp_path, equal, drawn):
    levels = [{"K_over_KG": k, "forward": 1.4 - k, "backward": k - 0.7} for k in np.linspace(0.8, 1.3, 5)]
    barrier_picture(tmp_path / "barriers.png", [{"levels": levels, "K_equal_over_KG": equal}] * 2)
    seen(tmp_path / "barriers.png")
    assert covers_nothing(*drawn)[:2] == ["advance", "closing"]
