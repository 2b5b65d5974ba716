"""Which crystals, potentials, dimensions and shifts fit together, and the sizes of the models for them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from mpi4py import MPI

from atomistics import Crystal, SitePotential, load_potential
from fem.collective import together

from ..coupling.spec import METHODS
from ..errors import InputError
from ..material.cleavage import cells_beside
from .crystals import CrystalWord
from .mesh import dimensions_of_mesh, on_mesh
from .setup import PatchSetup
from .words import SHIFTS

STANDARD_POTENTIALS = {
    ("hexagonal", ()): "toy-eam",
    ("fcc", ("Cu",)): "Cu_mishin1.eam.alloy",
    ("bcc", ("Fe",)): "Fe_mm.eam.fs",
    ("diamond", ("Si",)): "stillinger-weber",
}
"""Potential of a crystal for which none is named."""
IN_THE_PLANE = {
    "diamond": ((1, 1, 1), (1, -1, 0)),
    "zincblende": ((1, 1, 1), (1, -1, 0)),
}
"""Plane normal to y and direction of the front in 2.5-D where they are not those of the cube: those of cracks."""
NO_PLANE = ("hcp",)
"""Crystals tested in 2.5-D only where that is asked for: bgrac finds no reconstruction and refuses the whole run."""
STANDARD_ELEMENTS = {"fcc": ("Cu",), "bcc": ("Fe",), "diamond": ("Si",)}


def make_setups(
    crystals: Sequence[CrystalWord],
    potentials: Sequence[str],
    dimensions: Sequence[float],
    methods: Sequence[str],
    width: float | None,
    mesh: str | None,
    comm: MPI.Comm,
    shifts: Sequence[str] = (),
) -> list[PatchSetup]:
    """All combinations of crystals, potentials and dimensions that fit together; each must fit somewhere. Collective.

    ``shifts`` of multilattices are relaxed and given unless one is named; on a mesh of the user's they are relaxed.
    """
    if mesh is not None:
        dimensions = dimensions_of_mesh(comm, mesh, crystals, dimensions)
    pairs = together(comm, lambda: _pairs(crystals, potentials))
    setups = together(comm, lambda: _with_shifts(_combine(pairs, dimensions, methods, width), shifts, mesh))
    if mesh is None:
        return setups
    return [on_mesh(comm, setup, mesh, methods) for setup in setups]


def _with_shifts(setups: Sequence[PatchSetup], shifts: Sequence[str], mesh: str | None) -> list[PatchSetup]:
    """Each multilattice once with relaxed and once with given shifts, or as asked for."""
    if mesh is not None and "given" in shifts:
        raise InputError(
            "--shifts 'given' does not go with --mesh: the forces that such shifts bear are known where the vertices are lattice sites; "
            "relaxed is expected"
        )
    multilattices = [len(setup.crystal.species) > 1 for setup in setups]
    if shifts and not any(multilattices):
        names = dict.fromkeys(setup.crystal_name for setup in setups)
        raise InputError(
            f"--shifts {shifts[0]!r} fits none of the crystals {', '.join(names)}: one with several atoms a cell is expected, as diamond"
        )
    chosen = shifts or (SHIFTS if mesh is None else ("relaxed",))
    return [
        replace(setup, shifts=choice)
        for setup, several in zip(setups, multilattices, strict=True)
        for choice in (chosen if several else (None,))
    ]


_Pair = tuple[CrystalWord, str, SitePotential, Crystal]


def _pairs(crystals: Sequence[CrystalWord], potentials: Sequence[str]) -> list[_Pair]:
    """Crystals with potentials that know their elements."""
    loaded: list[tuple[CrystalWord, str, SitePotential, Crystal]] = []
    for word in crystals:
        names = potentials or [_standard_potential(word)]
        fitting, reason = [], ""
        for name in names:
            try:
                fitting.append(_pair(word, name))
            except _DoesNotFitError as error:
                reason = reason or str(error)
        if not fitting:
            raise InputError(reason)
        loaded += fitting
    if not crystals:
        loaded = [_own_crystal(name) for name in potentials]
    for name in potentials:
        if name not in [pair[1] for pair in loaded]:
            raise InputError(f"--potential {name!r} fits none of the crystals {', '.join(map(str, crystals))}")
    return loaded


class _DoesNotFitError(ValueError):
    """The potential does not have the crystal's element, or no lattice constant for it."""


