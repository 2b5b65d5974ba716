"""What is true of the elements and pairs of a MEAM, LAMMPS' defaults and mixing rules filled in."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .meam_file import MeamFile

SPACING = {"fcc": math.sqrt(0.5), "bcc": math.sqrt(0.75), "hcp": 1.0, "dia": math.sqrt(3.0) / 4.0, "dim": 1.0, "sc": 1.0}
"""Nearest neighbours over the lattice constant."""


@dataclass(frozen=True)
class Parameters:
    """What is true of elements and pairs, all defaults filled in; names as in LAMMPS' files.

    Attributes
    ----------
    rho0, A, ibar, Z : (n,) ndarray
    beta : (4, n) ndarray
    t : (3, n) ndarray
        t1 with `augt1`.
    lattice : list of list of str
    Ec, re, alpha, attrac, repuls, nn2, zbl : (n, n) ndarray
    Cmin, Cmax : (n, n, n) ndarray
        [i, j, k]: k screens the bond i-j.
    """

    rho0: np.ndarray
    A: np.ndarray
    ibar: np.ndarray
    Z: np.ndarray
    beta: np.ndarray
    t: np.ndarray
    lattice: list[list[str]]
    Ec: np.ndarray
    re: np.ndarray
    alpha: np.ndarray
    attrac: np.ndarray
    repuls: np.ndarray
    nn2: np.ndarray
    zbl: np.ndarray
    Cmin: np.ndarray
    Cmax: np.ndarray
    rc: float
    delr: float
    gsmooth: float
    ialloy: int
    erose_form: int
    emb_lin_neg: int
    bkgd_dyn: int


def parameters(file: MeamFile) -> Parameters:
    """Defaults and mixing rules as in LAMMPS; what belongs to two elements has been said for the first before the second."""
    n = len(file.elements)
    own = {name: np.array([e.numbers[name] for e in file.elements]) for name in file.elements[0].numbers}
    lattice = _lattices(file)
    diagonal = np.eye(n, dtype=bool)
    delta = file.table("delta", 0.0)
    spacing = np.array([SPACING[e.lattice] for e in file.elements])
    given = {name: file.table(name, np.where(diagonal, value, 0.0)) for name, value in (
        ("Ec", own["esub"]), ("alpha", own["alpha"]), ("re", own["alat"] * spacing),
    )}  # fmt: skip
    for i in range(n):
        for j in range(i + 1, n):
            weight = 0.75 if lattice[i][j] == "l12" else 0.5
            mean = weight * given["Ec"][i, i] + (1.0 - weight) * given["Ec"][j, j]
            for name, value in (
                ("Ec", mean - delta[i, j]),
                ("alpha", 0.5 * (given["alpha"][i, i] + given["alpha"][j, j])),
                ("re", 0.5 * (given["re"][i, i] + given["re"][j, j])),
            ):
                given[name][i, j] = given[name][i, j] or value
                given[name][j, i] = given[name][i, j]
    limits = {name: file.table(name, value) for name, value in (("Cmin", 2.0), ("Cmax", 2.8))}
    for values in limits.values():
        for i, j in np.ndindex(n, n):
            if i > j:
                values[i, j] = values[j, i]
    t = np.array([own["t1"], own["t2"], own["t3"]])
    t[0] += file.number("augt1", 1.0) * 0.6 * t[2]
    upper = {name: _symmetric(file.table(name, default)) for name, default in (("nn2", 0.0), ("zbl", 1.0))}
    return Parameters(
        rho0=file.table("rho0", own["rozero"]), A=own["asub"], ibar=own["ibar"], Z=own["ielement"],
        beta=np.array([own[f"b{k}"] for k in range(4)]), t=t, lattice=lattice, **given, **limits, **upper,
        attrac=file.table("attrac", 0.0), repuls=file.table("repuls", 0.0), rc=file.number("rc", 4.0), delr=file.number("delr", 0.1),
        gsmooth=file.number("gsmooth_factor", 99.0), ialloy=int(file.number("ialloy", 0)), erose_form=int(file.number("erose_form", 0)),
        emb_lin_neg=int(file.number("emb_lin_neg", 0)), bkgd_dyn=int(file.number("bkgd_dyn", 0)),
    )  # fmt: skip


def _symmetric(values: np.ndarray) -> np.ndarray:
    """What is said above the diagonal, below it, too."""
    return np.triu(values) + np.triu(values, 1).T


def _lattices(file: MeamFile) -> list[list[str]]:
    """Reference structures of elements and pairs."""
    n = len(file.elements)
    said = file.values.get("lattce", {})
    found = [[file.elements[i].lattice if i == j else "" for j in range(n)] for i in range(n)]
    for i in range(n):
        for j in range(i, n):
            found[i][j] = found[j][i] = str(said.get((i, j), found[i][j]))
    return found
