"""LAMMPS as the peer: one core, nothing moves, time by its own breakdown."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

from ase import Atoms

from atomistics.potentials.library import find_potential
from benchmarks.measure import cpu_seconds
from tests.lammps_engine import lammps_instance


class LammpsPeer:
    """A LAMMPS with these atoms in a periodic box, ready for steps that move nothing.

    Parameters
    ----------
    atoms : ase.Atoms
        In a rectangular cell.
    style, file : str
        Pair style, with its suffix if any, and potential file; two files are paths.
    skin : float
        Of the neighbour list, A.
    """

    def __init__(self, atoms: Atoms, style: str, file: str, skin: float) -> None:
        self._log = Path(tempfile.mkstemp(suffix=".lammps")[1])
        self._lmp = lammps_instance()
        elements = list(dict.fromkeys(atoms.symbols))
        box = " ".join(f"0 {side:.17g}" for side in atoms.cell.lengths())
        self._commands(
            "units metal", "atom_modify sort 0 0", f"region box block {box}", f"create_box {len(elements)} box", "mass * 1.0"
        )
        x = atoms.get_positions(wrap=True).ravel().tolist()
        kinds = [elements.index(symbol) + 1 for symbol in atoms.symbols]
        self._lmp.create_atoms(len(atoms), list(range(1, len(atoms) + 1)), kinds, x)
        self._commands(
            f"pair_style {style}",
            f"pair_coeff * * {file if ' ' in file else find_potential(file)} {' '.join(elements)}",
            f"neighbor {skin} bin",
            "neigh_modify delay 100000 every 100000 check no",
            "timestep 0",
            "fix still all setforce 0 0 0",
            "fix move all nve",
            "thermo 1",  # energies at every step
            "run 0 post no",
        )

    def pair_seconds(self, steps: int = 3) -> float:
        """CPU time of energy and forces."""
        return self._seconds(steps, f"run {steps} pre no", "Pair")

    def list_seconds(self, steps: int = 3) -> float:
        """CPU time of a forced rebuild: bins, list, ghosts."""
        self._commands("neigh_modify delay 0 every 1 check no")
        taken = self._seconds(steps, f"run {steps}", "Neigh", "Comm")
        self._commands("neigh_modify delay 100000 every 100000 check no")
        return taken

    def energy(self) -> float:
        """eV."""
        return float(self._lmp.get_thermo("pe"))

    def close(self) -> None:
        """End it and remove its log."""
        self._lmp.close()
        self._log.unlink()

    def build(self) -> dict[str, Any]:
        """Version, compiler and the accelerator packages of this build."""
        packages = set(self._lmp.installed_packages)
        return {
            "version": self._lmp.version(),
            "system": " ".join(str(self._lmp.get_os_info()).split()),
            "accelerators": sorted(packages & {"OPT", "OPENMP", "INTEL", "KOKKOS", "GPU"}),
        }

    def _seconds(self, steps: int, command: str, *sections: str) -> float:
        self._commands(f"log {self._log}")
        taken = cpu_seconds(lambda: self._lmp.command(command))
        self._commands("log none")
        text = self._log.read_text()
        loop = float(re.findall(r"Loop time of (\S+)", text)[-1])
        share = sum(float(re.findall(rf"^{s}\s*\|\s*(\S+)", text, re.M)[-1]) for s in sections) / loop
        return taken * min(share, 1.0) / steps

    def _commands(self, *lines: str) -> None:
        for line in lines:
            self._lmp.command(line)
