"""Finding potentials by name: built-in ones, files, and the tables that come with LAMMPS."""

from __future__ import annotations

import inspect
import logging
import os
from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from .ace import AcePotential
from .adp import ADP
from .aliases import MAKER, Alias, find_alias, known_aliases, own_file
from .analytic import HexagonalEAM, LennardJones, Morse, ToyEAM
from .eam import EAM
from .edip import EDIP
from .folders import potential_folders
from .meam import MEAM
from .model import ModelPotential
from .plugins import PLUGINS, plugins
from .setfl import SUPPORTED, read_table
from .site_potential import SitePotential
from .snap import SnapPotential
from .stillinger_weber import StillingerWeber, holland_marder, stillinger_weber
from .tersoff import Tersoff, kumagai, tersoff_t3
from .uf3 import uf3

log = logging.getLogger(__name__)
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
    ".snap": SnapPotential.from_file,
    ".snapcoeff": SnapPotential.from_file,
    ".yace": AcePotential.from_file,
    ".ace": AcePotential.from_file,
    ".edip": EDIP.from_file,
    ".meam": MEAM.from_file,
    ".uf3": uf3,
}
"""Readers by the end of the file's name; everything else is taken for setfl or funcfl."""

OTHERS = {
    ".meam.spline": "MEAM splines", ".snapparam": "the parameters of SNAP, which are read with a .snap or .snapcoeff",
    ".bop.table": "a bond-order potential (BOP)", ".poly": "BOP or a polymorphic potential", ".vashishta": "Vashishta",
    ".airebo": "AIREBO", ".rebo": "REBO", ".mliap.model": "a machine-learned potential",
    ".pt": "a machine-learned potential", ".model": "a machine-learned potential", ".comb": "COMB", ".comb3": "COMB3", ".eim": "EIM",
    ".gw": "Gao-Weber", ".lcbop": "LCBOP", ".agni": "AGNI", ".rann": "RANN", ".tersoff.modc": "tersoff/mod/c",
    ".tersoff.zbl": "tersoff/zbl", ".sw.mod": "sw/mod", ".table": "a table of LAMMPS' pair style table", ".xml": "an XML file (GAP)",
    ".yaml": "a B-basis of pacemaker, which its pace_yaml2yace converts to .yace,",
}  # fmt: skip
"""Formats that are not read, by the end of the file's name, for sentences."""


