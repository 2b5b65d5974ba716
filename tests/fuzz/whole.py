"""Whole files that the mutations begin with."""

from __future__ import annotations

import functools

import numpy as np

from atomistics.potentials.folders import potential_folders
from tests.programs import ROOT

POTENTIALS = {
    "setfl": ("toy.eam.alloy", "fcc", "Xx"),
    "fs": ("toy.eam.fs", "fcc", "Xx"),
    "funcfl": ("toy.eam", "fcc", "Cu"),
    "sw": ("Si.sw", "diamond", "Si"),
    "tersoff": ("Si.tersoff", "diamond", "Si"),
    "tersoff-mod": ("Si.tersoff.mod", "diamond", "Si"),
    "snap": ("Ta.snap", "bcc", "Ta"),
    "snapcoeff": ("Ta.snapcoeff", "bcc", "Ta"),
    "snapparam": ("Ta.snap", "bcc", "Ta"),
    "yace": ("Al.yace", "fcc", "Al"),
    "ace": ("Al.ace", "fcc", "Al"),
    "adp": ("toy.adp", "fcc", "Xx"),
    "edip": ("Si.edip", "diamond", "Si"),
    "uf3": ("toy.uf3", "fcc", "Cu"),
    "meam": ("Ni.meam", "fcc", "Ni"),
    "library": ("Ni.meam", "fcc", "Ni"),
}
"""File that a case names, structure and element of each kind."""
SNAP = ("snap", "snapcoeff", "snapparam")
"""Kinds of which the other two files are there, too."""
MEAM = {"meam": "Ni.meam", "library": "library.meam"}
"""Kinds of which the other file is there, too."""
ACE = {"yace": "SBessel.yace", "ace": "text.ace"}
"""Files of the tests of ACE."""


@functools.cache
def text_of(kind: str) -> bytes:
    """A whole file of a kind."""
    made = {
        "setfl": _setfl, "fs": _fs, "funcfl": _funcfl, "sw": lambda: SW, "tersoff": lambda: TERSOFF, "tersoff-mod": lambda: MOD,
        "adp": _adp, "edip": lambda: EDIP, "uf3": _uf3,
        "meam": lambda: NICKEL, "library": lambda: LIBRARY,
    }  # fmt: skip
    if kind in ACE:
        return (ROOT / "tests" / "atomistics" / "potentials" / "ace" / ACE[kind]).read_bytes()
    return made[kind]() if kind in made else _snap(kind)


def _snap(suffix: str) -> bytes:
    """One of the three files of a tantalum potential, the script with the names of the other two."""
    file = next(folder / f"Ta06A.{suffix}" for folder in potential_folders() if (folder / "Ta06A.snap").exists())
    return file.read_bytes().replace(b"Ta06A.", b"broken.")


N, CUTOFF = 60, 4.0
"""Knots of the tables: a file of some kB is changed in more telling places than one of MB."""


def _functions() -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """Embedding, density and phi of a pair functional, and the line of its grids."""
    r, rho = np.linspace(0, CUTOFF, N), np.linspace(0, 30, N)
    tail = (1 - r / CUTOFF) ** 3 * (r < CUTOFF)
    grid = f"{N} {rho[1]:.10g} {N} {r[1]:.10g} {CUTOFF}"
    return -2.0 * np.sqrt(rho), 8 * np.exp(-1.2 * r) * tail, 900 * np.exp(-2.8 * r) * tail, grid


def _text(*columns: np.ndarray) -> str:
    return "\n".join("\n".join(f"{v:.10g}" for v in column) for column in columns) + "\n"


def _setfl() -> bytes:
    F, f, phi, grid = _functions()
    return (f"toy\n\n\n1 Xx\n{grid}\n29 63.5 3.6 fcc\n" + _text(F, f, np.linspace(0, CUTOFF, N) * phi)).encode()


