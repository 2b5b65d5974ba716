"""How far engine and potential are apart as crystals: lattice constant and elastic constants, side by side.

A QM region inside a potential of another lattice constant or stiffness is an inclusion. The dead load of the reference
crystal takes off the pressure of the misfit, to first order; the difference of the stiffnesses stays, and is printed here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from atomistics import Crystal, equilibrium_lattice_constant
from atomistics.potentials.site_potential import SitePotential
from fem.cauchy_born import GPA, CauchyBornMaterial

from ..errors import InputError
from .engine.process import EngineProcess
from .engine.spec import EngineSpec

STRAIN = 2e-3
SHIFT = 1e-2  # A; displacement of the sublattices from which their restoring force is taken
ATTEMPTS = 12
SMALL = 1e-3  # GPa; a pressure that counts as none


@dataclass(frozen=True, kw_only=True)
class Elasticity:
    """A cubic crystal at zero pressure.

    Attributes
    ----------
    a0 : float
        A.
    C11, C12, C44, C44_clamped : float
        Relaxed, and C44 with the sublattices held, GPa.
    """

    a0: float
    C11: float
    C12: float
    C44: float
    C44_clamped: float

    @property
    def bulk(self) -> float:
        """Bulk modulus, GPa."""
        return (self.C11 + 2.0 * self.C12) / 3.0

    @property
    def shear(self) -> float:
        """(C11 - C12) / 2, GPa."""
        return (self.C11 - self.C12) / 2.0


def _elasticity(a0: float, C11: float, C12: float, C44: float, C44_clamped: float) -> Elasticity:
    return Elasticity(a0=a0, C11=float(C11), C12=float(C12), C44=float(C44), C44_clamped=float(C44_clamped))


def potential_elasticity(crystal: Crystal, potential: SitePotential) -> Elasticity:
    """Of a site potential, exact."""
    a0 = equilibrium_lattice_constant(crystal, potential)
    material = CauchyBornMaterial(crystal.with_lattice_constant(a0), potential)
    C, clamped = material.elastic_constants(), material.elastic_constants(relaxed=False)
    return _elasticity(a0, C[0, 0], C[0, 1], C[3, 3], clamped[3, 3])


class _Bulk:
    """The engine's stress in a periodic supercell of the conventional cell."""

    def __init__(self, crystal: Crystal, cells: int, engine: EngineProcess, called: Callable[[str], None]) -> None:
        self._called = called
        assert crystal.a is not None
        axes = replace(crystal, rotation=np.eye(3))
        self.atoms, self.a, self.engine = axes.atoms((cells, cells, cells)), crystal.a, engine
        index = (self.atoms.positions - axes.basis_ai[-1]) @ np.linalg.inv(axes.cell_ij)
        self.second = np.abs(index - np.rint(index)).max(1) < 1e-6 if len(crystal.species) == 2 else None

    def stress(self, a: float, strain: np.ndarray, shift: float = 0.0) -> tuple[np.ndarray, float]:
        """Stress (3, 3), GPa, and x force per atom of the second sublattice, eV/A, with it moved by ``shift`` A along x."""
        F = np.eye(3) * (a / self.a) + strain
        y = self.atoms.positions @ F.T
        if self.second is not None:
            y[self.second, 0] += shift
        answer = self.engine.compute(y, np.array(self.atoms.cell) @ F.T, stress=True)
        force = 0.0 if self.second is None else float(answer.forces[self.second, 0].mean())
        assert answer.stress is not None
        pressure = -float(np.trace(answer.stress)) * GPA / 3.0
        self._called(f"a = {a:.5f} A, pressure {pressure:.4f} GPa, {answer.seconds:.1f} s")
        return answer.stress * GPA, force

    def lattice_constant(self) -> float:
        """Where the pressure vanishes (secant steps)."""
        a, other = self.a, 1.005 * self.a
        p, q = (float(np.trace(self.stress(x, np.zeros((3, 3)))[0])) / 3.0 for x in (a, other))
        for _ in range(ATTEMPTS):
            if abs(q) < SMALL:
                return other
            step = -q * (other - a) / (q - p)
            a, p = other, q
            other += float(np.clip(step, -0.03 * self.a, 0.03 * self.a))
            q = float(np.trace(self.stress(other, np.zeros((3, 3)))[0])) / 3.0
        raise InputError(f"the engine finds no lattice constant near {self.a:g} A: its pressure there is {-q:.3g} GPa")


def engine_elasticity(
    spec: EngineSpec, crystal: Crystal, cells: int = 2, called: Callable[[str], None] = lambda line: None
) -> Elasticity:
    """Of an engine, from its stress in ``cells``^3 conventional cells; engines without k-points need them large.

    The crystal must be cubic, with one or two atoms a cell. The sublattices of the second kind follow a shear along one axis, whose
    rest is found from their force (one further call). ``called`` is told each answer of the engine in a line.
    """
    if crystal.structure not in ("diamond", "zincblende", "fcc", "bcc"):
        raise InputError(f"the elastic budget is for cubic crystals, not for {crystal.structure}")
    conventional = crystal.atoms((cells, cells, cells))
    with EngineProcess(spec, conventional.get_chemical_symbols(), spin=0) as engine:
        bulk = _Bulk(crystal, cells, engine, called)
        a = bulk.lattice_constant()
        e = STRAIN * a / bulk.a
        stretch, shear = np.zeros((3, 3)), np.zeros((3, 3))
        stretch[0, 0], shear[1, 2], shear[2, 1] = e, 0.5 * e, 0.5 * e
        plus, minus = bulk.stress(a, stretch)[0], bulk.stress(a, -stretch)[0]
        C11, C12 = (plus - minus)[0, 0] / (2 * STRAIN), (plus - minus)[1, 1] / (2 * STRAIN)
        held, force = bulk.stress(a, shear)
        moved, rest = bulk.stress(a, shear, SHIFT)
        share = force / (force - rest) if force != rest else 0.0
        relaxed = held + share * (moved - held)
    return _elasticity(a, C11, C12, relaxed[1, 2] / STRAIN, held[1, 2] / STRAIN)


def budget_table(engine: Elasticity, potential: Elasticity) -> str:
    """Both side by side, as plain text."""
    lines = ["              engine  potential  difference"]
    for name, unit in (("a0", "A"), ("C11", "GPa"), ("C12", "GPa"), ("C44", "GPa"), ("C44_clamped", "GPa")):
        q, m = getattr(engine, name), getattr(potential, name)
        lines.append(f"{name:11} {q:8.3f} {m:10.3f} {100 * (q / m - 1):+9.1f} %   ({unit})")
    return "\n".join(lines)
