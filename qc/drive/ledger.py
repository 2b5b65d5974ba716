"""The energy ledger of a dynamic run: where the energy is, and where it came from or went to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from mpi4py import MPI

from atomistics.units import KB as KB


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Energies at one time, eV.

    Attributes
    ----------
    time : float
        ps.
    potential : float
        Minus that of the perfect crystal; for blended forces, which have none, that of the blended energy of the same handshake.
    kinetic : float
    dissipated : float
        Taken by friction since the start.
    heat : float
        Given by the noise since the start.
    work : float
        Done by the boundary since the start.
    temperature : float
        2 E_kin / (k_B times the number of unknowns), K.
    """

    time: float
    potential: float
    kinetic: float
    dissipated: float
    heat: float
    work: float
    temperature: float

    @property
    def balance(self) -> float:
        """potential + kinetic + dissipated - heat - work, eV: a constant but for the error of the time step."""
        return self.potential + self.kinetic + self.dissipated - self.heat - self.work

    def drift(self, start: Ledger) -> float:
        """Change of the balance since ``start``, by the energy that was moved: its kinetic and potential part and what came since."""
        moved = abs(start.kinetic) + abs(start.potential) + self.heat + abs(self.work)
        return (self.balance - start.balance) / moved if moved > 0 else 0.0


class Accounts:
    """This rank's sums since the start, eV; only a record adds up the ranks."""

    def __init__(self) -> None:
        self.sums = np.zeros(3)  # dissipated, heat, work

    def take(self, dissipated: float, heat: float) -> None:
        """Book what friction took and noise gave in a step."""
        self.sums[0] += dissipated
        self.sums[1] += heat

    def work(self, work: float) -> None:
        """Book what the boundary did in a step."""
        self.sums[2] += work

    def total(self, comm: MPI.Comm) -> list[float]:
        """Dissipated energy, heat and work of all ranks. Collective."""
        found: list[float] = comm.allreduce(self.sums, op=MPI.SUM).tolist()
        return found

    def gather(self, comm: MPI.Comm, total: list[float]) -> None:
        """Go on from sums of all ranks, kept on the first: whatever ranks go on add up alike."""
        self.sums[:] = total if comm.rank == 0 else 0.0
