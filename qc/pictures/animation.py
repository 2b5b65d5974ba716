"""The atoms at a tip that runs: as an animated PNG that every browser shows, and as an mp4 where the package imageio-ffmpeg is."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.animation import AbstractMovieWriter, FFMpegWriter, PillowWriter

from .drawing import new_figure

FRAMES_A_SECOND = 6
DOTS = 110
"""An inch."""
SCALED = 98.0
"""Percentage of the stresses that the scale of colours covers."""


def tip_animation(path: str | os.PathLike[str], frames: Sequence[Mapping[str, Any]]) -> None:
    """Atoms in the plane, coloured by their stress across it, one frame after the other; nothing without frames.

    Parameters
    ----------
    path : path
        ``.png``, or ``.mp4``: then nothing without imageio-ffmpeg.
    frames : sequence of mappings
        ``positions`` (n, 3) in A, ``stress`` (n,) in GPa, NaN where it is not known, and ``label``.
    """
    path = Path(path)
    frames, writer = [frame for frame in frames if len(frame["positions"])], _writer(path)
    if not frames or writer is None:
        return
    every = np.concatenate([frame["positions"] for frame in frames])
    (x0, y0), (x1, y1) = every[:, :2].min(0) - 1.0, every[:, :2].max(0) + 1.0
    known = np.abs(np.concatenate([frame["stress"] for frame in frames]))
    top = float(np.percentile(known[np.isfinite(known)], SCALED)) if np.isfinite(known).any() else 1.0
    width = 7.0
    figure, (axis,) = new_figure(width, max(1.6, width * (y1 - y0) / (x1 - x0) + 0.7), 1, 1)
    size = (0.4 * 72 * width / (x1 - x0)) ** 2 * 4.0
    fresh = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        with writer.saving(figure, str(fresh), DOTS):
            for frame in frames:
                axis.clear()
                order = np.argsort(frame["positions"][:, 2], kind="stable")
                place, stress = frame["positions"][order], np.nan_to_num(frame["stress"][order])
                look = {"s": size, "cmap": "coolwarm", "vmin": -top, "vmax": top, "edgecolors": "k", "linewidths": 0.2}
                axis.scatter(place[:, 0], place[:, 1], c=stress, **look)
                axis.set(xlim=(x0, x1), ylim=(y0, y1), aspect="equal", xlabel="x (A)", ylabel="y (A)", title=frame["label"])
                writer.grab_frame()
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def _writer(path: Path) -> AbstractMovieWriter | None:
    """What writes a file of this kind; None where it is not installed."""
    if path.suffix != ".mp4":
        return PillowWriter(fps=FRAMES_A_SECOND)
    if importlib.util.find_spec("imageio_ffmpeg") is None:
        return None
    import imageio_ffmpeg

    matplotlib.rcParams["animation.ffmpeg_path"] = imageio_ffmpeg.get_ffmpeg_exe()
    return FFMpegWriter(fps=FRAMES_A_SECOND, codec="h264", extra_args=["-pix_fmt", "yuv420p", "-vf", "crop=trunc(iw/2)*2:trunc(ih/2)*2"])
