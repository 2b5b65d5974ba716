"""The atoms of the QM region, chosen in the reference crystal (`choosing`), with link atoms on the bonds that are cut.

Everything here is a function of the crystal and the numbers asked for, never of the ranks or of the present positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atomistics.species import chemical_symbol

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
BOND = 1.2
"""A bond in the reference crystal is no longer than this, in nearest-neighbour distances."""
OPEN = 1.3
"""A bond this many times as long as in the reference crystal is open."""
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
        Reference positions (n + m, 3), A, and species of ``inside`` and ``hosts``, as the potential names them.
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
        """Chemical symbols of the atoms the engine sees: the cluster, then the link atoms."""
        return [*map(chemical_symbol, self.symbols[: self.n].tolist()), *["H"] * len(self.link)]

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
            ends = (point_in_words(self.X[n]) for n in (self.link[k, 0], self.n + self.link[k, 1]))
            raise InputError(
                f"qm.radius cuts an open bond: the link atom between the atoms at {' and '.join(ends)} would sit "
                f"on a bond of {stretch[k]:.2f} times its length; use another radius, so that both atoms or none are inside"
            )


def point_in_words(X: Sequence[float] | np.ndarray) -> str:
    """A position in A for a sentence."""
    return "(" + ", ".join(f"{x:.2f}" for x in X) + ") A"
