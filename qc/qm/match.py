"""A potential with the engine's lattice constant and elastic constants, so that the QM region is no inclusion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import least_squares

from atomistics import Crystal
from atomistics.potentials.stillinger_weber import COLUMNS, COSTHETA0, EPSILON, LAMBDA, SIGMA, SILICON, StillingerWeber
from atomistics.potentials.triplets import Triplets

from ..errors import InputError
from .budget import Elasticity, potential_elasticity

MATCHED = ("a0", "C11", "C12", "C44")

BOUNDS = (np.array([-3.0, -1.0, -3.0, -0.3]), np.array([3.0, 1.0, 3.0, 0.3]))
"""Of log epsilon, log sigma, log lambda and cos theta_0, from the published ones."""

PUBLISHED = 5.431  # A; where the published parameters have their lattice constant

AGREE = 1e-6

FAR = 10.0  # in the place of the logarithm of a constant that is not positive


def matched_stillinger_weber(target: Elasticity, element: str = "Si") -> list[float]:
    """Parameters of Stillinger and Weber's form with the target's a0, C11, C12 and C44, in the order of an .sw file.

    Four constants from four parameters: sigma sets the length, epsilon the bulk modulus, lambda (C11 - C12)/2, and cos theta_0
    C44. At an angle other than the tetrahedron's the four bonds of an atom keep their shape, for the sum of their unit vectors is
    least there, but that sum, with which the inner displacement of a shear grows, gets a stiffness of its own.

    Raises
    ------
    InputError
        If no parameters near the published ones give them.

    References
    ----------
    F. H. Stillinger & T. A. Weber, Phys. Rev. B 31 (1985) 5262 (the form; the match is ours).
    """
    crystal = Crystal.diamond(element, target.a0)
    wanted = np.array([getattr(target, name) for name in MATCHED])
    known = potential_elasticity(crystal.with_lattice_constant(PUBLISHED), _potential(SILICON, element))
    scale = target.a0 / known.a0
    stiffer = target.bulk / known.bulk * scale**3
    guess = np.log([stiffer, scale, max(target.shear, 1e-3) / known.shear * scale**3 / stiffer, 1.0])
    low, high = BOUNDS
    result = least_squares(
        lambda x: _differences(x, crystal, wanted),
        np.clip(guess, 0.99 * low, 0.99 * high),
        bounds=BOUNDS,
        xtol=1e-14,
        ftol=1e-14,
    )
    if np.abs(result.fun).max() > AGREE:
        found = wanted * np.exp(result.fun)
        raise InputError(
            "no potential of Stillinger and Weber's form has a0 = "
            + ", C = ".join([f"{wanted[0]:.4g} A", " / ".join(f"{c:.4g}" for c in wanted[1:]) + " GPa"])
            + f" (11 / 12 / 44); the nearest has {found[0]:.4g} A, {' / '.join(f'{c:.4g}' for c in found[1:])} GPa"
        )
    return _parameters(result.x)


def _potential(values: Sequence[float], element: str) -> StillingerWeber:
    return StillingerWeber(Triplets("matched", COLUMNS, {(element, element, element): np.array(values)}, {}))


def _parameters(x: np.ndarray) -> list[float]:
    values = list(SILICON)
    for which, factor in zip((EPSILON, SIGMA, LAMBDA), np.exp(x[:3]), strict=True):
        values[which] *= float(factor)
    values[COSTHETA0] += float(x[3])
    return values


def _differences(x: np.ndarray, crystal: Crystal, wanted: np.ndarray) -> np.ndarray:
    """Logarithms of the constants at ``x`` over those wanted."""
    try:
        found = potential_elasticity(crystal, _potential(_parameters(x), crystal.species[0]))
    except ValueError:  # no lattice constant near the target's
        return np.full(len(wanted), FAR)
    values = np.array([getattr(found, name) for name in MATCHED])
    return np.where(values > 0, np.log(np.maximum(values, 1e-300) / wanted), -FAR)


def sw_text(element: str, values: Sequence[float]) -> str:
    """One entry of an .sw file."""
    names = " ".join(COLUMNS)
    entry = " ".join(f"{v:.15g}" for v in values)
    return f"# {element} {element} {element} {names}\n{element} {element} {element} {entry}\n"
