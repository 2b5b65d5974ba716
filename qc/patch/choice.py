"""Which dimensions and shifts fit a crystal and its potential, and the sizes of the models for them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from mpi4py import MPI

from fem.collective import together

from ..coupling.spec import METHODS
from ..errors import InputError
from ..material.cleavage import cells_beside
from .crystals import CrystalWord
from .mesh import dimensions_of_mesh, on_mesh
from .pairs import Pair, pairs
from .setup import PatchSetup
from .words import SHIFTS

IN_THE_PLANE = {
    "diamond": ((1, 1, 1), (1, -1, 0)),
    "zincblende": ((1, 1, 1), (1, -1, 0)),
}
"""Plane normal to y and direction of the front in 2.5-D where they are not those of the cube: those of cracks."""
NO_PLANE = ("hcp",)
"""Crystals tested in 2.5-D only where that is asked for: bgrac finds no reconstruction and refuses the whole run."""


@dataclass(frozen=True, kw_only=True)
class PatchChoice:
    """What the words of the command line ask for; what is left empty is chosen.

    Attributes
    ----------
    crystals : sequence of CrystalWord
        None of them: those that the potentials themselves name.
    potentials : sequence of str
        Names or files.
    dimensions : sequence of {2, 2.5, 3}
    methods : sequence of str
    width : float or None
        Width of the handshake, nearest-neighbour distances.
    mesh : str or None
        The user's own.
    shifts : sequence of {"relaxed", "given"}
        What is done with the inner shifts of multilattices.
    """

    crystals: Sequence[CrystalWord] = ()
    potentials: Sequence[str] = ()
    dimensions: Sequence[float] = ()
    methods: Sequence[str]
    width: float | None = None
    mesh: str | None = None
    shifts: Sequence[str] = ()


def make_setups(choice: PatchChoice, comm: MPI.Comm) -> list[PatchSetup]:
    """All combinations of crystals, potentials and dimensions that fit together; each must fit somewhere. Collective.

    Shifts of multilattices are relaxed and given unless one is named; on a mesh of the user's they are relaxed.
    """
    mesh = choice.mesh
    if mesh is not None:
        found = dimensions_of_mesh(comm, mesh, choice.crystals, choice.dimensions)
        choice = replace(choice, dimensions=found)
    paired = together(comm, lambda: pairs(choice.crystals, choice.potentials))
    setups = together(comm, lambda: _with_shifts(_combine(paired, choice), choice.shifts, mesh))
    if mesh is None:
        return setups
    return [on_mesh(comm, setup, mesh, choice.methods) for setup in setups]


def _with_shifts(setups: Sequence[PatchSetup], shifts: Sequence[str], mesh: str | None) -> list[PatchSetup]:
    """Each multilattice once with relaxed and once with given shifts, or as asked for."""
    if mesh is not None and "given" in shifts:
        raise InputError(
            "--shifts 'given' does not go with --mesh: the forces of such shifts are known where the vertices are lattice sites; "
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


def _combine(paired: Sequence[Pair], choice: PatchChoice) -> list[PatchSetup]:
    """A setup for each pair in each dimension that fits it."""
    dimensions, setups = choice.dimensions, []
    for pair in paired:
        flat = pair.word.dimension == 2
        fitting = [d for d in dimensions if (d == 2) == flat] if dimensions else _usual_dimensions(pair.word)
        if not fitting:
            raise InputError(
                f"--dimension {dimensions[0]:g} does not fit --crystal {str(pair.word)!r}: it must be "
                f"{'2' if flat else '2.5 or 3'}"
            )
        setups += [_setup(pair, d, choice) for d in fitting]
    for d in dimensions:
        if d not in [setup.dimension for setup in setups]:
            raise InputError(f"--dimension {d:g} fits none of the crystals {', '.join(str(p.word) for p in paired)}")
    return setups


def _usual_dimensions(word: CrystalWord) -> list[float]:
    """Dimensions in which a crystal is tested where none is named."""
    if word.structure in NO_PLANE:
        return [3.0]
    return [2.0] if word.dimension == 2 else [2.5, 3.0]


def _setup(pair: Pair, dimension: float, choice: PatchChoice) -> PatchSetup:
    """The setup of a pair in one dimension, its sizes following the cutoff."""
    word, potential, crystal = pair.word, pair.potential, pair.crystal
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
            potential_name=pair.name,
            width=usual if choice.width is None else choice.width,
            core=core,
        )
        unit = setup.unit
    except ValueError as error:
        raise InputError(f"--crystal {str(word)!r} with --potential {pair.name!r}: {error}") from None
    if not (np.isfinite(unit) and unit > 0):
        raise InputError(
            f"--crystal {str(full)!r} with --potential {pair.name!r} has no stiffness: check the lattice constant"
        )
    _check_width(setup, choice.methods)
    return setup


def reason_against(method: str, setup: PatchSetup) -> str | None:
    """Why the method does not exist for the crystal and the potential, if it does not: B-GRAC needs an inversion of its bonds."""
    return setup.no_inversion if METHODS[method].reconstructed else None


def check_methods(setups: Sequence[PatchSetup], methods: Sequence[str]) -> None:
    """Refuse a method asked for by name with a crystal or a potential that it cannot take."""
    for setup in setups:
        alike = [s for s in setups if (s.crystal_name, s.potential_name) == (setup.crystal_name, setup.potential_name)]
        for method in methods:
            reason = reason_against(method, setup)
            if reason is not None and all(reason_against(method, other) for other in alike):  # not with other shifts either
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
