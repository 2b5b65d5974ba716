"""A square crystal with a crack in it, and what every picture must show."""

import matplotlib.image
import numpy as np
from matplotlib.figure import Figure

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


def covers_nothing(figure: Figure, scale_bars=0):
    """Legends, title and scale bars lie inside the picture and over no panel, maps have their bar; words of the legend."""
    renderer = figure.canvas.get_renderer()
    whole, panels = figure.bbox, [axis.get_window_extent(renderer) for axis in figure.axes if axis.get_visible()]
    bars = [artist for axis in figure.axes for artist in axis.findobj(lambda a: a.get_gid() == "scale bar")]
    assert len(bars) == 2 * scale_bars  # a line and its length
    assert not any(axis.get_legend() for axis in figure.axes)
    titles = [figure._suptitle] if figure._suptitle else []
    for artist in [*figure.legends, *titles, *bars]:
        box = artist.get_window_extent(renderer)
        assert whole.contains(box.x0, box.y0), artist
        assert whole.contains(box.x1, box.y1), artist
        assert not any(box.overlaps(panel) for panel in panels), artist
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]
