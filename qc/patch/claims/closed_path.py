"""A closed path through the positions of a cluster: the work of the forces round it, and what the energy loses along it."""

from __future__ import annotations

import math

import numpy as np

from ...qm.evaluation import Evaluation

PATH_POINTS, PATH_SIZE = 12, 0.02
"""Points of the closed path, and its size, A: so small that no neighbour beyond a cutoff (Si-Si in SiC: 0.05 A) comes inside it,
where the second derivative of most potentials jumps and sums over few points are exact no more."""
LEAST_VARIATION = 1e-3
"""eV; an energy that varies less along the path is no energy."""


def closed_path(evaluation: Evaluation) -> tuple[float, float, float]:
    """(Largest difference of energy and work along a closed path by the variation of the energy, work round it, that variation).

    Both of the engine with its link atoms and of E_QM - E_MM. The path is an ellipse in the space of all positions; sums over
    its points are exact but for terms that fall exponentially with their number. A variation too small to be an energy gives nan.
    """
    X = evaluation.cluster.X
    k = np.array([[0.7, 0.3, 0.9], [0.5, 1.1, 0.2], [0.4, 0.8, 0.6]])
    u, v = PATH_SIZE * np.sin(X @ k + np.arange(3)), PATH_SIZE * np.cos(X @ k.T)
    angles = 2.0 * np.pi * np.arange(PATH_POINTS) / PATH_POINTS
    parts = [evaluation(X + u * np.cos(t) + v * np.sin(t)) for t in angles]
    along = [v * np.cos(t) - u * np.sin(t) for t in angles]
    varies = float(np.ptp([p.E_qm for p in parts]))
    found = [
        path_errors(np.array(E), np.array([(f * s).sum() for f, s in zip(g, along, strict=True)]))
        for E, g in (
            ([p.E_qm for p in parts], [p.g_qm for p in parts]),
            ([p.E_qm - p.E_mm for p in parts], [p.g_qm - p.g_mm for p in parts]),
        )
    ]
    apart, round_it = (max(column) for column in zip(*found, strict=True))
    return (apart / varies if varies > LEAST_VARIATION else math.nan), round_it, varies


def path_errors(E: np.ndarray, power: np.ndarray) -> tuple[float, float]:
    """(Largest difference of energy and work, work all round) for energies and their slopes at points of a closed path."""
    round_it = abs(2.0 * np.pi * float(power.mean()))
    work = _integrated(power - power.mean())
    return float(np.abs((E - E[0]) - (work - work[0])).max()) + round_it, round_it


def _integrated(f: np.ndarray) -> np.ndarray:
    """Periodic integral of values at equal distances, their mean being zero."""
    c = np.fft.rfft(f)
    n = np.arange(len(c))
    c[1:] /= 1j * n[1:]
    c[-1] = 0.0  # the highest one of an even number has no phase
    return np.fft.irfft(c, len(f))
