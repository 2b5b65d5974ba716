"""What each further QM atom adds to the energy of a strained crystal: in the end W_QM - W_MM, nothing twice and nothing lost.

The correction of a cluster under a uniform strain is that of its atoms plus that of its seam. With n atoms and m cut bonds it
is a n + b m for compact clusters, so that a few of them give both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from atomistics import Crystal
from atomistics.potentials.site_potential import SitePotential
from fem.cauchy_born import CauchyBornMaterial

from .choosing import choose_cluster
from .cluster import Cluster, ClusterSpec, Sites
from .engine.process import EngineProcess
from .engine.spec import EngineSpec
from .evaluation import Evaluation


@dataclass(frozen=True)
class Added:
    """The correction of one cluster under a strain.

    Attributes
    ----------
    formula : str
    atoms, cut_bonds : int
    correction : float
        E_QM - E_MM less value and slope in the reference crystal, eV.
    """

    formula: str
    atoms: int
    cut_bonds: int
    correction: float


def bond_centred(crystal: Crystal, radius: float, caps: bool = True) -> Cluster:
    """The cluster of all atoms within ``radius`` (A) of the middle of a bond in an infinite crystal, completed."""
    nn = crystal.nearest_neighbour_distance
    reach = radius + 6.0 * nn
    X, _, basis = crystal.sites_in_box([-reach] * 3, [reach] * 3, (0.0, 0.0, 0.0))
    distance = np.linalg.norm(X, axis=1)
    first = X[distance.argmin()]
    second = X[np.argsort(np.linalg.norm(X - first, axis=1), kind="stable")[1]]
    centre = 0.5 * (first + second)
    sites = Sites(
        X=X,
        symbols=np.array(crystal.species)[basis],
        owner=np.arange(len(X)),
        beta=np.zeros(len(X)),
        reach=reach - 1.2 * nn,
    )
    found = choose_cluster(
        sites, ClusterSpec(centre=(centre[0], centre[1], centre[2]), radius=radius, cleavage=None, caps=True), nn, None
    )
    return found if caps else uncapped(found)


def uncapped(cluster: Cluster) -> Cluster:
    """The same atoms without link atoms and hosts."""
    none, n = np.empty(0, dtype=np.int64), cluster.n
    return replace(
        cluster, hosts=none, link=none.reshape(0, 2), g=np.empty(0), X=cluster.X[:n], symbols=cluster.symbols[:n]
    )


def added(evaluation: Evaluation, F: np.ndarray, cut_bonds: int) -> Added:
    """The correction of a cluster in the crystal strained by F (3, 3) as a whole, which must move no sublattice by itself."""
    cluster = evaluation.cluster
    x = cluster.X @ np.asarray(F).T
    reference, now = evaluation(cluster.X), evaluation(x)
    slope = float(((reference.g_qm - reference.g_mm) * (x - cluster.X)).sum())
    correction = (now.E_qm - reference.E_qm) - (now.E_mm - reference.E_mm) - slope
    return Added(cluster.formula, cluster.n, cut_bonds, correction)


def per_atom(clusters: Sequence[Added]) -> tuple[float, float]:
    """(a, b) of a n + b m by least squares, eV: per atom, and per cut bond."""
    rows = np.array([[c.atoms, c.cut_bonds, c.correction] for c in clusters])
    a, b = np.linalg.lstsq(rows[:, :2], rows[:, 2], rcond=None)[0]
    return float(a), float(b)


def potential_share(crystal: Crystal, potential: SitePotential, F: np.ndarray) -> float:
    """W_MM per atom: energy of the potential's crystal in F less value and slope in the reference crystal, eV."""
    material = CauchyBornMaterial(crystal, potential)
    W = material.energy_density(np.stack([np.eye(3), F]))
    slope = float((material.stress(np.eye(3)[None])[0] * (F - np.eye(3))).sum())
    return (float(W[1] - W[0]) - slope) * material.volume / material.n_basis


def engine_share(spec: EngineSpec, crystal: Crystal, F: np.ndarray, cells: int = 2) -> float:
    """W_QM per atom, as `potential_share`, from a periodic cell of ``cells``^3 conventional ones, eV."""
    atoms = replace(crystal, rotation=np.eye(3)).atoms((cells, cells, cells))
    cell = np.array(atoms.cell)
    with EngineProcess(spec, atoms.get_chemical_symbols(), spin=0) as engine:
        rest = engine.compute(atoms.positions, cell, stress=True)
        now = engine.compute(atoms.positions @ F.T, cell @ F.T)
    assert rest.stress is not None
    slope = float(np.linalg.det(cell)) * float((rest.stress * (F - np.eye(3))).sum())
    return (now.energy - rest.energy - slope) / len(atoms)
