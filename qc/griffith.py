"""Surface energy of the plane that is cut, effective modulus, and the Griffith load K_G = sqrt(2 gamma E').

Everything is computed from the potential itself, relaxed: the classic mistakes are clamped elastic constants
and the surface energy of another plane or another cut of the same plane.

Both belong to the crystal at zero pressure, so the lattice constant used is the potential's equilibrium one,
whatever the crystal was given: elastic energy of a compressed bulk would count as surface energy otherwise.

Units: gamma in J/m^2, moduli in GPa, K in MPa m^1/2. A two-dimensional crystal counts as a sheet 1 A thick:
eV/A of a cut row is eV/A^2 of surface, eV/A^2 of stiffness is eV/A^3, and the same units serve.
"""

from __future__ import annotations

import itertools
import logging
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from ase import Atoms

from atomistics import AtomisticEnergy, Crystal, SitePotential, equilibrium_lattice_constant
from fem.cauchy_born import CauchyBornMaterial
from fem.near_tip import NearTipField

log = logging.getLogger(__name__)
EV_PER_A2 = 16.02176634
"""1 eV/A^2 in J/m^2."""


@dataclass(frozen=True)
class Surface:
    """Energy of one cut of a lattice plane.

    Attributes
    ----------
    relaxed, unrelaxed : float
        Energy per area of one face, J/m^2.
    cut : str
        Which of the gaps between atomic planes was opened.
    layers : int
        Lattice planes in the slab.
    thickness : float
        Of the slab, A.
    """

    relaxed: float
    unrelaxed: float
    cut: str
    layers: int
    thickness: float


@dataclass(frozen=True)
class GriffithReport:
    """The Griffith load of a crack and what it was made from.

    Attributes
    ----------
    gamma, gamma_unrelaxed : float
        Surface energy of the plane cut, with relaxed atoms and as cut, J/m^2.
    effective_modulus : float
        E' with G = K_I^2 / E', plane strain (a sheet: in its plane), GPa.
    K_G : float
        sqrt(2 gamma E'), MPa m^1/2.
    elastic_constants : dict
        In crystal axes, GPa: C11, C12, C44 of a cubic crystal, else all constants that do not vanish.
    relaxed : bool
        gamma and the constants include the relaxation of surface and inner shifts.
    plane, front, cut : str
        Miller indices of crack plane and front in the conventional cell; which gap of the plane was opened.
    """

    gamma: float
    gamma_unrelaxed: float
    effective_modulus: float
    K_G: float
    elastic_constants: dict[str, float]
    relaxed: bool
    plane: str
    front: str
    cut: str

    def as_dict(self) -> dict[str, Any]:
        """For result.json."""
        return asdict(self)


def griffith(crystal: Crystal, potential: SitePotential, cut: str | int = "widest") -> GriffithReport:
    """Griffith load of a crack on the plane normal to y, front along z.

    Parameters
    ----------
    crystal : Crystal
        Oriented: y is the normal of the cleavage plane, z the crack front.
    potential : SitePotential
        Interaction, for surface and constants alike.
    cut : "widest", "shuffle", "glide" or int
        See `surface_energy`.
    """
    crystal = at_rest(crystal, potential)
    surface = surface_energy(crystal, potential, cut=cut)
    material = CauchyBornMaterial(crystal, potential)
    tip = NearTipField(material.elastic_tensor(), dimension=crystal.dimension)
    plane, front = indices(crystal)
    return GriffithReport(
        gamma=surface.relaxed,
        gamma_unrelaxed=surface.unrelaxed,
        effective_modulus=tip.effective_modulus,
        K_G=tip.stress_intensity(2.0 * surface.relaxed),
        elastic_constants=named_constants(material.elastic_constants(), crystal.dimension),
        relaxed=True,
        plane="({} {} {})".format(*plane),
        front="[{} {} {}]".format(*front),
        cut=surface.cut,
    )


