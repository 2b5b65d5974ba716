"""Random numbers hashed from the names of atoms and nodes: the same on any number of ranks."""

from __future__ import annotations

import numpy as np

STEP = np.uint64(0x9E3779B97F4A7C15)
"""By which splitmix64 moves its state on: 2^64 over the golden ratio."""
SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))
FACTORS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def hashed_names(key: np.ndarray, seed: int = 0) -> np.ndarray:
    """(n,) uint64 hashes of the names (n, 4) and a seed (splitmix64; G. L. Steele, D. Lea & C. H. Flood, OOPSLA 2014, fig. 17)."""
    state = np.full(len(key), int(STEP) ^ (seed % 2**64), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for column in key.T.astype(np.int64).view(np.uint64):
            state ^= column
            mix(state, np.empty_like(state))
    return state


def hashed_noise(key: np.ndarray, components: int) -> np.ndarray:
    """(n, components) numbers in [-1, 1] that depend on the names (n, 4) only."""
    state, out = hashed_names(key), np.empty((len(key), components))
    work = np.empty_like(state)
    for c in range(components):
        mixed = state + np.uint64((c + 1) * int(STEP) % 2**64)
        mix(mixed, work)
        out[:, c] = mixed / 2.0**63 - 1.0
    return out


def mix(z: np.ndarray, work: np.ndarray) -> None:
    """The next number of splitmix64 in the place of each state z (n,), with room ``work`` of the same kind."""
    z += STEP
    for shift, factor in zip(SHIFTS, FACTORS, strict=False):
        np.right_shift(z, shift, out=work)
        z ^= work
        z *= factor
    np.right_shift(z, SHIFTS[2], out=work)
    z ^= work
