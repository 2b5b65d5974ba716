"""The choice of a QM cluster: the ball of sites that was asked for, completed, and refused where it cannot be had."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from atomistics.species import chemical_symbol

from ..errors import InputError
from .cluster import BOND, HYDROGEN_BOND, NUMBER, Cluster, ClusterSpec, Sites, point_in_words

TOLERANCE = 1e-6
"""A shell of equal distances is inside or outside as a whole, A."""


def choose_cluster(
    sites: Sites, spec: ClusterSpec, nn: float, period: float | None, step: float | None = None
) -> Cluster:
    """The cluster of a ball, completed.

    Taken in are: both partners of every bond through the cleavage plane; every outside atom that would carry two link atoms.
    All that miss at one pass are taken at once, so that the cluster keeps the symmetry of the ball.

    Parameters
    ----------
    sites : Sites
        All within the radius plus a few bonds.
    nn : float
        Nearest-neighbour distance, A.
    period : float or None
        Length of the model along the front (z), A; None: not periodic.
    step : float, optional
        Period of the crystal along the front, A: ``period`` is a multiple of it.

    Raises
    ------
    InputError
        What is asked for cannot be had: one sentence.
    """
    bonds = bonds_between(sites.X, nn)
    inside = np.linalg.norm(sites.X - np.array(spec.centre), axis=1) <= spec.radius + TOLERANCE
    if not inside.any():
        raise InputError(f"qm.radius = {spec.radius:g} A holds no atom: it must be larger than a bond, {nn:.2f} A")
    if spec.caps:
        _check_caps(sites.symbols[inside])
    inside = _completed(inside, sites.X, bonds, spec)
    _check_closed(sites, inside, spec, nn)
    i, j = _cut(inside, bonds) if spec.caps else (np.empty(0, np.int64), np.empty(0, np.int64))
    cluster = _assemble(sites, inside, i, j)
    _check_front(cluster, period, step)
    _check_core(cluster, sites.beta[np.concatenate([cluster.inside, cluster.hosts])])
    _check_electrons(cluster, spec)
    return cluster


def bonds_between(X: np.ndarray, nn: float) -> np.ndarray:
    """(n_bonds, 2) nearest neighbours, both directions, sorted."""
    pairs = cKDTree(X).query_pairs(BOND * nn, output_type="ndarray")
    both = np.concatenate([pairs, pairs[:, ::-1]])
    return both[np.lexsort(both.T[::-1])]


def _completed(inside: np.ndarray, X: np.ndarray, bonds: np.ndarray, spec: ClusterSpec) -> np.ndarray:
    """The set with the partners of cleavage bonds and the hosts of two link atoms, until there are no more."""
    inside = inside.copy()
    i, j = bonds.T
    through = np.zeros(len(bonds), dtype=bool)
    if spec.cleavage is not None:
        y = X[:, 1] - spec.cleavage
        through = (np.abs(y[i]) > TOLERANCE) & (np.abs(y[j]) > TOLERANCE) & (y[i] * y[j] < 0)
    while True:
        cut = inside[i] & ~inside[j]
        links = np.bincount(j[cut], minlength=len(X))
        missing = np.unique(
            np.concatenate([j[cut & through], np.flatnonzero(links > 1) if spec.caps else []]).astype(int)
        )
        if not len(missing):
            return inside
        inside[missing] = True


def _cut(inside: np.ndarray, bonds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inner and outer ends of the bonds that are cut."""
    i, j = bonds.T
    cut = inside[i] & ~inside[j]
    return i[cut], j[cut]


def _assemble(sites: Sites, inside: np.ndarray, i: np.ndarray, j: np.ndarray) -> Cluster:
    """The cluster of the sites inside, with link atoms on the bonds from i to j."""
    chosen = np.flatnonzero(inside)
    link = np.column_stack([np.searchsorted(chosen, i), np.arange(len(j))])
    X = sites.X[np.concatenate([chosen, j])]
    symbols = sites.symbols[np.concatenate([chosen, j])]
    for s in sorted({*map(chemical_symbol, symbols[: len(chosen)].tolist())} - set(NUMBER)):
        raise InputError(f"the QM region holds {s}, which is no chemical element: no engine knows it")
    if len(j):
        _check_caps(symbols[link[:, 0]])
    length = np.linalg.norm(sites.X[j] - sites.X[i], axis=1)
    g = (
        np.array([HYDROGEN_BOND[chemical_symbol(s)] for s in symbols[link[:, 0]].tolist()]) / length
        if len(j)
        else np.empty(0)
    )
    return Cluster(inside=chosen, hosts=j, link=link, g=g, X=X, symbols=symbols)


def _check_caps(symbols: np.ndarray) -> None:
    """InputError if the length of a bond to hydrogen is not known."""
    lacking = sorted({*map(chemical_symbol, symbols.tolist())} - set(HYDROGEN_BOND))
    if lacking:
        raise InputError(
            f"link atoms on {', '.join(lacking)} are not known: set qm.caps = false, or use {', '.join(sorted(HYDROGEN_BOND))}"
        )


def _check_closed(sites: Sites, inside: np.ndarray, spec: ClusterSpec, nn: float) -> None:
    """InputError if completing the ball has taken in sites up to where sites may be missing."""
    if np.linalg.norm(sites.X[inside] - np.array(spec.centre), axis=1).max() > sites.reach - BOND * nn:
        raise InputError(
            f"the QM region of qm.radius = {spec.radius:g} A does not close: its outside atoms have bonds to several inside atoms "
            "however far it grows; link atoms need a covalent crystal, or set qm.caps = false"
        )


def _check_front(cluster: Cluster, period: float | None, step: float | None) -> None:
    """No atom of the cluster and no host of a link atom is the image of another."""
    if period is None or not _meets_image(cluster.X, period):
        return
    step = step or period
    n = next(n for n in range(1, 1000) if not _meets_image(cluster.X, n * step))
    raise InputError(
        f"model.front_periods = {round(period / step)} is too few for the QM region: with its link atoms it would meet its own "
        f"periodic image; it must be at least {n}"
    )


def _meets_image(X: np.ndarray, period: float) -> bool:
    """Whether two of the positions are the same modulo the period along z."""
    folded = X - X.min(0)
    folded[:, 2] %= period
    folded[folded[:, 2] >= period, 2] = 0.0
    return len(cKDTree(folded, boxsize=[0.0, 0.0, period]).query_pairs(1e-3)) > 0


def _check_core(cluster: Cluster, beta: np.ndarray) -> None:
    """InputError if an atom of the cluster or a host lies in the handshake."""
    if beta.max() > 0:
        k = int(beta.argmax())
        place, needed = point_in_words(cluster.X[k]), float(np.hypot(*cluster.X[:, :2].T).max())
        raise InputError(
            f"the QM region reaches into the handshake: beta = {beta[k]:.2g} at {place}; it must lie inside the core, "
            f"link atoms included: use a smaller qm.radius, or model.core_radius of more than {needed:.1f} A"
        )


def _check_electrons(cluster: Cluster, spec: ClusterSpec) -> None:
    """InputError if so many electrons cannot have so many unpaired ones."""
    electrons = cluster.electrons - spec.charge
    if (electrons - spec.spin) % 2:
        raise InputError(
            f"qm.spin = {spec.spin} does not fit: {cluster.formula} with charge {spec.charge} has {electrons} electrons, so that the "
            f"number of unpaired ones must be {'odd' if electrons % 2 else 'even'}"
        )
