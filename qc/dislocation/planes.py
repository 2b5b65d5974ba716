"""Planes that the crack front lies in, and the slips across their gaps after which a crystal goes on undisturbed or with a fault."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atomistics import Crystal

from ..material.slip import FAMILIES, SlipFamily, SlipSystem, variants

TWINNING: dict[str, tuple[SlipFamily, ...]] = {"bcc": (SlipFamily(plane=(1, 1, 2), burgers=(1 / 6, 1 / 6, -1 / 6)),)}
"""Partials that are met as twins only: on one plane alone they leave no fault that would hold."""

ALONG = 1e-6
"""Of a plane's unit normal along the front: the front lies in the plane."""
SAME = 1e-3
"""Lengths that are one, in nearest-neighbour distances."""
TOO_CLOSE = 0.9
"""Atoms that a fault brings closer than this many nearest-neighbour distances sit on top of each other: no crystal has it."""
BONDED = 1.1
"""Atoms closer than this are nearest neighbours, and a fault leaves them as many as there were."""
MOST = 3.2
"""Longest slip that is told from others, in shortest lattice vectors: a few dislocations on one plane."""


@dataclass(frozen=True, kw_only=True)
class SlipPlane:
    """A plane of a slip system that contains the front.

    Attributes
    ----------
    name : str
        ``(1 1 -1)``, the first index not negative.
    normal : (3,) ndarray
        Unit vector of these indices, laboratory frame.
    along : (3,) ndarray
        Unit vector in the plane, across the front.
    lattice : (n, 3) ndarray
        Lattice vectors in the plane, 0 among them, A.
    partials : (m, 3) ndarray
        Burgers vectors of the partials, both senses, A.
    twins_only : bool
        Whether the partials hold no fault but in twins.
    """

    name: str
    normal: np.ndarray
    along: np.ndarray
    lattice: np.ndarray
    partials: np.ndarray
    twins_only: bool


def planes_of(crystal: Crystal) -> list[SlipPlane]:
    """Planes of the usual systems of a crystal that contain the front (z), those of low indices first, then those of its twins."""
    lattice = _lattice_vectors(crystal)
    return [
        _plane(crystal, lattice, some, twins)
        for twins, families in ((False, FAMILIES), (True, TWINNING))
        for some in _by_plane(crystal, families.get(crystal.structure, ()))
    ]


def _by_plane(crystal: Crystal, families: tuple[SlipFamily, ...]) -> list[list[SlipSystem]]:
    """Systems of the planes that contain the front, each plane's together."""
    systems: dict[str, list[SlipSystem]] = {}
    for system in (system for family in families for system in variants(crystal, family)):
        if abs(system.normal[2]) < ALONG:
            systems.setdefault(system.plane, []).append(system)
    return sorted(systems.values(), key=lambda some: _size(some[0].plane))


def _size(name: str) -> tuple[int, str]:
    return sum(int(i) ** 2 for i in name.strip("()").split()), name


def _plane(crystal: Crystal, lattice: np.ndarray, systems: list[SlipSystem], twins_only: bool) -> SlipPlane:
    normal = systems[0].normal
    inside = lattice[np.abs(lattice @ normal) < SAME * crystal.nearest_neighbour_distance]
    vectors = np.array([sign * s.b for s in systems for sign in (1.0, -1.0)])
    apart = np.linalg.norm(vectors[:, None] - inside, axis=2).min(1)
    partials = vectors[apart > SAME * crystal.nearest_neighbour_distance]
    return SlipPlane(
        name=systems[0].plane,
        normal=normal,
        along=np.cross(normal, [0.0, 0.0, 1.0]),
        lattice=inside,
        partials=partials.reshape(-1, 3),
        twins_only=twins_only,
    )


def _lattice_vectors(crystal: Crystal) -> np.ndarray:
    """(n, 3) vectors between equal atoms up to `MOST` shortest ones, 0 among them, A."""
    bonds, kind = crystal.stencil_and_species(MOST * crystal.shortest_lattice_vector)
    return np.concatenate([np.zeros((1, 3)), bonds[kind == 0]])


class Translations:
    """What the crystal above a gap may have slipped by against that below, for the gaps of all planes of one crystal."""

    def __init__(self, crystal: Crystal) -> None:
        self._crystal = crystal
        self._known: dict[tuple[str, bool, int], np.ndarray] = {}

    def across(self, plane: SlipPlane, basis: int) -> np.ndarray:
        """(n, 3) slips of what lies above the gap over an atom of basis number ``basis``, A.

        Lattice vectors of the plane, and partials with a lattice vector more or less whose fault brings no atoms on top of others:
        which sense of a partial that is depends on the gap in hcp and diamond.
        """
        key = plane.name, plane.twins_only, basis
        if key not in self._known:
            faults = [f for f in plane.partials if self._holds(plane, basis, f)]
            slips = np.concatenate([plane.lattice, *(f + plane.lattice for f in faults)])
            self._known[key] = np.unique(np.round(slips, 7), axis=0)
        return self._known[key]

    def _holds(self, plane: SlipPlane, basis: int, shift: np.ndarray) -> bool:
        nn = self._crystal.nearest_neighbour_distance
        around = np.concatenate([self._crystal.stencil(4.0 * nn, basis), np.zeros((1, 3))])
        height = around @ plane.normal
        below = around[(height < SAME * nn) & (height > -2.0 * nn)]
        above = around[(height > SAME * nn) & (height < 2.0 * nn)]
        middle = np.linalg.norm(below, axis=1) < 1.2 * nn  # the rest has not all of its neighbours in the stencil
        before, after = (np.linalg.norm(above[:, None] + s - below[middle], axis=2) / nn for s in (0.0, shift))
        return bool(after.min() > TOO_CLOSE and (after < BONDED).sum() >= (before < BONDED).sum())


def is_fault(plane: SlipPlane, slip: np.ndarray) -> bool:
    """Whether a slip (A) of those across a gap of the plane leaves a fault: it is no lattice vector."""
    return bool(np.linalg.norm(plane.lattice - slip, axis=1).min() > 1e-3)
