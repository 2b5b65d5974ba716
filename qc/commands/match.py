"""``qc match``: a cheap twin of a calculator of forces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from mpi4py import MPI

from atomistics import Crystal, ForcesOnly, load_model

from ..errors import InputError
from ..material.twin import matched_twin
from .terminal import display

STRUCTURES = ("fcc", "bcc")


def match_calculator(name: str, structure: str, element: str, a: float, output: Path) -> list[str]:
    """Fit the twin of the calculator that a name means, write it, and say how alike they are. Not collective.

    Parameters
    ----------
    name : str
        Of a model, as in `load_model`.
    structure : {"fcc", "bcc"}
    element : str
    a : float
        Lattice constant to begin with, A.
    output : Path
        Ends in .snapcoeff.

    Raises
    ------
    InputError
        One sentence.
    """
    if structure not in STRUCTURES:
        raise InputError(f"--structure {structure!r} is not allowed: it must be {' or '.join(STRUCTURES)}")
    if output.suffix != ".snapcoeff":
        raise InputError(f"-o {str(output)!r} is not allowed: the name must end in .snapcoeff")
    if not (np.isfinite(a) and 0.5 < a < 100.0):
        raise InputError(f"--a {a:g} is not allowed: it must be a lattice constant in A")
    try:
        potential = load_model(name, [element])
        if not isinstance(potential, ForcesOnly):
            raise InputError(f"{name} has energies of sites and needs no twin: qc match is for calculators that give forces only")
        potential.name = name
        with display(MPI.COMM_SELF, "twin"):
            found = matched_twin(potential, getattr(Crystal, structure)(element, a))
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"{name}: {error}") from None
    found.write(output, name)
    calls = potential.calls
    return [
        *found.lines(),
        f"{calls.cells} calls on unit cells, {calls.slabs} on up to 72 atoms, {calls.seconds:.1f} s",
        f"twin in {output} and {output.with_suffix('.snapparam').name}: potential.twin = \"{output}\"",
    ]
