"""A Hessian learnt from gradients: symmetric secant updates of the part of it that has no formula."""

from __future__ import annotations

import numpy as np

UPDATES = ("mm", "sr1", "psb")
SAFE = 1e-3  # least |r . s| / |r||s| for a rank-one update


class Secant:
    """B with B s = dg for the last steps s, nearest to the B before.

    Parameters
    ----------
    n : int
        Variables.
    update : {"sr1", "psb"}
        Symmetric rank one (Davidon 1959), or Powell's symmetric Broyden (1970), which changes B least in the Frobenius norm.

    Attributes
    ----------
    B : (n, n) ndarray
    """

    def __init__(self, n: int, update: str) -> None:
        self.B, self.update = np.zeros((n, n)), update
        self._last: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def learnt(self) -> np.ndarray:
        """(n + 2, n) all that it knows: B, and the last x and g."""
        last = np.zeros((2, len(self.B))) if self._last is None else np.array(self._last)
        return np.concatenate([self.B, last])

    @learnt.setter
    def learnt(self, learnt: np.ndarray) -> None:
        self.B, self._last = learnt[:-2].copy(), (learnt[-2].copy(), learnt[-1].copy())

    def learn(self, x: np.ndarray, g: np.ndarray) -> None:
        """Take the gradient g (n,) at x (n,) into account."""
        if self._last is not None:
            s, dg = x - self._last[0], g - self._last[1]
            if np.linalg.norm(s) > 1e-10:
                self._add(s, dg - self.B @ s)
        self._last = (x.copy(), g.copy())

    def _add(self, s: np.ndarray, r: np.ndarray) -> None:
        rs, ss = float(r @ s), float(s @ s)
        if self.update == "sr1":
            if abs(rs) > SAFE * np.sqrt(ss) * np.linalg.norm(r):
                self.B += np.outer(r, r) / rs
            return
        self.B += (np.outer(r, s) + np.outer(s, r)) / ss - rs / ss**2 * np.outer(s, s)
