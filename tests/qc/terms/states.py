"""Terms of small models at a disturbed state, away from all symmetry."""

from __future__ import annotations

import numpy as np
from mpi4py import MPI

from qc.terms.term import Term
from tests.qc.models import deform, general, model, wave


def disturbed(
    name: str, method: str, comm: MPI.Comm = MPI.COMM_WORLD, **changes: object
) -> dict[str, tuple[Term, np.ndarray, np.ndarray]]:
    """Each term of the model by name, its local variables z and a change of them that some unknowns give, (n, components), A."""
    m = model(name, method, comm, **changes)
    q = deform(m, general(m.crystal))
    q.axpy(0.02, wave(m, 2))
    z = m.coupling.variables(q)
    q.axpy(0.01, wave(m, 3))
    ahead = m.coupling.variables(q)
    return {t.name: (t, z[t.name], ahead[t.name] - z[t.name]) for t in m.coupling.terms}
