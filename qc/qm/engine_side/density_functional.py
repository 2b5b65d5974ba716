"""Density functional theory of clusters by PySCF (Q. Sun et al., J. Chem. Phys. 153 (2020) 024109), as a calculator of ASE.

To load this module is to load PySCF, told before that files are data: by itself it runs ``.pyscf_conf.py`` of the working folder,
and what stands in the place of a number in a file of basis functions.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import numpy as np
from ase import units
from ase.calculators.calculator import Calculator, all_changes

from .messages import RefusedError

OWN = os.path.join(os.path.expanduser("~"), ".pyscf_conf.py")
NOTHING = os.path.join(os.path.dirname(os.path.abspath(__file__)), "__init__.py")
os.environ.setdefault("PYSCF_CONFIG_FILE", OWN if os.path.isfile(OWN) else NOTHING)
gto, dft, addons = (importlib.import_module(f"pyscf.{name}") for name in ("gto", "dft", "scf.addons"))
importlib.import_module("pyscf.gto.basis.parse_molpro")
_module: Any
for _module in list(sys.modules.values()):
    if hasattr(_module, "DISABLE_EVAL"):
        _module.DISABLE_EVAL = True


class PySCF(Calculator):  # type: ignore[misc]
    """Energy and forces of a cluster; with smearing the free energy, whose slope the forces are.

    Parameters
    ----------
    xc : str
        Functional in PySCF's words.
    basis, pseudo : str
        Sets in PySCF's words; ``gth-dzvp`` needs the pseudopotential ``gth-pbe``.
    electronic_temperature : float
        Of Fermi-Dirac smearing, K; 0 for none.
    density_fit : bool
        Coulomb energy by an auxiliary basis, which is an energy of its own with exact forces.
    grid : int
        Level of the grids of the functional, 0 to 9; their response is in the forces.
    convergence : float
        Of the energy, eV.
    max_iterations : int
    charge, spin : int
        Total charge, e, and unpaired electrons; a restricted calculation if there are none.
    """

    implemented_properties = ["energy", "free_energy", "forces"]  # noqa: RUF012  as ASE has it

    def __init__(
        self, *, xc: str = "PBE", basis: str = "def2-svp", pseudo: str | None = None, electronic_temperature: float = 300.0,
        density_fit: bool = True, grid: int = 2, convergence: float = 1e-8, max_iterations: int = 200, charge: int = 0, spin: int = 0,
    ) -> None:  # fmt: skip
        super().__init__()
        self._molecule = {"basis": basis, "pseudo": pseudo, "charge": charge, "spin": spin, "verbose": 0}
        self._xc, self._fit, self._grid = xc, density_fit, grid
        self._kelvin, self._tolerance, self._most = electronic_temperature, convergence, max_iterations
        self._density: Any = None

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """The field made consistent from the last density of this calculator, or from the atoms'."""
        super().calculate(atoms, properties, system_changes)
        field = self._field()
        field.kernel(dm0=self._density)
        if not field.converged:
            raise RuntimeError(f"SCF not converged in {self._most} cycles")
        self._density = field.make_rdm1()
        slope = field.nuc_grad_method()
        slope.grid_response = True
        energy = field.e_free if self._kelvin > 0 else field.e_tot
        forces = -np.array(slope.kernel()) * (units.Hartree / units.Bohr)
        self.results = {"energy": float(energy) * units.Hartree, "free_energy": float(energy) * units.Hartree, "forces": forces}

    def _field(self) -> Any:
        atoms: Any = self.atoms
        where = [(atom.symbol, tuple(atom.position / units.Bohr)) for atom in atoms]
        try:
            molecule = gto.M(atom=where, unit="Bohr", **self._molecule)
        except (KeyError, ValueError, RuntimeError) as error:  # no such basis, no such element in it, an impossible spin
            raise RefusedError(f"qm.parameters or the cluster do not suit PySCF: {' '.join(str(error).split())}") from error
        field = dft.UKS(molecule) if molecule.spin else dft.RKS(molecule)
        field.xc, field.grids.level, field.max_cycle = self._xc, self._grid, self._most
        field.conv_tol, field.conv_tol_grad = self._tolerance / units.Hartree, 1e-6
        field.chkfile = None
        if self._fit:
            field = field.density_fit()
        if self._kelvin > 0:
            field = addons.smearing(field, sigma=self._kelvin * units.kB / units.Hartree, method="fermi")
        return field
