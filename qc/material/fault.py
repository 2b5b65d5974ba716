"""Stacking faults: the energy of a crystal whose upper half has slipped along a plane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from atomistics import AtomisticEnergy, Crystal, SitePotential

from .cleavage import gap_to_open, surface_cell
from .slip import SlipFamily, is_lattice_vector, representative
from .surface import EV_PER_A2, slab_of_layers

THICKNESS = 30.0
"""Least thickness of the slab, A."""
STEPS = 24
"""Of a gamma line."""
STILL = 1e-6
"""Largest normal force on an atom of a relaxed slab, eV/A."""


@dataclass(frozen=True, kw_only=True)
class GammaLine:
    """Energy of the fault along a Burgers vector, J/m^2.

    Attributes
    ----------
    slip : (n,) ndarray
        Parts of the Burgers vector from 0 to 1.
    relaxed, unrelaxed : (n,) ndarray
        With all atoms relaxed along the normal of the plane, and as shifted.
    unstable, unstable_unrelaxed : float
        Maxima, gamma_us.
    at : float
        Part of the Burgers vector at the relaxed maximum.
    stable, stable_unrelaxed : float or None
        At the end of a partial, gamma_sf; None of a lattice vector, behind which there is no fault.
    wrong : float or None
        Relaxed energy at the end of a partial of the other sense.
    sense : {1, -1}
        -1 if the family's vector had to be turned round: its own fault is the dearer one.
    """

    slip: np.ndarray
    relaxed: np.ndarray
    unrelaxed: np.ndarray
    unstable: float
    unstable_unrelaxed: float
    at: float
    stable: float | None
    stable_unrelaxed: float | None
    wrong: float | None
    sense: int


def gamma_line(crystal: Crystal, potential: SitePotential, family: SlipFamily) -> GammaLine:
    """The energies along a family's Burgers vector, in the sense of the cheaper fault if it is a partial.

    Parameters
    ----------
    crystal : Crystal
        At rest, any orientation.

    References
    ----------
    V. Vitek, Phil. Mag. 18 (1968) 773; J. R. Rice, J. Mech. Phys. Solids 40 (1992) 239.
    """
    normal, b = representative(crystal, family)
    slab = FaultSlab(crystal, potential, normal, family.cut)
    partial, sense = not is_lattice_vector(crystal, b), 1
    ends = [slab.relaxed(b), slab.relaxed(-b)] if partial else [None, None]
    if ends[0] is not None and ends[1] is not None and ends[1] < ends[0]:
        b, sense, ends = -b, -1, ends[::-1]
    slip = np.linspace(0.0, 1.0, STEPS + 1)
    relaxed = np.array([slab.relaxed(s * b) for s in slip])
    unrelaxed = np.array([slab.unrelaxed(s * b) for s in slip])
    at, unstable = _maximum(lambda s: slab.relaxed(s * b), slip, relaxed)
    return GammaLine(
        slip=slip,
        relaxed=relaxed,
        unrelaxed=unrelaxed,
        unstable=unstable,
        unstable_unrelaxed=_maximum(lambda s: slab.unrelaxed(s * b), slip, unrelaxed)[1],
        at=at,
        stable=ends[0],
        stable_unrelaxed=slab.unrelaxed(b) if partial else None,
        wrong=ends[1],
        sense=sense,
    )


def _maximum(energy: Callable[[float], float], slip: np.ndarray, known: np.ndarray) -> tuple[float, float]:
    """Where a curve is highest, and how high, from values that bracket it."""
    k = int(np.argmax(known))
    bounds = (slip[max(k - 1, 0)], slip[min(k + 1, len(slip) - 1)])
    found = minimize_scalar(lambda s: -energy(s), bounds=bounds, method="bounded", options={"xatol": 1e-3})
    return float(found.x), max(float(-found.fun), float(known[k]))


class FaultSlab:
    """A slab with free faces whose upper half can be shifted along a plane through its middle.

    Parameters
    ----------
    crystal : Crystal
        At rest.
    normal : (3,) ndarray
        Unit vector, laboratory frame.
    cut : "widest", "shuffle", "glide" or int
        The gap that slips; the faces are cut through the widest.
    """

    def __init__(self, crystal: Crystal, potential: SitePotential, normal: np.ndarray, cut: str | int) -> None:
        cell = surface_cell(crystal, normal)
        spacing = float(cell[2] @ normal)
        bottom, slipping = (gap_to_open(crystal, cell, normal, gap)[0] for gap in ("widest", cut))
        layers = 2 * int(np.ceil(0.5 * THICKNESS / spacing))
        atoms = slab_of_layers(crystal, cell, normal, bottom, layers)
        rise = crystal.basis_ai @ normal
        lowest = float((rise + np.ceil((bottom - rise) / spacing) * spacing).min())
        middle = slipping + np.round((bottom + 0.5 * layers * spacing - slipping) / spacing) * spacing
        height = atoms.positions @ normal
        self._upper = (height - height.min() + lowest > middle)[:, None]
        self._normal, self._X = normal, atoms.positions
        self._energy = AtomisticEnergy(potential, atoms)
        area = float(np.linalg.norm(np.cross(cell[0], cell[1])))  # of a sheet: length of the row times 1 A
        self._unit = EV_PER_A2 / area
        self._whole = self._energy.energy(self._X), self._settled(np.zeros(3))

    def unrelaxed(self, shift: np.ndarray) -> float:
        """Energy of the fault as shifted, J/m^2."""
        return self._unit * (self._energy.energy(self._X + self._upper * shift) - self._whole[0])

    def relaxed(self, shift: np.ndarray) -> float:
        """Energy of the fault with the heights of all atoms relaxed, J/m^2."""
        return self._unit * (self._settled(shift) - self._whole[1])

    def _settled(self, shift: np.ndarray) -> float:
        start, n = self._X + self._upper * shift, self._normal

        def along_normal(h: np.ndarray) -> tuple[float, np.ndarray]:
            y = start + h[:, None] * n
            return self._energy.energy(y), self._energy.gradient(y) @ n

        options = {"maxiter": 500, "ftol": 1e-14, "gtol": STILL}
        return float(minimize(along_normal, np.zeros(len(start)), jac=True, method="L-BFGS-B", options=options).fun)
