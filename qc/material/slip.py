"""Slip systems: families by crystal structure, and all that symmetry makes of them in the crystal's orientation."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import spglib

from atomistics import Crystal

from .cleavage import miller

SAME = 1e-5
"""Distance of lattice points that are one, in units of the lattice constant."""


@dataclass(frozen=True, kw_only=True)
class SlipFamily:
    """One plane and Burgers vector; symmetry makes the others.

    Attributes
    ----------
    plane : tuple of int
        Miller indices in the conventional cell (of hcp h, k, l of h k i l).
    burgers : tuple of float
        In vectors of the conventional cell. A partial's sense counts: it has to lead to the cheaper of its two faults.
    cut : "widest", "shuffle", "glide" or int
        The gap of the plane that slips, as for `qc.material.surface.surface_energy`.
    """

    plane: tuple[int, ...]
    burgers: tuple[float, ...]
    cut: str | int = "widest"

    @property
    def name(self) -> str:
        """As ``{1 1 1} 1/6<1 1 -2>``, with the gap where the plane has several."""
        gap = "" if self.cut == "widest" else f" {self.cut}"
        return f"{{{' '.join(map(str, self.plane))}}}{gap} {in_words(self.burgers, '<>')}"


def _family(plane: tuple[int, ...], numbers: tuple[int, ...], parts: int = 1, cut: str = "widest") -> SlipFamily:
    return SlipFamily(plane=plane, burgers=tuple(n / parts for n in numbers), cut=cut)


OCTAHEDRAL = (_family((1, 1, 1), (1, 1, -2), 6), _family((1, 1, 1), (1, -1, 0), 2))
TETRAHEDRAL = (
    _family((1, 1, 1), (1, -1, 0), 2, "shuffle"),
    _family((1, 1, 1), (1, 1, -2), 6, "glide"),
    _family((1, 1, 1), (1, -1, 0), 2, "glide"),
)
FAMILIES: dict[str, tuple[SlipFamily, ...]] = {
    "fcc": OCTAHEDRAL,
    "L1_2": OCTAHEDRAL,
    "bcc": tuple(_family(plane, (1, 1, 1), 2) for plane in ((1, -1, 0), (1, 1, -2), (1, 2, -3))),
    "B2": (_family((1, 1, 0), (0, 0, 1)), _family((1, -1, 0), (1, 1, 1), 2)),
    "diamond": TETRAHEDRAL,
    "zincblende": TETRAHEDRAL,
    "hcp": (
        _family((0, 0, 1), (1, -1, 0), 3),  # basal: partial, full
        _family((0, 0, 1), (1, 0, 0)),
        _family((1, 0, 0), (0, 1, 0)),  # prismatic <a>
        _family((1, 0, 1), (0, 1, 0)),  # pyramidal I <a>
        _family((1, 1, 2), (-1, -1, 1)),  # pyramidal II <c + a>
    ),
    "hexagonal": (_family((0, 1), (1, 0)),),
}
"""Usual systems. Of hcp in three indices: (1 0 1) is {1 0 -1 1}, [1 0 0] is 1/3[2 -1 -1 0], [-1 -1 1] is 1/3[-1 -1 2 3]."""


@dataclass(frozen=True, kw_only=True)
class SlipSystem:
    """A member of a family in the laboratory frame; the half beyond the plane, on the side of its normal, slips by b.

    Attributes
    ----------
    family : SlipFamily
    normal : (3,) ndarray
        Unit vector.
    b : (3,) ndarray
        Burgers vector, A.
    plane, burgers : str
        Miller indices, ``(1 1 -1)`` and ``1/6[1 1 2]``.
    """

    family: SlipFamily
    normal: np.ndarray
    b: np.ndarray
    plane: str
    burgers: str


NOTATION = re.compile(r"\s*\(([-\d\s,]{1,40})\)\s*(\d{1,3}(?:/\d{1,3})?)?\s*\[([-\d\s,]{1,40})\]\s*(shuffle|glide|\d{1,2})?\s*")


def slip_family(text: str) -> SlipFamily:
    """A system as people write it, ``(1 1 1) 1/6[1 1 -2]`` or ``(1 1 1) 1/2[1 -1 0] shuffle``; ValueError for anything else."""
    found = NOTATION.fullmatch(text[:200])
    try:
        plane, part, direction, gap = found.groups() if found else ("", None, "", None)
        whole = [int(n) for n in re.split(r"[\s,]+", plane.strip())], [int(n) for n in re.split(r"[\s,]+", direction.strip())]
        length = Fraction(part or "1")
    except (ValueError, ZeroDivisionError):
        raise ValueError(
            f'slip system {text[:60]!r} is not allowed: it must be a plane and a Burgers vector, as "(1 1 1) 1/6[1 1 -2]", with the name '
            'or number of the gap behind where the plane has several, as "shuffle"'
        ) from None
    cut = int(gap) if gap and gap.isdigit() else gap or "widest"
    return SlipFamily(plane=tuple(whole[0]), burgers=tuple(float(length * n) for n in whole[1]), cut=cut)


def representative(crystal: Crystal, family: SlipFamily) -> tuple[np.ndarray, np.ndarray]:
    """Normal (unit vector) and Burgers vector (A) of the family as it is given, laboratory frame.

    Raises
    ------
    ValueError
        The Burgers vector does not lie in the plane, or there is a wrong number of indices.
    """
    n, conventional = crystal.dimension, crystal.conventional_ij[: crystal.dimension]
    if len(family.plane) != n or len(family.burgers) != n:
        raise ValueError(f"{_given(family)} must have {n} indices for the plane and {n} for the Burgers vector")
    b = np.array(family.burgers) @ conventional
    normal = np.linalg.lstsq(conventional, np.array(family.plane, dtype=float), rcond=None)[0]
    if not np.linalg.norm(normal) or not np.linalg.norm(b) or abs(normal @ b) > SAME * np.linalg.norm(normal) * np.linalg.norm(b):
        raise ValueError(f"{_given(family)} is not allowed: the Burgers vector must lie in the plane, and neither may be 0")
    return normal / np.linalg.norm(normal), b


def _given(family: SlipFamily) -> str:
    return f"slip system ({' '.join(map(str, family.plane))})[{' '.join(f'{n:g}' for n in family.burgers)}]"


def shortest_burgers(crystal: Crystal) -> float:
    """Length of the shortest Burgers vector of the usual systems, A; of a structure without any its shortest lattice vector."""
    families = FAMILIES.get(crystal.structure, ())
    return min((float(np.linalg.norm(representative(crystal, f)[1])) for f in families), default=crystal.shortest_lattice_vector)


def is_lattice_vector(crystal: Crystal, b: np.ndarray) -> bool:
    """Whether the crystal goes on undisturbed beyond a slip by b (A): a full dislocation, no partial."""
    steps = np.linalg.solve(crystal.cell_ij.T, b)
    return bool(np.abs(steps - np.round(steps)).max() < SAME)


def variants(crystal: Crystal, family: SlipFamily, sense: float = 1.0) -> list[SlipSystem]:
    """All systems that the crystal's point group makes of one; ``sense`` -1 turns the Burgers vector of a partial round.

    A lattice vector leads to the same crystal both ways. A slip of one half by b is that of the other by -b: of such pairs
    one is listed.
    """
    normal, b = representative(crystal, family)
    senses = (1.0, -1.0) if is_lattice_vector(crystal, b) else (sense,)
    found: dict[tuple[str, str], SlipSystem] = {}
    for Q, turn in itertools.product(_point_group(crystal), senses):
        n, v = Q @ normal, turn * (Q @ b)
        plane = miller(crystal.conventional_ij[: crystal.dimension] @ n)
        if next(i for i in plane if i) < 0:
            plane, n, v = tuple(-i for i in plane), -n, -v
        steps = np.linalg.solve(crystal.conventional_ij.T, v)[: crystal.dimension]
        names = (f"({' '.join(map(str, plane))})", in_words(tuple(steps.tolist()), "[]"))
        found.setdefault(names, SlipSystem(family=family, normal=n, b=v, plane=names[0], burgers=names[1]))
    return [found[key] for key in sorted(found)]


def _point_group(crystal: Crystal) -> Iterator[np.ndarray]:
    """(3, 3) rotations and reflections that, with some translation, map the crystal on itself, laboratory frame."""
    L = crystal.cell_ij.T
    if crystal.dimension == 2:
        L = L.copy()
        L[2, 2] = 7.0 * np.linalg.norm(L[:, 0])  # no operation may turn the sheet's normal into its plane
    places = np.linalg.solve(L, crystal.basis_ai.T).T
    names = sorted(set(crystal.species))
    cell = (L.T.tolist(), places.tolist(), [names.index(s) for s in crystal.species])
    symmetry = spglib.get_symmetry(cell, symprec=SAME * float(np.linalg.norm(L[:, 0])))
    if symmetry is None:
        raise ValueError("the symmetry of the crystal is not found: are two of its atoms at one place?")
    for W in np.unique(symmetry["rotations"], axis=0):
        yield L @ W @ np.linalg.inv(L)


def in_words(numbers: tuple[float, ...], brackets: str) -> str:
    """A direction with its length, ``1/2[1 1 1]``."""
    whole = miller(np.array(numbers))
    largest = int(np.argmax(np.abs(whole)))
    part = Fraction(numbers[largest] / whole[largest]).limit_denominator(24)
    factor = "" if part == 1 else f"{part}"
    return f"{factor}{brackets[0]}{' '.join(map(str, whole))}{brackets[1]}"
