"""What the words of ``qc patch-test`` mean: deformations, dimensions, shifts, engines; one plain sentence if they make no sense."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..coupling.spec import METHODS
from ..errors import InputError
from ..qm.engine.aliases import add_engine, is_there, named_engine

REFERENCES = ("lattice", "far_field")
SHIFTS = ("relaxed", "given")
"""Inner shifts of a multilattice: of least energy, or what the test says, whatever forces belong to them."""
DIMENSIONS = (2.0, 2.5, 3.0)
DEFORMATION_FORM = (
    "identity, shear:G, stretch:E, general:E, random:SEED, rotation:DEGREES, or the components of F row by row, "
    "separated by commas (9, or 4 in 2-D)"
)
GENERAL = np.array([[1.0, 0.5, 0.3], [-0.2, -0.7, 0.1], [0.2, 0.6, 0.4]])
"""A gradient without any symmetry; scaled to spectral norm 1 in the dimension at hand."""
RANDOM_NORM = 0.05


@dataclass(frozen=True, eq=False)
class Deformation:
    """A uniform deformation gradient and the words for it.

    Attributes
    ----------
    name : str
        As given.
    F : (3, 3) ndarray
    degrees : float or None
        Angle of a rotation about z.
    """

    name: str
    F: np.ndarray
    degrees: float | None = None

    def __str__(self) -> str:
        return self.name


IDENTITY = Deformation("identity", np.eye(3))


def parse_method(name: str) -> str:
    """A method of the suite."""
    if name not in METHODS:
        raise InputError(f"--method {name!r} is not known: it must be one of {', '.join(METHODS)}")
    return name


def parse_reference(name: str) -> str:
    """State at which BGFC takes its dead load."""
    if name not in REFERENCES:
        raise InputError(f"--reference {name!r} is not known: it must be one of {', '.join(REFERENCES)}")
    return name


def parse_shifts(name: str) -> str:
    """What is done with the inner shifts of a multilattice."""
    if name not in SHIFTS:
        raise InputError(f"--shifts {name!r} is not known: it must be one of {', '.join(SHIFTS)}")
    return name


def parse_dimension(text: str) -> float:
    """2, 2.5 or 3."""
    value = _number(text, f"--dimension {text!r} is not allowed: it must be 2, 2.5 or 3")
    if value not in DIMENSIONS:
        raise InputError(f"--dimension {text!r} is not allowed: it must be 2, 2.5 or 3")
    return value


def _checked(deformation: Deformation, dimension: float) -> Deformation:
    F = deformation.F
    determinant = float(np.linalg.det(F)) if np.isfinite(F).all() else math.nan
    if not determinant > 1e-6:
        raise InputError(
            f"--deformation {deformation.name!r} is singular or inverted: det F must be positive and finite, got {determinant:.3g}"
        )
    if dimension == 2 and (F[2] != (0, 0, 1)).any() | (F[:, 2] != (0, 0, 1)).any():
        raise InputError(
            f"--deformation {deformation.name!r} leaves the plane: in 2-D the last row and column of F must be 0, 0, 1"
        )
    return deformation


def _components(text: str, dimension: float) -> np.ndarray:
    wrong = f"--deformation {text!r} is not allowed: it must be {DEFORMATION_FORM}"
    values = [_number(part, wrong) for part in text.split(",")]
    if len(values) != 9 and not (len(values) == 4 and dimension == 2):
        raise InputError(
            f"--deformation {text!r} has {len(values)} components: F must have 9, or 4 in 2-D, row by row, separated by commas"
        )
    F = np.eye(3)
    n = 3 if len(values) == 9 else 2
    F[:n, :n] = np.reshape(values, (n, n))
    return F


def _named_shear(text: str, argument: str, dimension: float) -> Deformation:
    F = np.eye(3)
    F[0, 1] = _argument(text, argument)
    return Deformation(text, F)


def _named_stretch(text: str, argument: str, dimension: float) -> Deformation:
    return Deformation(text, np.diag([1.0 + _argument(text, argument), 1.0, 1.0]))


def _named_general(text: str, argument: str, dimension: float) -> Deformation:
    return Deformation(text, np.eye(3) + _argument(text, argument) * _unit(GENERAL, dimension))


def _named_random(text: str, argument: str, dimension: float) -> Deformation:
    if not argument.isdecimal():
        raise InputError(
            f"--deformation {text!r} is not allowed: the seed must be a whole number >= 0, got {argument!r}"
        )
    rng = np.random.default_rng(int(argument))
    size = RANDOM_NORM * rng.uniform(0.2, 1.0)
    return Deformation(text, np.eye(3) + size * _unit(rng.normal(size=(3, 3)), dimension))


def _named_rotation(text: str, argument: str, dimension: float) -> Deformation:
    degrees = _argument(text, argument)
    return Deformation(text, rotation(degrees), degrees)


def _named_identity(text: str, argument: str, dimension: float) -> Deformation:
    if argument:
        raise InputError(f"--deformation {text!r} is not allowed: identity takes no number")
    return Deformation(text, np.eye(3))


_NAMED: dict[str, Callable[[str, str, float], Deformation]] = {
    "identity": _named_identity,
    "shear": _named_shear,
    "stretch": _named_stretch,
    "general": _named_general,
    "random": _named_random,
    "rotation": _named_rotation,
}


def parse_deformation(text: str, dimension: float) -> Deformation:
    """A deformation gradient for models of that dimension.

    ``general:E`` and ``random:SEED`` have every component that the dimension allows; the spectral norm of F - I is E,
    or up to 5 %. ``rotation:DEGREES`` turns about z.
    """
    kind, colon, argument = text.strip().partition(":")
    if kind in _NAMED and (bool(colon) or kind == "identity"):
        deformation = _NAMED[kind](text, argument.strip(), dimension)
    elif colon or kind.isidentifier():
        raise InputError(f"--deformation {text!r} is not known: it must be {DEFORMATION_FORM}")
    else:
        deformation = Deformation(text, _components(text, dimension))
    return _checked(deformation, dimension)


def rotation(degrees: float) -> np.ndarray:
    """(3, 3) rotation about z."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _unit(G: np.ndarray, dimension: float) -> np.ndarray:
    """G without what a sheet cannot do, of spectral norm 1."""
    G = np.array(G)
    if dimension == 2:
        G[2], G[:, 2] = 0.0, 0.0
    return G / np.linalg.norm(G, 2)


def _argument(text: str, argument: str) -> float:
    value = _number(
        argument, f"--deformation {text!r} is not allowed: after the colon a number is expected, got {argument!r}"
    )
    if not math.isfinite(value):
        raise InputError(
            f"--deformation {text!r} is not allowed: after the colon a finite number is expected, got {argument!r}"
        )
    return value


def _number(text: str, otherwise: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(otherwise) from None


def parse_all[T](words: Sequence[str] | None, parse: Callable[[str], T], default: Sequence[T]) -> list[T]:
    """Each word once, in the order given; the default if there are none."""
    return [parse(word) for word in dict.fromkeys(words)] if words else list(default)


def check_engine_name(text: str | None, default: str) -> str:
    """The engine of ``--engine``; InputError if it is none, or named and not there."""
    name = add_engine(text) if text and "=" in text else text or default
    try:
        there = is_there(named_engine(name))
    except ValueError as error:
        raise InputError(f"--engine {name!r} is not allowed: {error}") from None
    if text and not there:
        raise InputError(
            f"--engine {name!r} is not installed: pip install what it needs (tblite scipy-openblas32 for gfn1-xtb)"
        )
    return name
