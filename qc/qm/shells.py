"""Where the seam of a QM region is felt: residual forces of a uniformly strained crystal by distance from the link atoms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .choosing import bonds_between
from .cluster import Cluster
from .evaluation import Evaluation

HOSTS = -1


@dataclass(frozen=True)
class ShellResidual:
    """Largest residual forces of one bond shell, eV/A.

    Attributes
    ----------
    shell : int
        Bonds from the nearest atom with a link atom: 0 carry them, -1 are the hosts outside.
    atoms : int
    uncorrected : float
        E_QM - E_MM alone.
    corrected : float
        With the dead load of the reference crystal taken off.
    """

    shell: int
    atoms: int
    uncorrected: float
    corrected: float


def bond_shells(cluster: Cluster, nn: float) -> np.ndarray:
    """(n + m,) bonds between each atom and the nearest that carries a link atom; `HOSTS` for the hosts."""
    bonds = bonds_between(cluster.X[: cluster.n], nn)
    shell = np.full(len(cluster.X), HOSTS)
    shell[: cluster.n] = cluster.n
    shell[np.unique(cluster.link[:, 0])] = 0
    for k in range(cluster.n):
        reached = bonds[shell[bonds[:, 0]] == k, 1]
        new = reached[shell[reached] == cluster.n]
        if not len(new):
            break
        shell[new] = k + 1
    return shell


def shell_residuals(evaluation: Evaluation, F: np.ndarray, nn: float) -> list[ShellResidual]:
    """Residuals of the crystal strained by F (3, 3) as a whole, on the computing rank.

    The perfect crystal under a strain that moves no sublattice by itself has no forces: whatever is found is the seam's.
    For diamond, such strains are stretches along the cube axes.
    """
    cluster = evaluation.cluster
    reference, now = evaluation(cluster.X), evaluation(cluster.X @ np.asarray(F).T)
    uncorrected = now.g_qm - now.g_mm
    corrected = uncorrected - (reference.g_qm - reference.g_mm)
    shell = bond_shells(cluster, nn)
    out = []
    for k in np.unique(shell):
        which = shell == k
        sizes = [float(np.linalg.norm(g[which], axis=1).max()) for g in (uncorrected, corrected)]
        out.append(ShellResidual(int(k), int(which.sum()), *sizes))
    return out


def shell_table(rows: list[ShellResidual]) -> str:
    """As plain text."""
    names = {HOSTS: "hosts", 0: "capped"}
    lines = ["shell     atoms  uncorrected    corrected   (eV/A)"]
    lines += [
        f"{names.get(r.shell, f'{r.shell} in'):8} {r.atoms:6d} {r.uncorrected:12.5f} {r.corrected:12.5f}" for r in rows
    ]
    return "\n".join(lines)