def at_rest(crystal: Crystal, potential: SitePotential) -> Crystal:
    """The crystal with the lattice constant of zero pressure; says so when that is not its own."""
    given = crystal.resolved(potential)
    assert given.a is not None
    a = equilibrium_lattice_constant(given, potential)
    if abs(a / given.a - 1.0) > 1e-4:
        log.warning("lattice constant is %.6f, at zero pressure %.6f A: gamma and K_G use the latter", given.a, a)
    return given.with_lattice_constant(a)


def surface_energy(
    crystal: Crystal,
    potential: SitePotential,
    normal: tuple[float, float, float] = (0.0, 1.0, 0.0),
    cut: str | int = "widest",
    thickness: float = 25.0,
) -> Surface:
    """gamma = (E_slab - E_bulk) / 2A of a slab with one surface cell, J/m^2.

    Parameters
    ----------
    crystal : Crystal
        Any orientation, any basis.
    potential : SitePotential
        Interaction.
    normal : (3,) sequence
        Normal of the plane in the laboratory frame, a lattice plane of the crystal.
    cut : "widest", "shuffle", "glide" or int
        The gap between atomic planes that is opened: gaps are counted from 0 by falling width. On {111} of diamond and
        zincblende 0 is called shuffle, 1 glide. A Bravais lattice has one only.
    thickness : float
        Least thickness of the slab, A.
    """
    crystal = at_rest(crystal, potential)
    n = np.asarray(normal, dtype=float) / np.linalg.norm(normal)
    cell = surface_cell(crystal, n)
    height, name = _gap(crystal, cell, n, cut)
    spacing = float(cell[2] @ n)
    layers = int(np.ceil(thickness / spacing))
    slab = _slab(crystal, cell, n, height, layers)
    energy = AtomisticEnergy(potential, slab)
    # the reference is the same lattice, periodic: one cell a layer
    bulk = layers * AtomisticEnergy(potential, _bulk(crystal)).energy()
    area = float(np.linalg.norm(np.cross(cell[0], cell[1])))  # of a sheet: length of the row times 1 A
    unit = EV_PER_A2 / (2.0 * area)
    unrelaxed = energy.energy()
    return Surface(
        relaxed=unit * (relax(energy, slab.positions) - bulk),
        unrelaxed=unit * (unrelaxed - bulk),
        cut=name,
        layers=layers,
        thickness=layers * spacing,
    )


def surface_cell(crystal: Crystal, normal: np.ndarray, search: int = 12) -> np.ndarray:
    """Primitive lattice vectors (rows): the two shortest in the plane, the third to the next lattice plane.

    In two dimensions the first lies in the plane (a line), the second is the unit vector along z.
    """
    A = crystal.cell_ij
    free = 3 if crystal.dimension == 3 else 2
    counts = [range(-search, search + 1)] * free + [range(1)] * (3 - free)
    vectors = np.array(list(itertools.product(*counts))) @ A
    vectors = vectors[np.argsort(np.round(np.linalg.norm(vectors, axis=1), 9), kind="stable")][1:]
    rise = vectors @ normal
    tolerance = 1e-7 * float(np.linalg.norm(A))
    flat, steep = vectors[np.abs(rise) < tolerance], vectors[rise > tolerance]
    second = _first_independent(flat) if free == 3 else np.array([0.0, 0.0, 1.0])
    if len(flat) == 0 or second is None:
        raise ValueError(f"normal {np.round(normal, 6).tolist()} belongs to no lattice plane of low index")
    level = float((steep @ normal).min())
    third = steep[steep @ normal < level + tolerance][0]
    cell = np.array([flat[0], second, third])
    expected = abs(np.linalg.det(A))
    if abs(abs(np.linalg.det(cell)) - expected) > 1e-6 * expected:
        raise ValueError(f"normal {np.round(normal, 6).tolist()} belongs to no lattice plane of low index")
    return cell


def _first_independent(vectors: np.ndarray) -> np.ndarray | None:
    """The shortest vector that is not parallel to the first one; with it the two span the plane's lattice."""
    if len(vectors) == 0:
        return None
    sine = np.linalg.norm(np.cross(vectors[0], vectors), axis=1)
    others = vectors[sine > 1e-7 * np.linalg.norm(vectors[0]) ** 2]
    return others[0] if len(others) else None


