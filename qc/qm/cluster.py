"""The atoms of the QM region: chosen in the reference crystal, with link atoms on the bonds that are cut.

Everything here is a function of the crystal and the numbers asked for, never of the ranks or of the present positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from ..errors import InputError

QUANTITATIVE = 86
"""Atoms from which a cluster of silicon gives figures to use; smaller ones are for tests."""
HYDROGEN_BOND = {
    "C": 1.09,
    "Si": 1.48,
    "Ge": 1.53,
    "Sn": 1.70,
    "B": 1.19,
    "N": 1.01,
    "P": 1.42,
    "Al": 1.60,
    "Ga": 1.60,
    "As": 1.52,
}
"""Length of the bond to a link atom, A."""
BOND = 1.2  # times the nearest-neighbour distance: a bond in the reference crystal
OPEN = 1.3  # times its reference length: a bond this long is open
TOLERANCE = 1e-6  # A; a shell of equal distances is inside or outside as a whole
SYMBOLS = (
    "X H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo Tc "
    "Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po "
    "At Rn"
)
NUMBER = {symbol: z for z, symbol in enumerate(SYMBOLS.split())}


@dataclass(frozen=True, kw_only=True)
class ClusterSpec:
    """What is asked for; lengths in A.

    Attributes
    ----------
    centre : (3,) tuple of float
        Of the ball of QM atoms in the reference crystal.
    radius : float
    cleavage : float or None
        Both partners of every bond through the plane y = cleavage belong to the cluster; None: there is no such plane.
    caps : bool
        Link atoms (hydrogen) on cut bonds.
    charge, spin : int
        Total charge, e, and unpaired electrons.
    """

    centre: tuple[float, float, float]
    radius: float
    cleavage: float | None = 0.0
    caps: bool = True
    charge: int = 0
    spin: int = 0


@dataclass(frozen=True, kw_only=True)
class Sites:
    """Sites of the reference crystal near the cluster, with the periodic images among them, in an order of their own.

    Attributes
    ----------
    X : (n, 3) ndarray
        Reference positions, A, periodic images unfolded.
    symbols : (n,) str ndarray
    owner : (n,) int ndarray
        Whatever names the atom behind each site for the caller.
    beta : (n,) ndarray
        Blending weight.
    reach : float
        Nothing is missing within this distance of the centre, A.
    """

    X: np.ndarray
    symbols: np.ndarray
    owner: np.ndarray
    beta: np.ndarray
    reach: float = np.inf


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A QM cluster: atoms, hosts of link atoms outside, links.

    Attributes
    ----------
    inside : (n,) int ndarray
        Sites of the cluster.
    hosts : (m,) int ndarray
        Sites outside at the far ends of cut bonds, each of one link.
    link : (m, 2) int ndarray
        Cut bonds: number within ``inside``, number within ``hosts``.
    g : (m,) ndarray
        r_H = (1 - g) r_inside + g r_host.
    X, symbols : ndarray
        Reference positions (n + m, 3), A, and symbols of ``inside`` and ``hosts``.
    """

    inside: np.ndarray
    hosts: np.ndarray
    link: np.ndarray
    g: np.ndarray
    X: np.ndarray
    symbols: np.ndarray

    @property
    def n(self) -> int:
        """Atoms, link atoms not counted."""
        return len(self.inside)

    @property
    def formula(self) -> str:
        """As chemists write it, link atoms included."""
        names, count = np.unique(self.engine_symbols, return_counts=True)
        return "".join(
            f"{name}{k}" for name, k in sorted(zip(names, count, strict=True), key=lambda p: (p[0] == "H", p[0]))
        )

    @property
    def engine_symbols(self) -> list[str]:
        """Symbols of the atoms the engine sees: the cluster, then the link atoms."""
        return [*self.symbols[: self.n].tolist(), *["H"] * len(self.link)]

    @property
    def electrons(self) -> int:
        """Of the neutral cluster with its link atoms."""
        return sum(NUMBER[s] for s in self.engine_symbols)

    @property
    def quantitative(self) -> bool:
        """Large enough for figures to use."""
        return self.n >= QUANTITATIVE

    def engine_positions(self, y: np.ndarray) -> np.ndarray:
        """(n + links, 3) positions of the engine's atoms for positions y (n + m, 3) of cluster and hosts, A."""
        i, j, g = self.link[:, 0], self.n + self.link[:, 1], self.g[:, None]
        return np.concatenate([y[: self.n], (1.0 - g) * y[i] + g * y[j]])

    def gradient(self, engine_gradient: np.ndarray) -> np.ndarray:
        """(n + m, 3) gradient on cluster and hosts from that on the engine's atoms: the chain rule."""
        on_link, g = engine_gradient[self.n :], self.g[:, None]
        out = np.concatenate([engine_gradient[: self.n], np.zeros((len(self.hosts), 3))])
        np.add.at(out, self.link[:, 0], (1.0 - g) * on_link)
        np.add.at(out, self.n + self.link[:, 1], g * on_link)
        return out

    def stretch(self, y: np.ndarray) -> np.ndarray:
        """(links,) present lengths of the cut bonds by their reference lengths."""
        i, j = self.link[:, 0], self.n + self.link[:, 1]
        return np.linalg.norm(y[j] - y[i], axis=1) / np.linalg.norm(self.X[j] - self.X[i], axis=1)

    def refuse_open_links(self, y: np.ndarray) -> None:
        """InputError if a link atom sits on a bond that is open at positions y (n + m, 3)."""
        stretch = self.stretch(y)
        if len(stretch) and stretch.max() > OPEN:
            k = int(stretch.argmax())
            i, j = self.link[k, 0], self.n + self.link[k, 1]
            raise InputError(
                f"qm.radius cuts an open bond: the link atom between the atoms at {_point(self.X[i])} and {_point(self.X[j])} would sit "
                f"on a bond of {stretch[k]:.2f} times its length; use another radius, so that both atoms or none are inside"
            )


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
    if np.linalg.norm(sites.X[inside] - np.array(spec.centre), axis=1).max() > sites.reach - BOND * nn:
        raise InputError(
            f"the QM region of qm.radius = {spec.radius:g} A does not close: its outside atoms have bonds to several inside atoms "
            "however far it grows; link atoms need a covalent crystal, or set qm.caps = false"
        )
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
    i, j = bonds.T
    cut = inside[i] & ~inside[j]
    return i[cut], j[cut]


