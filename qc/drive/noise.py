"""Normal noise of Langevin dynamics, hashed from the name of the atom or node and the step: the same on any number of ranks."""

from __future__ import annotations

import numpy as np

from ..unknowns.names import STEP, hashed_names, mix

SHIFT, SCALE = np.uint64(11), 2.0**-53
"""The upper 53 bits of a hash make a number from 0 to 1 (D. Blackman & S. Vigna, ACM Trans. Math. Softw. 47 (2021) 36)."""


class HashedNormal:
    """Independent N(0, 1) numbers for each name, component and step (G. E. P. Box & M. E. Muller, Ann. Math. Stat. 29 (1958) 610).

    No number depends on those before, so that a run goes on from any step. Nothing is allocated after construction.

    Parameters
    ----------
    key : (n, 4) int ndarray
        Names.
    components : int
    seed : int
    """

    def __init__(self, key: np.ndarray, components: int, seed: int) -> None:
        self._names = hashed_names(key, seed)
        self._state, self._bits, self._work = (np.empty_like(self._names) for _ in range(3))
        self._radius, self._angle = np.empty(len(key)), np.empty(len(key))
        self._columns = np.empty((components, len(key)))

    def __call__(self, step: int) -> np.ndarray:
        """(n, components) numbers of a step, written over those of the last."""
        np.add(self._names, np.uint64(step * int(STEP) % 2**64), out=self._state)
        mix(self._state, self._work)
        for pair in range(0, len(self._columns), 2):
            self._uniform(pair, self._radius)
            self._uniform(pair + 1, self._angle)
            np.log(self._radius, out=self._radius)
            self._radius *= -2.0
            np.sqrt(self._radius, out=self._radius)
            self._angle *= 2.0 * np.pi
            for column, part in zip(self._columns[pair : pair + 2], (np.cos, np.sin), strict=False):
                part(self._angle, out=column)
                column *= self._radius
        return self._columns.T

    def _uniform(self, number: int, out: np.ndarray) -> None:
        """Numbers in (0, 1]."""
        np.add(self._state, np.uint64((number + 1) * int(STEP) % 2**64), out=self._bits)
        mix(self._bits, self._work)
        np.right_shift(self._bits, SHIFT, out=self._bits)
        np.add(self._bits, 1.0, out=out)
        out *= SCALE
