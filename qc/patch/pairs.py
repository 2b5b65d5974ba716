"""Which potentials know which crystals: the words of the command line, paired and loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from atomistics import Crystal, SitePotential, load_potential

from ..errors import InputError
from .crystals import CrystalWord

STANDARD_POTENTIALS = {
    ("hexagonal", ()): "toy-eam",
    ("fcc", ("Cu",)): "Cu_mishin1.eam.alloy",
    ("bcc", ("Fe",)): "Fe_mm.eam.fs",
    ("diamond", ("Si",)): "stillinger-weber",
}
"""Potential of a crystal for which none is named."""
STANDARD_ELEMENTS = {"fcc": ("Cu",), "bcc": ("Fe",), "diamond": ("Si",)}
"""Elements of a crystal for which none is named."""


@dataclass(frozen=True)
class Pair:
    """A crystal and a potential that knows its elements and a lattice constant for it.

    Attributes
    ----------
    word : CrystalWord
        What the crystal was asked for by.
    name : str
        What the potential was asked for by.
    potential : SitePotential
    crystal : Crystal
        With the lattice constant.
    """

    word: CrystalWord
    name: str
    potential: SitePotential
    crystal: Crystal


def pairs(crystals: Sequence[CrystalWord], potentials: Sequence[str]) -> list[Pair]:
    """Crystals with potentials that know their elements."""
    loaded: list[Pair] = []
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
        if name not in [pair.name for pair in loaded]:
            raise InputError(f"--potential {name!r} fits none of the crystals {', '.join(map(str, crystals))}")
    return loaded


class _DoesNotFitError(ValueError):
    """The potential does not have the crystal's element, or no lattice constant for it."""


def _pair(word: CrystalWord, name: str) -> Pair:
    """The pair of two words; `_DoesNotFitError` if another potential may still fit the crystal."""
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
    return Pair(word, name, potential, crystal)


def _load(name: str, elements: tuple[str, ...]) -> SitePotential:
    """The potential of that name, of these elements if it is one in closed form."""
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
    """Name of the potential of a crystal for which none is named."""
    elements = word.elements or STANDARD_ELEMENTS.get(word.structure, ())
    key = (word.structure, () if word.structure == "hexagonal" else elements)
    if key not in STANDARD_POTENTIALS:
        known = ", ".join(":".join([structure, *names]) for structure, names in STANDARD_POTENTIALS)
        raise InputError(
            f"--crystal {str(word)!r} needs a --potential: a name or a file is expected (standard ones: {known})"
        )
    return STANDARD_POTENTIALS[key]


def _own_crystal(name: str) -> Pair:
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
