"""A square crystal with a crack in it, and what every picture must show."""

import matplotlib.image
import numpy as np

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