def _pair(word: CrystalWord, name: str) -> _Pair:
    potential = _load(name, word.elements)
    elements = word.elements or _elements_of(word, name, potential)
    unknown = [element for element in elements if element not in potential.elements]
    if unknown:
        raise _DoesNotFitError(
            f"--crystal {str(word)!r} does not fit --potential {name!r}: it has no parameters for {', '.join(unknown)}, it knows "
            f"{', '.join(potential.elements)}"
        )
    try:
        crystal = word.build(elements).resolved(potential)
    except ValueError:
        whole = ":".join([word.structure, *elements])
        raise _DoesNotFitError(
            f"--crystal {str(word)!r} has no lattice constant: --potential {name!r} names none for {word.structure} "
            f"{', '.join(elements)}, expected is {whole}:a with a in A"
        ) from None
    return word, name, potential, crystal


def _load(name: str, elements: tuple[str, ...]) -> SitePotential:
    try:
        potential = load_potential(name)
    except (ValueError, OSError) as error:
        raise InputError(f"--potential {name!r} is not usable: {error}") from None
    if elements and not hasattr(potential, "path"):  # a potential in closed form goes under any name
        try:
            potential = load_potential(name, elements)
        except ValueError as error:
            raise _DoesNotFitError(f"--potential {name!r} does not fit {', '.join(elements)}: {error}") from None
    return potential


def _elements_of(word: CrystalWord, name: str, potential: SitePotential) -> tuple[str, ...]:
    """Elements of a crystal given without: the potential's own, or the one it has in that structure."""
    candidates = list(potential.elements)
    if word.n_elements == 1:
        candidates = [e for e in candidates if potential.lattice_constant(word.structure, e) is not None] or candidates
    if len(candidates) != word.n_elements:
        raise InputError(
            f"--crystal {str(word)!r} leaves the element open: --potential {name!r} knows {', '.join(potential.elements)}, expected is "
            f"{word.structure}{':Element' * word.n_elements}"
        )
    return tuple(candidates)


def _standard_potential(word: CrystalWord) -> str:
    elements = word.elements or STANDARD_ELEMENTS.get(word.structure, ())
    key = (word.structure, () if word.structure == "hexagonal" else elements)
    if key not in STANDARD_POTENTIALS:
        known = ", ".join(":".join([structure, *names]) for structure, names in STANDARD_POTENTIALS)
        raise InputError(
            f"--crystal {str(word)!r} needs a --potential: a name or a file is expected (standard ones: {known})"
        )
    return STANDARD_POTENTIALS[key]


def _own_crystal(name: str) -> _Pair:
    """The crystal that a potential itself names a lattice constant for; of two elements, their compound."""
    potential = _load(name, ())
    if len(potential.elements) == 2:
        word = CrystalWord("zincblende", tuple(potential.elements), None)
        if potential.constant_of(word.build(word.elements)) is not None:
            return _pair(word, name)
    for structure in ("hexagonal", "diamond", "fcc", "bcc"):
        for element in potential.elements:
            if potential.lattice_constant(structure, element) is not None:
                return _pair(CrystalWord(structure, (element,) if structure != "hexagonal" else (), None), name)
    raise InputError(f"--potential {name!r} names no crystal of its own: --crystal structure:Element[:a] is expected")


