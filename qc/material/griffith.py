"""Surface energy of the plane that is cut, effective modulus, and the Griffith load K_G = sqrt(2 gamma E').

Everything is computed from the potential itself, relaxed: the classic mistakes are clamped elastic constants
and the surface energy of another plane or another cut of the same plane.

Both belong to the crystal at rest, so size and shape of the cell are those at which every stress vanishes, whatever the
crystal was given: elastic energy of a strained bulk would count as surface energy otherwise, more with a thicker slab.

Units: gamma in J/m^2, moduli in GPa, K in MPa m^1/2. A two-dimensional crystal counts as a sheet 1 A thick:
eV/A of a cut row is eV/A^2 of surface, eV/A^2 of stiffness is eV/A^3, and the same units serve.
"""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from atomistics import Crystal, SitePotential
from fem.cauchy_born import CauchyBornMaterial
from fem.near_tip import NearTipField

from .cleavage import indices
from .rest import at_rest_with_word
from .surface import surface_energy


@dataclass(frozen=True, kw_only=True)
class GriffithReport:
    """The Griffith load of a crack and what it was made from.

    Attributes
    ----------
    gamma, gamma_unrelaxed : float
        Surface energy of the plane cut, with relaxed atoms and as cut, J/m^2.
    effective_modulus : float
        E' with G = K_I^2 / E', plane strain (a sheet: in its plane), GPa.
    K_G : float
        sqrt(2 gamma E'), MPa m^1/2.
    elastic_constants : dict
        In crystal axes, GPa: C11, C12, C44 of a cubic crystal, else all constants that do not vanish.
    relaxed : bool
        gamma and the constants include the relaxation of surface and inner shifts.
    plane, front, cut : str
        Miller indices of crack plane and front in the conventional cell; which gap of the plane was opened.
    """

    gamma: float
    gamma_unrelaxed: float
    effective_modulus: float
    K_G: float
    elastic_constants: dict[str, float]
    relaxed: bool
    plane: str
    front: str
    cut: str

    def as_dict(self) -> dict[str, Any]:
        """For result.json."""
        return asdict(self)


def griffith(crystal: Crystal, potential: SitePotential, cut: str | int = "widest") -> GriffithReport:
    """Griffith load of a crack on the plane normal to y, front along z.

    Parameters
    ----------
    crystal : Crystal
        Oriented: y is the normal of the cleavage plane, z the crack front.
    potential : SitePotential
        Interaction, for surface and constants alike.
    cut : "widest", "shuffle", "glide" or int
        See `surface_energy`.
    """
    crystal = at_rest_with_word(crystal, potential)
    surface = surface_energy(crystal, potential, cut=cut)
    material = CauchyBornMaterial(crystal, potential)
    tip = NearTipField(material.elastic_tensor(), dimension=crystal.dimension)
    plane, front = indices(crystal)
    return GriffithReport(
        gamma=surface.relaxed,
        gamma_unrelaxed=surface.unrelaxed,
        effective_modulus=tip.effective_modulus,
        K_G=tip.stress_intensity(2.0 * surface.relaxed),
        elastic_constants=named_constants(material.elastic_constants(), crystal.dimension),
        relaxed=True,
        plane="({} {} {})".format(*plane),
        front="[{} {} {}]".format(*front),
        cut=surface.cut,
    )


def named_constants(C: np.ndarray, dimension: int = 3) -> dict[str, float]:
    """C11, C12, C44 of a cubic crystal, otherwise every C_ij (i <= j) that does not vanish."""
    cubic = np.diag([C[0, 0] - C[0, 1]] * 3 + [C[3, 3]] * 3)
    cubic[:3, :3] += C[0, 1]
    if dimension == 3 and np.abs(C - cubic).max() < 1e-4 * np.abs(C).max():
        return {"C11": float(C[0, 0]), "C12": float(C[0, 1]), "C44": float(C[3, 3])}
    keep = (0, 1, 5) if dimension == 2 else range(6)
    pairs = itertools.combinations_with_replacement(keep, 2)
    small = 1e-6 * np.abs(C).max()
    return {f"C{i + 1}{j + 1}": float(C[i, j]) for i, j in pairs if abs(C[i, j]) > small}
