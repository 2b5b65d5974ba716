"""Reader of ACE potentials in the C-tilde form, .yace of pacemaker and of LAMMPS' pair style pace."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .yaml_tree import Entry, read_yaml

BASES = ("ChebPow", "ChebExpCos", "SBessel")
EMBEDDINGS = ("FinnisSinclair", "FinnisSinclairShiftedScaled")
INNER = ("density", "distance", "zbl")
ACE_JL = f"{', '.join(BASES)} (nothing converts splines of ACEpotentials.jl: its models come in through ace-jax as models of one's own)"
LARGEST = {"elements": 20, "ndensity": 16, "nradmax": 64, "nradbasemax": 128, "lmax": 20, "rank": 8}
"""Largest counts, well above those in use: tables and work space grow with their products."""
LARGEST_CUTOFF = 50.0
"""A."""
LARGEST_EXPONENT = 50.0


@dataclass(frozen=True, kw_only=True)
class Embedding:
    """F(rho) = sum_p w_p f(rho_p; m_p) of a species, and where its core repulsion takes over.

    Attributes
    ----------
    kind : str
        One of `EMBEDDINGS`.
    weights, exponents : (p,) ndarray
    core, core_width : float
        Core repulsion, eV, at which F has been switched off, and over what range before.
    """

    kind: str
    weights: np.ndarray
    exponents: np.ndarray
    core: float
    core_width: float


@dataclass(frozen=True, kw_only=True)
class Bond:
    """Radial functions R_nl = sum_k c_nlk g_k of neighbours of one species around sites of another, and their core repulsion.

    Attributes
    ----------
    basis : str
        One of `BASES`.
    rate : float
        Lambda of the basis.
    coefficients : (n, l, k) ndarray
    cutoff, width : float
        A; the width of a second cosine before the cutoff, of ChebExpCos.
    inner : str
        One of `INNER`.
    inner_cutoff, inner_width : float
        A.
    core, core_rate : float
        eV A and 1/A^2, or with ``zbl`` a factor.
    """

    basis: str
    rate: float
    coefficients: np.ndarray
    cutoff: float
    width: float
    inner: str = "density"
    inner_cutoff: float = 0.0
    inner_width: float = 0.0
    core: float = 0.0
    core_rate: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Functions:
    """Products of equal rank of one species: rho_p += sum_i c_ip Re prod_t A[species_it, n_it, l_it, m_it].

    Attributes
    ----------
    species, n, l, m : (k, rank) int ndarray
        n counts from 0. In rank 1, A is the sum of g_n.
    coefficients : (k, p) ndarray
    """

    species: np.ndarray
    n: np.ndarray
    l: np.ndarray
    m: np.ndarray
    coefficients: np.ndarray


@dataclass(frozen=True, kw_only=True)
class AceFile:
    """Contents of a file.

    Attributes
    ----------
    path : Path
    elements : tuple of str
    alone : (n,) ndarray
        Energies of free atoms E0, eV.
    embeddings : list of Embedding
        By species.
    bonds : dict
        By species of site and neighbour.
    functions : list of list of Functions
        By species.
    """

    path: Path
    elements: tuple[str, ...]
    alone: np.ndarray
    embeddings: list[Embedding]
    bonds: dict[tuple[int, int], Bond]
    functions: list[list[Functions]]


def read_yace(path: Path) -> AceFile:
    """Contents of a .yace file; ValueError names file, line and expectation."""
    top = Entry(path, read_yaml(path))
    if "specie" in top.keys or "species" in top.keys:
        raise ValueError(
            f"{path}: expected C-tilde functions, found a B-basis, which pacemaker's pace_yaml2yace converts to .yace"
        )
    if "summed_neighbour_A" in top.keys:
        summed = top.get("summed_neighbour_A")
        top.check("summed_neighbour_A", summed == "false", "false (densities of each species)", summed)
    elements = top.words("elements")
    top.check(
        "elements", 0 < len(elements) <= LARGEST["elements"] and len(set(elements)) == len(elements), "different elements", elements
    )
    n = len(elements)
    embeddings = [_embedding(entry) for entry in top.numbered("embeddings", n)]
    bonds = _bonds(top, n)
    sizes = _sizes(bonds)
    functions = []
    for t, entry in enumerate(top.numbered("functions", n, sequences=True)):
        found = [_function(each, t, n, sizes) for each in entry.entries()]
        functions.append(collected(path, found, len(embeddings[t].weights)))
    alone = np.zeros(n) if "E0" not in top.keys else top.numbers("E0", n)
    file = AceFile(path=path, elements=tuple(elements), alone=alone, embeddings=embeddings, bonds=bonds, functions=functions)
    check(file)
    return file


def check(file: AceFile) -> None:
    """What must hold of every file: ValueError names the file and the bond."""
    inner = {bond.inner for bond in file.bonds.values()}
    if len(inner) > 1:
        raise ValueError(f"{file.path}: expected one kind of inner cutoff for all bonds, found {' and '.join(sorted(inner))}")
    for (i, j), bond in file.bonds.items():
        name = f"{file.path}, bond {file.elements[i]}-{file.elements[j]}"
        if not 0.0 < bond.cutoff <= LARGEST_CUTOFF:
            raise ValueError(f"{name}: expected a cutoff above 0 and up to {LARGEST_CUTOFF:g} A, found {bond.cutoff:g}")
        if bond.basis == "ChebPow" and not 2.0 <= bond.rate <= LARGEST_EXPONENT:
            raise ValueError(
                f"{name}: expected a ChebPow exponent (radparameters) of 2, where second derivatives jump at the cutoff, or above, up to "
                f"{LARGEST_EXPONENT:g}, found {bond.rate:g}"
            )
        if bond.basis == "ChebExpCos" and not 0.0 < abs(bond.rate) <= LARGEST_EXPONENT:
            raise ValueError(
                f"{name}: expected a ChebExpCos rate (radparameters) that is not 0, up to {LARGEST_EXPONENT:g}, found {bond.rate:g}"
            )
        if bond.inner == "zbl" and not min(bond.width, bond.inner_width) > 0.0:
            raise ValueError(f"{name}: expected a dcut and a dcut_in above 0 for zbl, found {bond.width:g} and {bond.inner_width:g} A")
        if not 0.0 <= bond.width < bond.cutoff or min(bond.inner_cutoff, bond.inner_width) < 0 or not bond.inner_cutoff < bond.cutoff:
            raise ValueError(f"{name}: expected dcut, rcut_in and dcut_in of at least 0 and below the cutoff, found {bond.width:g}, "
                             f"{bond.inner_cutoff:g} and {bond.inner_width:g} A")  # fmt: skip
    for element, embedding in zip(file.elements, file.embeddings, strict=True):
        if not (embedding.exponents > 0).all():
            raise ValueError(f"{file.path}: expected positive exponents of F for {element}, found {embedding.exponents.tolist()}")
        if embedding.core < 0 or embedding.core_width < 0:
            raise ValueError(f"{file.path}: expected a rho_core_cutoff and a drho_core_cutoff of at least 0 for {element}")
    if not any(functions for functions in file.functions):
        raise ValueError(f"{file.path}: expected functions, found none")


def _embedding(entry: Entry) -> Embedding:
    n = entry.count("ndensity", LARGEST["ndensity"], 1)
    parameters = entry.numbers("FS_parameters", 2 * n)
    return Embedding(
        kind=entry.word("npoti", EMBEDDINGS),
        weights=parameters[0::2],
        exponents=parameters[1::2],
        core=entry.number("rho_core_cutoff"),
        core_width=entry.number("drho_core_cutoff"),
    )


def _bonds(top: Entry, n: int) -> dict[tuple[int, int], Bond]:
    bonds = {}
    for pair, entry in top.pairs("bonds", n).items():
        basis = entry.get("radbasename")
        if isinstance(basis, str) and basis.startswith("ACE.jl"):
            entry.check("radbasename", False, ACE_JL, basis)
        counts = (("nradmax", 0), ("lmax", 0), ("nradbasemax", 1))
        rows, levels, base = (entry.count(key, LARGEST[key], least) for key, least in counts)
        coefficients = entry.numbers("radcoefficients", rows * (levels + 1) * base)
        rates = entry.numbers("radparameters")
        entry.check("radparameters", len(rates) > 0, "a number at least", "none")
        inner = entry.word("inner_cutoff_type", INNER) if "inner_cutoff_type" in entry.keys else "density"
        bonds[pair] = Bond(
            basis=entry.word("radbasename", BASES),
            rate=float(rates[0]),
            coefficients=coefficients.reshape(rows, levels + 1, base),
            cutoff=entry.number("rcut"),
            width=entry.number("dcut"),
            inner=inner,
            inner_cutoff=entry.number("rcut_in", 0.0),
            inner_width=entry.number("dcut_in", 0.0),
            core=entry.number("prehc"),
            core_rate=entry.number("lambdahc"),
        )
    return bonds


def _sizes(bonds: dict[tuple[int, int], Bond]) -> tuple[int, int, int]:
    """Largest numbers of n, l, k of any bond."""
    shapes = np.array([bond.coefficients.shape for bond in bonds.values()])
    n, l, k = shapes.max(0)
    return int(n), int(l), int(k)


Function = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _function(entry: Entry, own: int, n: int, sizes: tuple[int, int, int]) -> Function:
    """Species, n, l, m, c of one function, m and c by combination."""
    rank = entry.count("rank", LARGEST["rank"], 1)
    if "mu0" in entry.keys:
        entry.check("mu0", entry.count("mu0", n - 1) == own, f"{own}, the element it is listed under,", entry.get("mu0"))
    combinations, densities = entry.count("num_ms_combs", 10**7, 1), entry.count("ndensity", LARGEST["ndensity"], 1)
    species = entry.integers("mus", rank, 0, n - 1)
    ns = entry.integers("ns", rank, 1, sizes[2] if rank == 1 else sizes[0])
    ls = entry.integers("ls", rank, 0, sizes[1] - 1)
    ms = entry.integers("ms_combs", rank * combinations, -sizes[1], sizes[1]).reshape(combinations, rank)
    entry.check("ms_combs", bool((np.abs(ms) <= ls).all()), "|m| up to l of each factor", ms.tolist())
    return species, ns - 1, ls, ms, entry.numbers("ctildes", combinations * densities).reshape(combinations, densities)


def collected(path: Path, functions: list[Function], densities: int) -> list[Functions]:
    """Functions of one species by rank."""
    by_rank: dict[int, list[Function]] = {}
    for function in functions:
        if function[4].shape[1] != densities:
            raise ValueError(
                f"{path}: expected functions with the {densities} densities of their element, found one with {function[4].shape[1]}"
            )
        by_rank.setdefault(len(function[0]), []).append(function)
    found = []
    for _, same in sorted(by_rank.items()):
        species, n, l = (np.concatenate([np.tile(f[i], (len(f[3]), 1)) for f in same]) for i in range(3))
        m, c = (np.concatenate([f[i] for f in same]) for i in (3, 4))
        found.append(Functions(species=species, n=n, l=l, m=m, coefficients=c))
    return found