def _combine(
    pairs: Sequence[_Pair], dimensions: Sequence[float], methods: Sequence[str], width: float | None
) -> list[PatchSetup]:
    setups = []
    for word, name, potential, crystal in pairs:
        fitting = (
            [d for d in dimensions if (d == 2) == (word.dimension == 2)] if dimensions else _usual_dimensions(word)
        )
        if not fitting:
            raise InputError(
                f"--dimension {dimensions[0]:g} does not fit --crystal {str(word)!r}: it must be "
                f"{'2' if word.dimension == 2 else '2.5 or 3'}"
            )
        setups += [_setup(word, name, potential, crystal, d, methods, width) for d in fitting]
    for d in dimensions:
        if d not in [setup.dimension for setup in setups]:
            raise InputError(f"--dimension {d:g} fits none of the crystals {', '.join(str(p[0]) for p in pairs)}")
    return setups


def _usual_dimensions(word: CrystalWord) -> list[float]:
    if word.structure in NO_PLANE:
        return [3.0]
    return [2.0] if word.dimension == 2 else [2.5, 3.0]


def _setup(
    word: CrystalWord,
    name: str,
    potential: SitePotential,
    crystal: Crystal,
    dimension: float,
    methods: Sequence[str],
    width: float | None,
) -> PatchSetup:
    full = CrystalWord(word.structure, tuple(dict.fromkeys(crystal.species)), crystal.a)
    if dimension == 2.5 and word.structure in IN_THE_PLANE:
        crystal = cells_beside(crystal.oriented(*IN_THE_PLANE[word.structure]))
    try:
        cutoff = potential.cutoff / crystal.nearest_neighbour_distance
        usual = max(3.0, math.ceil(cutoff)) if dimension == 3 else max(5.0, math.ceil(cutoff) + 1.0)
        core = max(2.0, 0.9 * cutoff) if dimension == 3 else max(4.0, cutoff + 2)
        setup = PatchSetup(
            crystal=crystal,
            potential=potential,
            dimension=dimension,
            crystal_name=str(full),
            potential_name=name,
            width=usual if width is None else width,
            core=core,
        )
        unit = setup.unit
    except ValueError as error:
        raise InputError(f"--crystal {str(word)!r} with --potential {name!r}: {error}") from None
    if not (np.isfinite(unit) and unit > 0):
        raise InputError(
            f"--crystal {str(full)!r} with --potential {name!r} has no stiffness: check the lattice constant"
        )
    _check_width(setup, methods)
    return setup


def reason_against(method: str, setup: PatchSetup) -> str | None:
    """Why the method does not exist for the crystal and the potential; None: it does. B-GRAC needs an inversion of its bonds."""
    return setup.no_inversion if METHODS[method].reconstructed else None


def check_methods(setups: Sequence[PatchSetup], methods: Sequence[str]) -> None:
    """Refuse a method asked for by name with a crystal or a potential that it cannot take."""
    for setup in setups:
        for method in methods:
            reason = reason_against(method, setup)
            if reason is not None:
                raise InputError(
                    f"--crystal {setup.crystal_name!r} with --potential {setup.potential_name!r} does not fit --method {method}: {reason}"
                )


def _check_width(setup: PatchSetup, methods: Sequence[str]) -> None:
    """Refuse a handshake narrower than the cutoff: blended sites would see through it."""
    width = setup.width
    facts = [METHODS[m] for m in methods]
    blended = [m.name for m in facts if m.handshake and not (width == 0 and m.reconstructed)]  # which may be sharp
    if not (np.isfinite(width) and width >= 0):
        raise InputError(f"--width {width:g} is not allowed: it must be a number >= 0 in nearest-neighbour distances")
    least = setup.potential.cutoff / setup.nn
    if blended and width < least:
        raise InputError(
            f"--width {width:g} is too narrow for {', '.join(blended)}: a handshake must be at least as wide as the cutoff of "
            f"{setup.potential_name}, {least:.3f} nearest-neighbour distances ({setup.potential.cutoff:g} A)"
        )