def _assemble(sites: Sites, inside: np.ndarray, i: np.ndarray, j: np.ndarray) -> Cluster:
    chosen = np.flatnonzero(inside)
    link = np.column_stack([np.searchsorted(chosen, i), np.arange(len(j))])
    X = sites.X[np.concatenate([chosen, j])]
    symbols = sites.symbols[np.concatenate([chosen, j])]
    for s in sorted({*symbols[: len(chosen)].tolist()} - set(NUMBER)):
        raise InputError(f"the QM region holds {s}, which is no chemical element: no engine knows it")
    if len(j):
        _check_caps(symbols[link[:, 0]])
    length = np.linalg.norm(sites.X[j] - sites.X[i], axis=1)
    g = np.array([HYDROGEN_BOND[s] for s in symbols[link[:, 0]].tolist()]) / length if len(j) else np.empty(0)
    return Cluster(inside=chosen, hosts=j, link=link, g=g, X=X, symbols=symbols)


def _check_caps(symbols: np.ndarray) -> None:
    lacking = sorted({*symbols.tolist()} - set(HYDROGEN_BOND))
    if lacking:
        raise InputError(
            f"link atoms on {', '.join(lacking)} are not known: set qm.caps = false, or use {', '.join(sorted(HYDROGEN_BOND))}"
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
    folded = X - X.min(0)
    folded[:, 2] %= period
    folded[folded[:, 2] >= period, 2] = 0.0
    return len(cKDTree(folded, boxsize=[0.0, 0.0, period]).query_pairs(1e-3)) > 0


def _check_core(cluster: Cluster, beta: np.ndarray) -> None:
    if beta.max() > 0:
        k = int(beta.argmax())
        needed = float(np.hypot(*cluster.X[:, :2].T).max())
        raise InputError(
            f"the QM region reaches into the handshake: beta = {beta[k]:.2g} at {_point(cluster.X[k])}; it must lie inside the core, "
            f"link atoms included: use a smaller qm.radius, or model.core_radius of more than {needed:.1f} A"
        )


def _check_electrons(cluster: Cluster, spec: ClusterSpec) -> None:
    electrons = cluster.electrons - spec.charge
    if (electrons - spec.spin) % 2:
        raise InputError(
            f"qm.spin = {spec.spin} does not fit: {cluster.formula} with charge {spec.charge} has {electrons} electrons, so that the "
            f"number of unpaired ones must be {'odd' if electrons % 2 else 'even'}"
        )


def _point(X: Sequence[float] | np.ndarray) -> str:
    return "(" + ", ".join(f"{x:.2f}" for x in X) + ") A"
