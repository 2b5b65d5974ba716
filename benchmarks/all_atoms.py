"""Every atom of a crack's disc in LAMMPS: the same sites, the same clamped boundary, the same load as the model of all atoms."""

from __future__ import annotations

import numpy as np

from benchmarks import lammps_disc
from qc.crack.system import CrackSystem


class AllAtoms:
    """The disc, relaxed by conjugate gradients from wherever it is put.

    Parameters
    ----------
    system : CrackSystem
        Of method "atomistic", one element.
    file : str
        The potential's.

    Attributes
    ----------
    X : (n, 3) ndarray
        Reference positions, A.
    free : (n,) bool ndarray
        The others follow the near-tip field.
    unit_u : (n, 3) ndarray
        Displacement at a load of 1 MPa m^1/2 in mode I, A.
    tracker : lammps_disc.Bonds
    """

    def __init__(self, system: CrackSystem, file: str) -> None:
        self.system, own, d0 = system, system.model.parts.atoms, system.crystal.nearest_neighbour_distance
        self.X, self.free, self.period = own.X, own.free, system.model.thickness
        x, y = (self.X[:, :2] - system.centre).T
        self.unit_u = system.field.displacement(x, y, (1.0, 0.0, 0.0))
        potential = lammps_disc.Potential.find(file, system.crystal.species[0], system.potential.cutoff)
        self.engine = lammps_disc.Engine(potential, self.X, np.diag([1.0, 1.0, self.period]), (False, False, True))
        self.engine.freeze(~self.free)
        self.tracker = lammps_disc.Bonds.across_plane(self.X, self.period, d0, 1.3, 1.6)

    def positions(self) -> np.ndarray:
        """Where the atoms are, not wrapped along the front, (n, 3) in A."""
        y = self.engine.positions
        y[:, 2] -= self.period * np.round((y[:, 2] - self.X[:, 2]) / self.period)
        return y

    def relax(self, y: np.ndarray, dK: float, force: float) -> float:
        """From positions y and the field's increment (MPa m^1/2) down to a largest force (eV/A); x of the tip, A."""
        self.engine.positions = y + dK * self.unit_u
        self.engine.minimise(force)
        return self.tracker.update(self.positions())
