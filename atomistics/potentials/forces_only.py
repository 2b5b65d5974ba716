"""A calculator of whole structures in the place of a potential: it knows forces and stress, and no energies of sites."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from .calculator import asked
from .site_potential import SitePotential, different

if TYPE_CHECKING:
    from ..crystal import Crystal

log = logging.getLogger(__name__)

PRECISION = 1e-6
"""Noise of forces that a calculator has unless it says otherwise, eV/A."""
KEPT = 4
"""Structures whose forces are kept: who asks again waits for nothing."""
ALIKE = 1e-11
"""Structures whose atoms are no further apart are one, A."""


class CalculatorError(ValueError):
    """A calculator has failed, or has answered with something else than what it was asked for; one sentence."""


@dataclass
class Calls:
    """How often a calculator was asked.

    Attributes
    ----------
    atoms : int
        For the forces on the atoms of a model.
    largest : int
        Atoms of the largest of these structures.
    cells : int
        For the stress of unit cells of the perfect crystal.
    slabs : int
        For surfaces.
    seconds : float
        What all of them took.
    """

    atoms: int = 0
    largest: int = 0
    cells: int = 0
    slabs: int = 0
    seconds: float = 0.0


class ForcesOnly(SitePotential):
    """Any ASE calculator (MACE, CHGNet, DFTB, LAMMPS): forces of structures, stress of unit cells, nothing of a single site.

    Where there is no energy of a site none can be blended: `bqcf` is the method. Second derivatives are those of a ``twin``, a cheap
    site potential with nearly the same lattice and elastic constants, to which secants add what the forces say; they decide how
    many calls a state takes, not what it is. All that needs an energy of a site raises.

    Parameters
    ----------
    calculator : ase.calculators.calculator.Calculator
        Of periodic and of finite structures, with forces and stress. It is asked in this process, on one rank for the atoms of a model.
    elements : sequence of str
        Species that it knows and that are used.
    reach : float
        Atoms further than this do not change the force on an atom, A: twice the cutoff of a potential of sites, twice cutoff times
        layers of a message-passing network.
    twin : SitePotential or None
        None where nothing but the perfect crystal is asked about.
    precision : float
        Noise of the forces, eV/A: 1e-4 for networks of single precision.
    name : str
        For sentences; by default that of the class.

    Attributes
    ----------
    calls : Calls
        So far, in this process.
    tables : dict
        What is known of the stress of perfect crystals (`fem.cell_table`).
    """

    forces_only = True

    def __init__(
        self,
        calculator: Any,
        elements: Sequence[str],
        reach: float,
        twin: SitePotential | None = None,
        precision: float = PRECISION,
        name: str | None = None,
    ) -> None:
        if not hasattr(calculator, "get_property"):
            raise ValueError(f"a calculator of ASE is expected, got {type(calculator).__name__}")
        for word, value in (("reach", reach), ("precision", precision)):
            if not 0.0 < value < np.inf:
                raise ValueError(f"{word} = {value!r} is not allowed: it must be a positive number")
        self.elements, self.reach, self.precision = different(elements), float(reach), float(precision)
        self.outside = calculator
        self.name = name or type(calculator).__name__
        self.calls = Calls()
        self.tables: dict[bytes, Any] = {}
        self._known: dict[bytes, np.ndarray] = {}
        self._last = np.empty((0, 0))
        self.twin = twin

    @property
    def twin(self) -> SitePotential | None:
        """The site potential that second derivatives are taken from."""
        return self._twin

    @twin.setter
    def twin(self, twin: SitePotential | None) -> None:
        if isinstance(twin, ForcesOnly) or not (twin is None or isinstance(twin, SitePotential)):
            raise ValueError(f"the twin of {self.name} must be a potential of sites, got {type(twin).__name__}")
        if twin is not None:
            twin.types_of(self.elements)
        self._twin = twin
        self.cutoff = max(0.5 * self.reach, 0.0 if twin is None else twin.cutoff)

    def needed_twin(self) -> SitePotential:
        """The twin; ValueError if there is none."""
        if self._twin is None:
            raise ValueError(
                f"the calculator {self.name} has no twin: potential.twin must name a potential of sites that resembles it; qc match "
                "writes one"
            )
        return self._twin

    @property
    def has_energy(self) -> bool:
        """Whether the calculator gives energies of whole structures: for surfaces, and for nothing else."""
        return "energy" in getattr(self.outside, "implemented_properties", ())

    def forces(
        self, species: Sequence[str], y: np.ndarray, cell: np.ndarray, pbc: Sequence[bool], part: str = "atoms"
    ) -> np.ndarray:
        """Forces (n, 3), eV/A, on a structure; one of the last that were asked for costs no call.

        Parameters
        ----------
        species : sequence of str
        y : (n, 3) ndarray
            Positions, A.
        cell : (3, 3) ndarray
            Vectors as rows, A.
        pbc : sequence of bool
        part : {"atoms", "slabs"}
            Of `Calls` that it counts for.

        Raises
        ------
        CalculatorError
        """
        key = y.tobytes() + cell.tobytes()
        if key not in self._known:
            known = self._recalled(y, cell)
            forces = self._asked(species, y, cell, pbc, part)[1] if known is None else known
            self._known = dict(list(self._known.items())[1 - KEPT :])
            self._known[key] = forces
        if part == "atoms":
            self._last = np.vstack([np.hstack([cell, np.zeros((3, 3))]), np.hstack([y, self._known[key]])])
        return self._known[key]

    @property
    def last(self) -> np.ndarray:
        """(3 + n, 6) the atoms of a model that `forces` was asked for last, for a checkpoint; empty before the first.

        Vectors of its cell, A, and zeros; below them positions, A, and forces, eV/A.
        """
        return self._last

    def recall(self, last: np.ndarray) -> None:
        """Know the atoms that were asked for last when a checkpoint was written: who asks for them again waits for nothing.

        It counts as the same to `ALIKE`, for places are sums, which other numbers of ranks round otherwise.
        """
        self._last = last

    def _recalled(self, y: np.ndarray, cell: np.ndarray) -> np.ndarray | None:
        """The forces of the structure asked for last if this is it."""
        wanted = np.vstack([cell, y])
        if self._last.shape != (len(wanted), 6) or not np.abs(self._last[:, :3] - wanted).max() < ALIKE:
            return None
        return self._last[3:, 3:].copy()

    def energy_forces(
        self, species: Sequence[str], y: np.ndarray, cell: np.ndarray, pbc: Sequence[bool]
    ) -> tuple[float, np.ndarray]:
        """Energy, eV, and forces (n, 3), eV/A, of a slab; arguments of `forces`."""
        energy, forces, _ = self._asked(species, y, cell, pbc, "slabs")
        if energy is None:
            raise CalculatorError(f"the calculator {self.name} gave no energy of a structure")
        return energy, forces

    def virial(self, crystal: Crystal, F: np.ndarray) -> np.ndarray:
        """(3, 3) derivative of the energy of a cell of the perfect crystal by the strain of its state F (3, 3): volume times stress, eV."""
        cell, flat = crystal.cell_ij @ F.T, crystal.dimension == 2
        if flat:
            cell[2] = (0.0, 0.0, 2.0 * self.reach)
        _, _, stress = self._asked(crystal.species, crystal.basis_ai @ F.T, cell, (True, True, not flat), "cells")
        assert stress is not None
        return float(abs(np.linalg.det(cell))) * 0.5 * (stress + stress.T)

    def _asked(
        self, species: Sequence[str], y: np.ndarray, cell: np.ndarray, pbc: Sequence[bool], part: str
    ) -> tuple[float | None, np.ndarray, np.ndarray | None]:
        """Energy, forces, and stress of unit cells, looked at before anybody believes them."""
        began, n = time.perf_counter(), len(y)
        try:
            energy, forces, stress = asked(self.outside, species, y, _right_handed(cell, pbc), pbc, part == "cells")
        except Exception as error:
            log.debug("%s", self.name, exc_info=True)
            what = " ".join(str(error).split()) or type(error).__name__
            raise CalculatorError(f"the calculator {self.name} failed on {n} atoms: {what}") from error
        self.calls.seconds += time.perf_counter() - began
        setattr(self.calls, part, getattr(self.calls, part) + 1)
        self.calls.largest = max(self.calls.largest, n if part == "atoms" else 0)
        self._refuse("forces", forces, (n, 3))
        if part == "cells":
            self._refuse("a stress", stress, (3, 3))
        return energy, forces, stress

    def _refuse(self, what: str, found: np.ndarray | None, expected: tuple[int, int]) -> None:
        """Refuse what is no array of numbers of that shape."""
        if found is None or found.shape != expected:
            got = "none" if found is None else f"shape {found.shape}"
            raise CalculatorError(f"the calculator {self.name} must give {what} of shape {expected}, got {got}")
        if not np.isfinite(found).all():
            raise CalculatorError(f"the calculator {self.name} must give {what} in finite numbers, got nan or inf")

    def calculator(self) -> Any:
        """The calculator itself."""
        return self.outside

    def lattice_constant(self, structure: str = "fcc", element: str | None = None) -> float | None:
        """The twin's: where a search for the calculator's own begins."""
        return None if self._twin is None else self._twin.lattice_constant(structure, element)

    def constant_of(self, crystal: Crystal) -> float | None:
        """The twin's: where a search for the calculator's own begins."""
        return None if self._twin is None else self._twin.constant_of(crystal)

    def _none(self, *_: object, **__: object) -> NoReturn:
        raise ValueError(
            f"the calculator {self.name} gives forces only, no energies of sites: model.method must be \"bqcf\", and what rests on an "
            "energy (barriers, folds, propagation, patch tests of energies, QM regions) has none"
        )

    site_sum = hessian_blocks = factors = hessian_vector = cauchy_born = _none


def _right_handed(cell: np.ndarray, pbc: Sequence[bool]) -> np.ndarray:
    """The same lattice with vectors that are right-handed, as some codes want them."""
    if not any(pbc) or np.linalg.det(cell) > 0:
        return cell
    turned = cell.copy()
    turned[list(pbc).index(True)] *= -1.0
    return turned