def _adp() -> bytes:
    """Tables of u and w behind those of r phi."""
    r = np.linspace(0, CUTOFF, N)
    return _setfl() + _text(*[0.1 * np.exp(-r) * (1 - r / CUTOFF) ** 3] * 2).encode()


def _uf3() -> bytes:
    """A Morse potential of copper, and triplets that hardly matter."""

    def knots(cutoff: float, n: int) -> tuple[np.ndarray, np.ndarray]:
        k = np.concatenate([[1.0] * 3, np.linspace(1.0, cutoff, n), [cutoff] * 3])
        return k, np.array([k[i + 1 : i + 4].mean() for i in range(len(k) - 4)])

    line = lambda values: " ".join(f"{v:.8g}" for v in values)  # noqa: E731
    (k, at), (j, near), (jk, far) = knots(5.0, 14), knots(3.5, 5), knots(7.0, 6)
    x = np.exp(-1.36 * (at - 2.87))
    pair = 0.17 * (x * x - 2 * x) * (at < 4.2)
    T = 0.01 * np.exp(-near[:, None, None] - near[:, None] - far)
    T[-3:], T[:, -3:], T[:, :, -3:] = 0.0, 0.0, 0.0
    lines = ["#UF3 POT UNITS: metal", "2B Cu Cu 0 3 nk", f"5 {len(k)}", line(k), str(len(pair)), line(pair), "#", "3B Cu Cu Cu 0 3 uk"]
    lines += [f"7 3.5 3.5 {len(jk)} {len(j)} {len(j)}", line(jk), line(j), line(j), " ".join(map(str, T.shape))]
    return "\n".join([*lines, *(line(T[p, q]) for p, q in np.ndindex(T.shape[:2])), "#"]).encode()


def _fs() -> bytes:
    """Two elements alike, each with a density for either."""
    F, f, phi, grid = _functions()
    element = "29 63.5 3.6 fcc\n" + _text(F, f, f)
    return (f"toy\n\n\n2 Xx Yy\n{grid}\n{element}{element}" + _text(*[np.linspace(0, CUTOFF, N) * phi] * 3)).encode()


def _funcfl() -> bytes:
    """One element without a name, and an effective charge for phi."""
    F, f, phi, grid = _functions()
    charge = np.sqrt(np.linspace(0, CUTOFF, N) * phi / (27.2 * 0.529))
    return (f"toy\n29 63.5 3.6 FCC\n{grid}\n" + _text(F, charge, f)).encode()


SW = b"""# DATE: 2007-06-11 UNITS: metal
Si Si Si 2.1683  2.0951  1.80  21.0  1.20  -0.333333333333
         7.049556277  0.6022245584  4.0  0.0 0.0
"""
EDIP = b"""# UNITS: metal
Si Si Si 7.9821730 1.5075463 3.1213820 2.5609104 3.1083847 0.0070975 0.2523244
         1.1247945 1.4533108 0.6966326 1.2085196 0.5774108 312.1341346
         -0.165799 32.557 0.286198 0.66
"""
LIBRARY = b"""# UNITS: metal
'Ni' 'fcc' 12. 28 58.71
4.99 2.45 2.20 6 2.20 3.52 4.45 1.10
1.0 3.57 1.60 3.70 1.0 0
"""
NICKEL = b"""# UNITS: metal
rc = 4.5
delr = 0.3
Cmin(1,1,1) = 0.8
Cmax(1,1,1) = 2.8
nn2(1,1) = 1
ialloy = 1
lattce(1,1) = 'fcc'
"""
TERSOFF = b"""# UNITS: metal
Si Si Si 3.0 1.0 1.7322 1.0039e5 16.218 -0.59826 0.78734 1.0999e-6
         1.7322 471.18 2.85 0.15 2.4799 1830.8
"""
MOD = b"""# UNITS: metal
Si Si Si 1.0 2.3890327 -.365 1.0
         1 1.345797 121.00047 3.0 0.3 3.2300135 3281.5905 1.0
         0.20173476 730418.72 1000000.0 1.0 26.0
"""
