"""Writes AlNi.uf3: a random potential of two species, with other cutoffs and knots for each block."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

CUTOFFS = {("Al", "Al"): 4.9, ("Al", "Ni"): 4.4, ("Ni", "Ni"): 4.7}
rng = np.random.default_rng(5)


def knots(cutoff: float, n: int, low: float = 0.001) -> np.ndarray:
    """From ``low`` on, not quite uniform."""
    inner = np.linspace(low, cutoff, n)
    inner[1:-1] += 0.1 * (inner[1] - low) * rng.uniform(-1, 1, n - 2)
    return np.concatenate([[low] * 3, inner, [cutoff] * 3])


def words(values: np.ndarray) -> str:
    return " ".join(f"{v:.8g}" for v in values)


def pair(a: str, b: str) -> list[str]:
    """A repulsive spline with some structure."""
    k = knots(CUTOFFS[a, b], 12)
    c = 40.0 * np.exp(-0.9 * np.arange(len(k) - 4)) + 0.1 * rng.normal(size=len(k) - 4)
    c[-3:] = 0.0
    return [f"2B {a} {b} 0 3 nk", f"{k[-1]:.8g} {len(k)}", words(k), str(len(c)), words(c)]


def triplet(a: str, b: str, c: str) -> list[str]:
    """Random coefficients that end smoothly; neighbours alike are treated alike."""
    cutoff = round(rng.uniform(3.5, 4.1), 2)  # of both neighbours, and half of that of r_jk: LAMMPS has no others
    j, k = knots(cutoff, 7), knots(cutoff, 6)
    k = j if b == c else k
    far = knots(j[-1] + k[-1], 9)
    T = 0.3 * rng.normal(size=(len(j) - 4, len(k) - 4, len(far) - 4))
    T = T + T.transpose(1, 0, 2) if b == c else T
    T[-3:], T[:, -3:], T[:, :, -3:] = 0.0, 0.0, 0.0
    head = [f"3B {a} {b} {c} 0 3 nk", f"{far[-1]:.8g} {k[-1]:.8g} {j[-1]:.8g} {len(far)} {len(k)} {len(j)}", words(far), words(k), words(j)]
    return [*head, " ".join(map(str, T.shape)), *(words(T[p, q]) for p, q in np.ndindex(T.shape[:2]))]


if __name__ == "__main__":
    blocks = [pair(*key) for key in CUTOFFS]
    blocks += [triplet(a, b, c) for a in ("Al", "Ni") for b, c in itertools.combinations_with_replacement(("Al", "Ni"), 2)]
    comment = "#UF3 POT UNITS: metal DATE: none AUTHOR: make_random.py CITATION: none"
    text = "\n".join("\n".join([comment, *block, "#"]) for block in blocks) + "\n"
    (Path(__file__).parent / "AlNi.uf3").write_text(text)
