"""Compiled loop of kinetic Monte Carlo on a line of heights: one site moves at a time, none gets two from its neighbours."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numba as nb
import numpy as np

from .pair import F1, FROM_KERNELS, FROM_PYTHON, f8, i8

HEIGHTS = i8[::1]


@nb.njit(f8(f8, f8, f8, f8), **FROM_KERNELS)
def rate(change, middle, kT, frequency):
    """Of a move that changes the energy, whose barrier is ``middle`` where it does not (Marcus); its reverse is balanced."""
    x = change / (4.0 * middle)
    if x <= -1.0:
        return frequency
    barrier = change if x >= 1.0 else middle * (1.0 + x) * (1.0 + x)
    return frequency * np.exp(-barrier / kT)


@nb.njit(nb.void(i8, HEIGHTS, F1, f8, f8, f8, f8, f8, F1, F1), **FROM_KERNELS)
def _site(i, height, slope, self_energy, drive, middle, kT, frequency, forward, back):
    """Rates of a site, zero for moves that make a step of two."""
    left, right, here = height[i - 1], height[(i + 1) % len(height)], height[i]
    forward[i] = rate(drive + slope[i] + self_energy, middle, kT, frequency) if left >= here and right >= here else 0.0
    back[i] = rate(self_energy - drive - slope[i], middle, kT, frequency) if left <= here and right <= here else 0.0


@nb.njit(nb.types.Tuple((f8, i8))(HEIGHTS, F1, f8, f8, f8, f8, i8, i8), **FROM_PYTHON)
def move(height, pair, drive, middle, kT, frequency, events, seed):
    """Time (s) and net number of moves forward of so many events; ``height`` (L,) is what it was before and becomes what it is after.

    ``pair`` (reach,) is the energy of two sites 1, 2, ... apart whose heights differ by one, eV; ``reach`` below L / 2.
    """
    n, reach = len(height), len(pair)
    np.random.seed(seed)  # noqa: NPY002 (what compiled code has)
    self_energy = 2.0 * pair.sum()
    slope, forward, back = np.zeros(n), np.empty(n), np.empty(n)
    for i in range(n):
        for d in range(1, reach + 1):
            slope[i] += 2.0 * pair[d - 1] * (2 * height[i] - height[(i + d) % n] - height[(i - d) % n])
    for i in range(n):
        _site(i, height, slope, self_energy, drive, middle, kT, frequency, forward, back)
    time, net = 0.0, 0
    for _ in range(events):
        total = forward.sum() + back.sum()
        time -= np.log(1.0 - np.random.random()) / total  # noqa: NPY002
        left = np.random.random() * total  # noqa: NPY002
        site, sign = n - 1, 0
        for i in range(n):
            left -= forward[i]
            if left < 0.0:
                site, sign = i, 1
                break
            left -= back[i]
            if left < 0.0:
                site, sign = i, -1
                break
        if sign == 0:  # rounding at the very end of the sum
            continue
        height[site] += sign
        net += sign
        slope[site] += 2.0 * sign * self_energy
        for d in range(1, reach + 1):
            slope[(site + d) % n] -= 2.0 * sign * pair[d - 1]
            slope[(site - d) % n] -= 2.0 * sign * pair[d - 1]
        for d in range(-reach, reach + 1):
            _site((site + d) % n, height, slope, self_energy, drive, middle, kT, frequency, forward, back)
    return time, net
