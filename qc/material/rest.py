"""Perfect crystals at rest: the size, shape and inner shifts of least energy, and the stress of a crystal that is not."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
from scipy.optimize import minimize

from atomistics import Crystal, SitePotential, equilibrium_lattice_constant
from fem.cauchy_born import GPA, VOIGT, CauchyBornMaterial

log = logging.getLogger(__name__)

AT_REST = 1e-4
"""No stress component of a crystal at rest is larger, GPa."""
STILL = 1e-7
"""Stress at which a shape is left as it is, GPa: rounding."""
ABSURD = 1e4
"""GPa; beyond the strength of any crystal by orders of magnitude, and no minimiser's business."""
SAME = 1e-4
"""Change of size or shape that is not worth a word."""
STRAINS = np.array([0.5 * (np.outer(a, b) + np.outer(b, a)) for i, j in VOIGT for a, b in [np.eye(3)[[i, j]]]])
"""(6, 3, 3) unit strains in Voigt order."""


def stress_of(crystal: Crystal, potential: SitePotential) -> np.ndarray:
    """(6,) stress of the perfect crystal in crystal axes, xx yy zz yz xz xy, GPa (2-D: eV/A^2 as eV/A^3).

    Inner shifts are relaxed.
    """
    sigma = CauchyBornMaterial(crystal, potential).stress(np.eye(3)[None])[0]
    sigma = crystal.rotation.T @ sigma @ crystal.rotation
    return GPA * np.array([sigma[i, j] for i, j in VOIGT])


def at_rest(crystal: Crystal, potential: SitePotential) -> Crystal:
    """The crystal with the lattice constant, shape of the cell and inner shifts of least energy, at zero pressure.

    All strains are free that symmetry leaves free; Miller indices of the plane normal to y and of the direction z stay.
    ValueError if a stress above 1e-4 GPa is left.
    """
    crystal = crystal.resolved(potential)
    crystal = crystal.with_lattice_constant(equilibrium_lattice_constant(crystal, potential))
    if crystal.dimension == 2 or potential.fixed_topology or potential.forces_only:  # size is all that the lattice has
        return crystal
    stress = stress_of(crystal, potential)
    if np.abs(stress).max() > ABSURD:
        raise ValueError(
            f"{crystal.structure} {', '.join(crystal.species)} at the size of least energy carries {_as_text(stress)} GPa: no crystal "
            "does; check the potential"
        )
    if np.abs(stress).max() > STILL:
        crystal = _in_shape(crystal, potential)
        left = stress_of(crystal, potential)
        if np.abs(left).max() > AT_REST:
            raise ValueError(
                f"{crystal.structure} {', '.join(crystal.species)} finds no shape at rest: {_as_text(left)} GPa are left; check the "
                "cell and the potential"
            )
    return crystal


def at_rest_with_word(crystal: Crystal, potential: SitePotential) -> Crystal:
    """The crystal at rest; a warning names the stress of the one given if that is another."""
    given = crystal.resolved(potential)
    rest = at_rest(given, potential)
    if np.abs(_cell(rest) / _cell(given) - 1.0).max() > SAME:
        log.warning(
            "the crystal given carries %s GPa (xx yy zz yz xz xy): gamma and K_G are those at zero pressure, %s instead of %s",
            *(_as_text(stress_of(given, potential)), _shape(rest), _shape(given)),
        )
    return rest


def axial_ratio(crystal: Crystal) -> float:
    """c/a of the conventional cell."""
    a, _, c = np.linalg.norm(crystal.unit_conventional, axis=1)
    return float(c / a)


def _in_shape(crystal: Crystal, potential: SitePotential) -> Crystal:
    """The crystal at the stretch of least energy, found by a trust region on exact derivatives."""
    material = CauchyBornMaterial(crystal, potential)

    def stretch(strain: np.ndarray) -> np.ndarray:
        return (np.eye(3) + np.tensordot(strain, STRAINS, 1))[None]

    def energy_gradient(strain: np.ndarray) -> tuple[float, np.ndarray]:
        W, P = material.energy_and_stress(stretch(strain))
        return GPA * float(W[0]), GPA * np.tensordot(STRAINS, P[0])

    def hessian(strain: np.ndarray) -> np.ndarray:
        A = material.tangent(stretch(strain))[0]
        return GPA * np.einsum("aij,ijkl,bkl->ab", STRAINS, A, STRAINS)

    options = {"initial_trust_radius": 0.02, "max_trust_radius": 0.1, "gtol": AT_REST}
    found = minimize(energy_gradient, np.zeros(6), method="trust-exact", jac=True, hess=hessian, options=options)
    strain = found.x
    for _ in range(2):  # the last digits, which the energy no longer tells apart
        strain = strain - np.linalg.solve(hessian(strain), energy_gradient(strain)[1])
    F = stretch(strain)
    return deformed(crystal, F[0], material.relaxed_shifts(F)[0])


def deformed(crystal: Crystal, F: np.ndarray, shifts: np.ndarray) -> Crystal:
    """The crystal under F and inner shifts (n_basis, 3), turned so that the plane normal to y and the direction z are what they were."""
    assert crystal.a is not None  # resolved
    R = crystal.rotation
    y, z = np.linalg.solve(F.T, np.eye(3)[1]), F @ np.eye(3)[2]
    y, z = y / np.linalg.norm(y), z / np.linalg.norm(z)
    own = R.T @ F @ R  # in crystal axes
    conventional = crystal.unit_conventional @ own.T
    scale = float(np.linalg.norm(conventional[0]) / np.linalg.norm(crystal.unit_conventional[0]))
    return replace(
        crystal,
        a=crystal.a * scale,
        unit_cell=crystal.unit_cell @ own.T / scale,
        unit_basis=(crystal.unit_basis @ own.T + shifts @ R / crystal.a) / scale,
        unit_conventional=conventional / scale,
        rotation=np.array([np.cross(y, z), y, z]) @ R,
    )


def _cell(crystal: Crystal) -> np.ndarray:
    """(6,) lengths (A) and angles (degrees) of the conventional cell."""
    vectors = crystal.conventional_ij
    lengths = np.linalg.norm(vectors, axis=1)
    cosines = (vectors @ vectors.T / np.outer(lengths, lengths))[[1, 0, 0], [2, 2, 1]]
    return np.append(lengths, np.degrees(np.arccos(cosines)))


def _shape(crystal: Crystal) -> str:
    """What makes the crystal's cell definite, as text."""
    if crystal.structure == "hcp":
        return f"a = {crystal.a:.6f} A, c/a = {axial_ratio(crystal):.5f}"
    if crystal.structure == "custom":
        return f"a cell of {' '.join(f'{v:.6g}' for v in _cell(crystal))} (A, degrees)"
    return f"a = {crystal.a:.6f} A"


def _as_text(stress: np.ndarray) -> str:
    return " ".join(f"{s + 0.0:.2f}" if abs(s) >= 0.005 else "0" for s in stress)
