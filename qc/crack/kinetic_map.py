"""Where a crack that runs is warm: the kinetic energy of atoms and mesh, place by place, averaged over looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..drive.ledger import KB
from ..drive.masses import AMU, masses_of
from ..terms.continuum import ContinuumTerm
from .system import CrackSystem


class KineticMap:
    """Mean of m v^2 / (n k_B) at the atoms and nodes of this rank, m the mean mass of an atom, n the components of the motion.

    At an atom it is its kinetic temperature; at a node that of atoms which move as the mesh does there.

    Parameters
    ----------
    system : CrackSystem
    terms : sequence of ContinuumTerm
        Whose nodes are counted.
    """

    def __init__(self, system: CrackSystem, terms: Sequence[ContinuumTerm]) -> None:
        own, self._comm = system.model.parts.atoms, system.model.comm
        self._factor = float(masses_of(system.crystal.species).mean()) * AMU / (KB * system.model.parts.layout.components)
        self._own, self._atoms = len(own), np.flatnonzero(own.free)  # an atom that follows the mesh is told by the nodes
        used = [(term, np.unique(term.field.dofs)) for term in terms]
        self._nodes = [(term.name, nodes[nodes < len(term.field.X)]) for term, nodes in used]  # the others are shifts
        places = [term.field.X[nodes, :2] for (term, _), (_, nodes) in zip(used, self._nodes, strict=True)]
        self._x = np.concatenate([own.X[self._atoms, :2], *places])
        self.begin()

    def begin(self) -> None:
        """Forget what was seen: the model is somewhere else."""
        self._sum, self._looks = np.zeros(len(self._x)), 0

    def add(self, rate: Mapping[str, np.ndarray]) -> None:
        """Look at velocities of the variables of each term, A/ps."""
        speeds = [rate["atoms"][: self._own][self._atoms], *(rate[name][nodes] for name, nodes in self._nodes)]
        self._sum += np.concatenate([(v * v).sum(1) for v in speeds])
        self._looks += 1

    def gathered(self, most: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Places (n, 2), A, and temperatures (n,), K, of all ranks on rank 0; None on the others, and of more than ``most``. Collective."""
        if self._comm.allreduce(len(self._x)) > most:
            return None
        mean = self._factor * self._sum / max(self._looks, 1)
        parts = self._comm.gather((self._x, mean))
        if parts is None:
            return None
        x, T = (np.concatenate(part) for part in zip(*parts, strict=True))
        _, first = np.unique(np.round(x, 6), axis=0, return_index=True)
        return x[first], T[first]
