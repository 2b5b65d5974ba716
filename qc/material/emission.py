"""Dislocation emission against cleavage: Rice's load K_Ie of every slip system that a crack front lies in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from atomistics import Crystal, SitePotential
from fem.near_tip import J_PER_M2, NearTipField

from .fault import GammaLine, gamma_line
from .glide import resolved_factors, stiffness
from .slip import FAMILIES, SlipFamily, SlipSystem, variants

STEPPED = ("fcc", "L1_2")
"""Structures for which Andric and Curtin's correction was made."""
STEEP, OF_SURFACE, OF_FAULT = 3.45, 0.145, 0.5
"""Their constants: where gamma_s > 3.45 gamma_us, G_Ie = 0.145 gamma_s + 0.5 gamma_us."""
NONE = 1e-6
"""Of a shear that does not load a system, and of a front that lies in a plane."""


@dataclass(frozen=True, kw_only=True)
class Emission:
    """A dislocation that leaves the tip on one half plane.

    Attributes
    ----------
    system : SlipSystem
    theta : float
        Angle of the half plane to the direction of the crack, degrees.
    phi : float
        Angle of the Burgers vector to the plane normal to the front, degrees.
    factors : dict
        Of the modes "I", "II", "III" (a sheet has two): resolved shear stress times sqrt(2 pi r) over K.
    stiffness : float
        p of K_Ie = sqrt(G p) / f, GPa.
    K_Ie : float
        Rice's load, MPa m^1/2: in the direction of the mode asked for.
    K_Ie_step : float or None
        With the energy of the step that an fcc metal must make (Andric and Curtin); None for other structures, and without a step.
    possible : bool
        False: the crack asks for the other sense of a partial, whose fault is the dearer one.
    alike : int
        Number of systems that symmetry gives the same angles.
    """

    system: SlipSystem
    theta: float
    phi: float
    factors: dict[str, float]
    stiffness: float
    K_Ie: float
    K_Ie_step: float | None
    possible: bool
    alike: int = 1

    @property
    def load(self) -> float:
        """The load expected, MPa m^1/2: with the step where that is known."""
        return self.K_Ie if self.K_Ie_step is None else self.K_Ie_step


@dataclass(frozen=True, kw_only=True)
class EmissionTable:
    """Slip systems of a crack.

    Attributes
    ----------
    lines : list of (SlipFamily, GammaLine)
    emissions : list of Emission
        By rising load, those that are possible first.
    not_covered : dict
        By family: number of planes that do not contain the front, where the theory of a straight dislocation along it says nothing.
    K_c : float
        Griffith's load in the direction of the mode, MPa m^1/2.
    """

    lines: list[tuple[SlipFamily, GammaLine]]
    emissions: list[Emission]
    not_covered: dict[str, int]
    K_c: float

    @property
    def first(self) -> Emission | None:
        """The system of the lowest load."""
        return next((one for one in self.emissions if one.possible), None)

    @property
    def predicted(self) -> str | None:
        """What the theory expects first, "cleavage" or "emission"; None where it covers no system that is loaded."""
        if self.first is None:
            return None
        return "emission" if self.first.load < self.K_c else "cleavage"