def load_potential(
    path_or_name: str | os.PathLike[str], elements: Sequence[str] | None = None, **parameters: float
) -> SitePotential:
    """A site potential by built-in name or from a file: by its name one of `FORMATS`, else setfl or funcfl.

    Files may be compressed by gzip, and may be in LAMMPS' units metal or real (``UNITS:`` in their first line).

    Parameters
    ----------
    path_or_name : str or path
        "lennard-jones", "morse", "toy-eam", "hexagonal-eam", "stillinger-weber", "holland-marder", "tersoff-t3",
        "kumagai", a model's name (`load_model`), or a file, looked for in the working directory, in
        the folders of ``$QC_POTENTIALS``, and among the potentials of the installed ``lammps`` package.
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
        return _made(name, BUILT_IN[name], elements, parameters)
    if (alias := find_alias(name)) is not None:
        return _of_alias(name, alias, elements, parameters)
    if parameters:
        raise ValueError(f"potential {name!r} is a file and takes no parameters, got {', '.join(parameters)}")
    path = find_potential(name)
    for ending, plugin in plugins().items():
        if ending.startswith(".") and ending not in FORMATS and path.name.endswith(ending):
            package = plugin.dist.name if plugin.dist else "an unknown package"
            whose = f"potential {ending!r} of {package} ({plugin.value})"
            return _of_others(whose, plugin, lambda reader: reader(path, elements))
    return _reader(path)(path, elements)


def _made(
    name: str, maker: Callable[..., SitePotential], elements: Sequence[str] | None, parameters: dict[str, float]
) -> SitePotential:
    """A potential by name, with parameters that it has."""
    signature = inspect.signature(maker).parameters
    known = [p for p in signature if p != "elements"]
    unknown = [p for p in parameters if p not in known]
    if unknown and not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in signature.values()):
        takes = ", ".join(known) or "none"
        raise ValueError(f"potential {name!r} has no parameter {', '.join(unknown)}: it takes {takes}")
    named = {"elements": tuple(elements)} if elements and "elements" in signature else {}
    return maker(**named, **parameters)


def load_model(name: str, elements: Sequence[str] | None = None, **parameters: float) -> SitePotential:
    """The model that a name means, as `load_potential`, which takes files, too.

    Parameters
    ----------
    name : str
        As given to ``--model`` or `add_alias`, in the user's own file, or by an installed package (`PLUGINS`).
    elements : sequence of str, optional
    **parameters : float
        Keyword arguments of the function behind the name, besides those of the user's own file.

    Raises
    ------
    ValueError
        One sentence: nobody knows the name, or what its code has raised.
    """
    if (alias := find_alias(name)) is None:
        known = ", ".join(known_aliases()) or "none"
        raise ValueError(
            f"no model has this name (known: {known}); say where its code is by --model NAME={MAKER}, in {own_file()}, "
            f"or by a package with an entry point of the group {PLUGINS}"
        )
    return _of_alias(name, alias, elements, parameters)


def _of_alias(
    name: str, alias: Alias, elements: Sequence[str] | None, parameters: dict[str, float]
) -> SitePotential:
    whose = f"potential {name!r} of {alias.source} ({alias.maker})"
    return _of_others(whose, alias, lambda maker: _made(name, maker, elements, alias.parameters | parameters))


def _of_others(whose: str, named: EntryPoint | Alias, use: Callable[[Callable[..., Any]], Any]) -> SitePotential:
    """The potential of somebody else's code; whatever goes wrong in it is told in one sentence that names it."""
    try:
        found = use(named.load())
        if hasattr(found, "evaluate") and hasattr(found, "cutoff") and not isinstance(found, SitePotential):
            found = ModelPotential(found)
    except Exception as error:
        log.debug("%s", whose, exc_info=True)
        raise ValueError(f"{whose}: {' '.join(str(error).split()) or type(error).__name__}") from error
    if not isinstance(found, SitePotential):
        raise ValueError(f"{whose} gave {type(found).__name__}, an atomistics.SitePotential or SiteModel is expected")
    return found


def _reader(path: Path) -> Callable[..., SitePotential]:
    """The reader for a file, by its name."""
    name = path.name.removesuffix(".gz")
    for ending, reader in FORMATS.items():
        if name.endswith(ending):
            return reader
    for ending in FORMATS:
        if ending + "." in name:
            found = OTHERS.get(name[name.index(ending) :], f"another relative of {ending}")
            raise ValueError(f"{path}: expected {SUPPORTED}, found {found}")
    return _table


def _table(path: Path, elements: Sequence[str] | None = None) -> SitePotential:
    """The potential of a table of any name; what the name says of its format is told where that is none."""
    try:
        table = read_table(path)
        return EAM(table, elements) if table.dipole is None else ADP(table, elements)
    except ValueError as error:
        name = path.name.removesuffix(".gz")
        found = next((what for ending, what in OTHERS.items() if name.endswith(ending)), "")
        if not found:
            raise
        raise ValueError(f"{path}: expected {SUPPORTED}, found {found} by its name ({error})") from None


def find_potential(name: str) -> Path:
    """Path of a potential file; ValueError that lists the places searched."""
    places, wanted = potential_folders(), os.path.expanduser(name)
    for folder in places:
        path = folder / wanted
        if os.path.isfile(path):  # no error for a name that no file can have
            return path
    searched = ", ".join(str(p) for p in places)
    known = ", ".join([*BUILT_IN, *(word for word in plugins() if not word.startswith("."))])
    raise ValueError(f"no potential {name!r}: not in {searched}, and not built in ({known})")
