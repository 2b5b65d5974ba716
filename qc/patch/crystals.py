"""Crystals that ``qc patch-test`` knows by a word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from atomistics import Crystal

from ..errors import InputError

CRYSTALS: dict[str, Callable[..., Crystal]] = {
    "hexagonal": Crystal.hexagonal,
    "fcc": Crystal.fcc,
    "bcc": Crystal.bcc,
    "diamond": Crystal.diamond,
    "zincblende": Crystal.zincblende,
    "B2": Crystal.B2,
    "L1_2": Crystal.L1_2,
    "hcp": Crystal.hcp,
}
"""Crystals by name; each makes one from its elements and a lattice constant ``a`` (A, None: the potential's own)."""

SPECIES = {"zincblende": 2, "B2": 2, "L1_2": 2}
"""How many elements a crystal has, where it is not one."""
CRYSTAL_FORM = (
    f"{'|'.join(c for c in CRYSTALS if c not in SPECIES)}[:Element[:a]] or {'|'.join(SPECIES)}[:Element:Element[:a]]"
)


@dataclass(frozen=True)
class CrystalWord:
    """``structure[:Element[:a]]``, a in A; a compound names all its elements or none."""

    structure: str
    elements: tuple[str, ...]
    a: float | None

    @property
    def dimension(self) -> int:
        """Dimension of the crystal itself: 2 for the hexagonal sheet, else 3."""
        return 2 if self.structure == "hexagonal" else 3

    @property
    def n_elements(self) -> int:
        """Different elements of the crystal."""
        return SPECIES.get(self.structure, 1)

    def build(self, elements: tuple[str, ...]) -> Crystal:
        """The crystal, of these elements."""
        return CRYSTALS[self.structure](*elements, a=self.a)

    def __str__(self) -> str:
        return ":".join([self.structure, *self.elements, *([f"{self.a:.10g}"] if self.a else [])])


def parse_crystal(text: str) -> CrystalWord:
    """A crystal from ``structure[:Element[:a]]``."""
    structure, *rest = (part.strip() for part in text.split(":"))
    n = SPECIES.get(structure, 1)
    if structure not in CRYSTALS or len(rest) > n + 1:
        raise InputError(f"--crystal {text!r} is not known: it must be {CRYSTAL_FORM}")
    elements = tuple(part for part in rest[:n] if part)
    for element in elements:
        if not element.isalnum():
            raise InputError(
                f"--crystal {text!r} is not allowed: {element!r} is no element, expected is {CRYSTAL_FORM}"
            )
    if elements and (len(elements) != n or (n > 1 and any(e[0].isdecimal() for e in elements))):
        raise InputError(f"--crystal {text!r} is not allowed: {structure} has {n} elements, expected is {CRYSTAL_FORM}")
    if len(rest) <= n or not rest[n]:
        return CrystalWord(structure, elements, None)
    wrong = f"--crystal {text!r} is not allowed: the lattice constant must be a number > 0 in A, got {rest[n]!r}"
    try:
        a = float(rest[n])
    except ValueError:
        raise InputError(wrong) from None
    if not a > 0:
        raise InputError(wrong)
    return CrystalWord(structure, elements, a)