def cut_height(crystal: Crystal, cut: str | int = "widest") -> tuple[float, str]:
    """Where a crack on the plane normal to y goes through.

    Parameters
    ----------
    crystal : Crystal
        Oriented: y is the normal of the cleavage plane.
    cut : "widest", "shuffle", "glide" or int
        See `surface_energy`.

    Returns
    -------
    float
        y of the middle of the gap to open, for atoms where the crystal's basis puts them, A.
    str
        Description: the name of the gap if it has one, which of how many it is, its width.
    """
    normal = np.array([0.0, 1.0, 0.0])
    return _gap(crystal, surface_cell(crystal, normal), normal, cut)


def count_gaps(crystal: Crystal) -> int:
    """Number of gaps between atomic planes normal to y, the cuts that there are."""
    normal = np.array([0.0, 1.0, 0.0])
    return len(_gaps(crystal, surface_cell(crystal, normal), normal)[0])


def _gaps(crystal: Crystal, cell: np.ndarray, normal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Heights of the atomic planes of one lattice plane, and the widths of the gaps above them, A."""
    spacing = float(cell[2] @ normal)
    heights = (crystal.basis_ai @ normal) % spacing
    heights = np.sort(np.where(heights > spacing - 1e-5, 0.0, heights))
    heights = heights[np.append(True, np.diff(heights) > 1e-5)]
    return heights, np.diff(np.append(heights, heights[0] + spacing))


def _gap(crystal: Crystal, cell: np.ndarray, normal: np.ndarray, cut: str | int) -> tuple[float, str]:
    """Height of the middle of the gap to open, and its description."""
    heights, gaps = _gaps(crystal, cell, normal)
    order = np.argsort(-np.round(gaps, 5), kind="stable")
    names = ("shuffle", "glide") if _is_octahedral(crystal, normal) else ()
    index = {"widest": 0, **dict(zip(names, range(2), strict=False))}.get(str(cut), cut)
    if not isinstance(index, (int, np.integer)) or isinstance(index, bool) or not 0 <= index < len(gaps):
        allowed = ", ".join(repr(name) for name in ("widest", *names))
        whole = f"0 to {len(gaps) - 1}" if len(gaps) > 1 else "0"
        raise ValueError(f"cut = {cut!r} is not a gap of this plane: it must be {allowed} or {whole}")
    k = order[index]
    name = f"{names[index]}: " if names else ""
    return float(heights[k] + 0.5 * gaps[k]), f"{name}gap {index} of {len(gaps)}, {gaps[k]:.4f} A wide"


def _is_octahedral(crystal: Crystal, normal: np.ndarray) -> bool:
    """Whether this is a {111} plane of diamond or zincblende: two atoms a cell with four bonds each, one along the normal."""
    if crystal.dimension != 3 or len(crystal.species) != 2:
        return False
    bonds = crystal.stencil(1.2 * crystal.nearest_neighbour_distance)
    units = bonds / np.linalg.norm(bonds, axis=1)[:, None]
    tetrahedron = np.full((4, 4), -1.0 / 3.0) + 4.0 / 3.0 * np.eye(4)
    return len(units) == 4 and np.allclose(units @ units.T, tetrahedron, atol=1e-6) and bool((np.abs(units @ normal) > 1 - 1e-6).any())


def _slab(crystal: Crystal, cell: np.ndarray, normal: np.ndarray, height: float, layers: int) -> Atoms:
    """`layers` lattice planes above the cut, free on both faces."""
    spacing = float(cell[2] @ normal)
    rise = crystal.basis_ai @ normal
    first = np.ceil((height - rise) / spacing)  # the first copy of each basis atom above the cut
    steps = first[:, None] + np.arange(layers)
    positions = crystal.basis_ai[:, None] + steps[..., None] * cell[2]
    box = np.array([cell[0], cell[1], (layers * spacing + 30.0) * normal])
    pbc = (True, crystal.dimension == 3, False)
    species = np.repeat(crystal.species, layers)
    atoms = Atoms(list(species), positions.reshape(-1, 3), cell=box, pbc=pbc)
    atoms.positions -= atoms.positions.mean(axis=0)
    return atoms


def _bulk(crystal: Crystal) -> Atoms:
    pbc = (True, True, crystal.dimension == 3)
    return Atoms(list(crystal.species), crystal.basis_ai, cell=crystal.cell_ij, pbc=pbc)


def relax(energy: AtomisticEnergy, positions: np.ndarray, fmax: float = 1e-6, steps: int = 200) -> float:
    """Minimal energy of a few hundred atoms, eV: Newton with the exact Hessian, eigenvalues made positive.

    Parameters
    ----------
    energy : AtomisticEnergy
        Energy, gradient and Hessian of the slab.
    positions : (N, 3) ndarray
        Start, A.
    fmax : float
        Largest force component at the end, eV/A.
    """
    y = np.array(positions, dtype=float)
    E, g = energy.energy(y), energy.gradient(y)
    for _ in range(steps):
        if np.abs(g).max() <= fmax:
            return float(E)
        y, E, g = _descend(energy, y, E, g)
    raise RuntimeError(f"surface did not relax: largest force {np.abs(g).max():.2e} after {steps} steps")


def _descend(
    energy: AtomisticEnergy, y: np.ndarray, E: float, g: np.ndarray, cap: float = 0.2
) -> tuple[np.ndarray, float, np.ndarray]:
    """One Newton step, capped, halved until the energy does not rise beyond rounding."""
    values, modes = np.linalg.eigh(energy.hessian(y).toarray())
    stiffness = np.maximum(np.abs(values), 1e-6 * np.abs(values).max())  # translations carry no force
    step = -(modes @ ((modes.T @ g.ravel()) / stiffness)).reshape(y.shape)
    step *= min(1.0, cap / np.abs(step).max())
    for _ in range(20):
        E_new, g_new = energy.energy(y + step), energy.gradient(y + step)
        if E_new <= E + 1e-12 * max(1.0, abs(E)):
            return y + step, E_new, g_new
        step = 0.5 * step
    raise RuntimeError(f"surface did not relax: no descent at force {np.abs(g).max():.2e} eV/A")


def named_constants(C: np.ndarray, dimension: int = 3) -> dict[str, float]:
    """C11, C12, C44 of a cubic crystal, otherwise every C_ij (i <= j) that does not vanish."""
    cubic = np.diag([C[0, 0] - C[0, 1]] * 3 + [C[3, 3]] * 3)
    cubic[:3, :3] += C[0, 1]
    if dimension == 3 and np.abs(C - cubic).max() < 1e-4 * np.abs(C).max():
        return {"C11": float(C[0, 0]), "C12": float(C[0, 1]), "C44": float(C[3, 3])}
    keep = (0, 1, 5) if dimension == 2 else range(6)
    pairs = itertools.combinations_with_replacement(keep, 2)
    small = 1e-6 * np.abs(C).max()
    return {f"C{i + 1}{j + 1}": float(C[i, j]) for i, j in pairs if abs(C[i, j]) > small}


def indices(crystal: Crystal) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Miller indices of the plane normal to y and of the direction z, in the conventional cell."""
    plane = miller(crystal.conventional_ij @ [0.0, 1.0, 0.0])
    return plane, miller(np.linalg.solve(crystal.conventional_ij.T, [0.0, 0.0, 1.0]))


def miller(direction: np.ndarray, largest: int = 24) -> tuple[int, ...]:
    """Smallest integers parallel to `direction`."""
    v = np.asarray(direction, dtype=float) / np.abs(direction).max()
    for factor in range(1, largest + 1):
        if np.abs(factor * v - np.round(factor * v)).max() < 1e-4:
            return tuple(int(i) for i in np.round(factor * v))
    raise ValueError(f"direction {np.round(v, 6).tolist()} has no integer indices up to {largest}")