def emission_table(
    crystal: Crystal,
    potential: SitePotential,
    field: NearTipField,
    gamma: float,
    mode: Sequence[float] = (1.0, 0.0, 0.0),
    families: Sequence[SlipFamily] | None = None,
    known: dict[SlipFamily, GammaLine] | None = None,
) -> EmissionTable:
    """K_Ie of all slip systems beside the Griffith load.

    Parameters
    ----------
    crystal : Crystal
        At rest, in the orientation of the crack.
    field : NearTipField
        With the relaxed constants.
    gamma : float
        Surface energy of the crack plane, J/m^2.
    mode : (3,) sequence
        Direction of the load (K_I, K_II, K_III).
    families : sequence of SlipFamily, optional
        Default: the usual ones of the structure, none of a crystal of one's own.
    known : dict, optional
        Gamma lines of this crystal and potential by family: they do not depend on the orientation. What is missing is added.

    References
    ----------
    J. R. Rice, J. Mech. Phys. Solids 40 (1992) 239; Y. Sun & G. E. Beltz, J. Mech. Phys. Solids 42 (1994) 1905 (anisotropic);
    P. Andric & W. A. Curtin, J. Mech. Phys. Solids 106 (2017) 315 (the step; constants as in matscipy's ``g1e_fcc``).
    """
    families = FAMILIES.get(crystal.structure, ()) if families is None else families
    lines, rows, left, known = [], [], {}, {} if known is None else known
    for family in families:
        if family not in known:
            known[family] = gamma_line(crystal, potential, family)
        line = known[family]
        lines.append((family, line))
        systems = variants(crystal, family, line.sense)
        inside = [system for system in systems if contains_front(system)]
        left[family.name] = len({s.plane for s in systems}) - len({s.plane for s in inside})
        step = gamma if crystal.structure in STEPPED else None
        for system in inside:
            rows += [one for side in (1, -1) if (one := _on_half_plane(system, side, field, line, step, mode)) is not None]
    K_c = float(np.sqrt(2.0 * gamma / field.energy_release_rate(mode)))
    return EmissionTable(lines=lines, emissions=_merged(rows), not_covered=left, K_c=K_c)


def contains_front(system: SlipSystem) -> bool:
    """Whether the crack front, along z, lies in the plane of a slip system."""
    return bool(abs(system.normal[2]) < NONE)


def step_corrected(gamma_s: float, gamma_us: float) -> float:
    """G_Ie of an fcc crystal, J/m^2, from the energies of the crack plane and of the unstable fault (Andric and Curtin)."""
    return OF_SURFACE * gamma_s + OF_FAULT * gamma_us if gamma_s > STEEP * gamma_us else gamma_us


def _on_half_plane(
    system: SlipSystem, side: int, field: NearTipField, line: GammaLine, gamma: float | None, mode: Sequence[float]
) -> Emission | None:
    """What a system does on one of its two half planes; None if the load drives it back and nothing forbids the other way."""
    e = side * np.cross(system.normal, [0.0, 0.0, 1.0])
    theta = float(np.arctan2(e[1], e[0]))
    n = np.array([-e[1], e[0], 0.0])
    s = np.sign(system.normal @ n) * system.b / np.linalg.norm(system.b)
    factors = resolved_factors(field, float(np.degrees(theta)), s, n)
    names = ("I", "II", "III")[: len(factors)]
    f = float(factors @ np.asarray(mode)[: len(names)])
    if abs(f) < NONE or (f < 0 and line.wrong is None):
        return None
    s, factors = np.sign(f) * s, np.sign(f) * factors
    p = stiffness(field, s)
    K_Ie = np.sqrt(line.unstable * p / J_PER_M2) / abs(f)
    flat = abs(system.b[1]) < NONE * np.linalg.norm(system.b)  # along the crack plane: no step is made
    ratio = None if gamma is None or flat else np.sqrt(step_corrected(gamma, line.unstable) / line.unstable)
    phi = float(np.arctan2(s[2], s @ e))
    return Emission(
        system=system,
        theta=float(np.degrees(theta)),
        phi=float(np.degrees(phi)),
        factors=dict(zip(names, factors.tolist(), strict=True)),
        stiffness=p,
        K_Ie=float(K_Ie),
        K_Ie_step=None if ratio is None else float(K_Ie * ratio),
        possible=f > 0,
    )


def _merged(rows: list[Emission]) -> list[Emission]:
    """Rows by rising load; those of one family at the same angles as one. A sense that another system has is not forbidden."""
    found: dict[tuple[str, float, float, bool], list[Emission]] = {}
    for one in rows:
        found.setdefault((*_angles(one, signed=False), one.possible), []).append(one)
    gone = {_angles(one) for one in rows if one.possible}
    merged = [replace(same[0], alike=len(same)) for same in found.values() if same[0].possible or _angles(same[0]) not in gone]
    return sorted(merged, key=lambda one: (not one.possible, round(one.load, 9), one.system.family.name, one.theta))


def _angles(one: Emission, signed: bool = True) -> tuple[str, float, float]:
    """What tells a system: its family, and its angles to a thousandth of a degree."""
    phi = one.phi if signed else abs(one.phi)
    return one.system.family.name, round(one.theta, 3) % 360.0, round(phi, 3) % 360.0
