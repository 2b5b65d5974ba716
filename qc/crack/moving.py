"""A model that follows its crack: the state moves by whole lattice vectors through the mesh, atoms and matrix stay as they are.

Everything of the model is periodic along the crack where it is lattice-resolved, so that moving it by L = n c1 is a matter
of names: the atom that was (i + n, j) is (i, j) now. What is carried over is the state minus the near-tip field,

    u_new(X) = K u_tip(X + L - c) + v(X + L),    v(X) = u_old(X) - K u_tip(X - c),

v by name for atoms and vertices on lattice sites (exact), interpolated on the coarse mesh, where it is small, and zero
beyond the model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from petsc4py import PETSc

from ..errors import InputError
from ..material.surface import EV_PER_A2
from .carrying import carried, less_the_field
from .ladder import Ladder
from .records import StepRecord
from .staying import step_in_place
from .system import CrackSystem


@dataclass(frozen=True, kw_only=True)
class ModelMove:
    """One move of the model along the crack, and the account of its energy.

    Attributes
    ----------
    event : int
        Number of the event after which the model follows.
    lattice_vectors : int
        How far it moves along the crack; negative is backward.
    K : float
        Load, MPa m^1/2.
    energy_before : float or None
        Energy before the move with what the model has left behind, eV per cell; None where the method has none.
    face_sites : int
        Atoms in the faces that the model leaves behind; negative where it comes back to them.
    faces : float
        Surface energy of these, eV per cell.
    energy_moved : float or None
        Energy after the move and before the relaxation, these faces included, eV per cell.
    residual_moved : float
        Largest force component there, eV/A.
    energy_after, residual_after : float
        The same after the relaxation, eV per cell and eV/A.
    largest_step : float
        Largest displacement in the relaxation, A.
    window : float or None
        What the energy has gained because the model stands elsewhere, eV per cell: it is taken off the account.
    """

    event: int
    lattice_vectors: int
    K: float
    energy_before: float | None
    face_sites: int
    faces: float
    energy_moved: float | None
    residual_moved: float
    energy_after: float | None
    residual_after: float
    largest_step: float
    window: float | None


def check_movable(system: CrackSystem) -> None:
    """Refuse models whose parts are not periodic along the crack."""
    spec = system.spec
    if not spec.facts.atoms:
        raise InputError(
            "model.method = 'continuum' has no atoms, so no tip to follow: propagation needs a method with atoms"
        )
    if spec.strip == 0 and spec.facts.continuum:
        raise InputError(
            "model.face_strip = false is not allowed where the model follows its crack: a slit ends at a fixed place of the mesh, so "
            "that the model cannot follow the tip; it must be true"
        )


def furthest_move(system: CrackSystem) -> int:
    """Lattice vectors that the model can move at once: no coarse node may land in the core."""
    if not system.spec.facts.continuum:
        return 1_000_000
    return max(1, int((system.model.spec.width + system.potential.cutoff) / system.lattice.vectors[0, 0]))


def follow(
    ladder: Ladder, n: int, event: int, with_it: Callable[[int], None] = lambda n: None
) -> tuple[ModelMove, StepRecord] | None:
    """The move by n lattice vectors after an event, and the record of the state relaxed under the same load.

    Both are None, and all is as before, if no state is found or the tip moves with the model. ``with_it`` is told of every
    move, one back included: it moves what else there is in the model. Collective.
    """
    system, last = ladder.system, ladder.state.steps[-1]
    before, centre = ladder.snapshot(), system.centre
    move(system, ladder.q, last.K, n)
    with_it(n)
    energy = ladder.energy()
    faces = _leave_behind(ladder, n)
    residual = system.model.coupling.residual(ladder.q)
    record = step_in_place(ladder, last.K_over_KG)
    if record is None:
        system.recentre(centre)
        with_it(-n)
        ladder.restore(before)
        return None
    made = ModelMove(
        event=event,
        lattice_vectors=n,
        K=last.K,
        energy_before=last.energy,
        face_sites=2 * n * system.model.spec.front_periods,
        faces=faces,
        energy_moved=None if energy is None else energy + faces,
        residual_moved=residual,
        energy_after=record.energy,
        residual_after=record.residual,
        largest_step=record.largest_step,
        window=None if record.energy is None or last.energy is None else record.energy - last.energy,
    )
    _even_out(ladder, made, record)
    return made, record


def _leave_behind(ladder: Ladder, n: int) -> float:
    """Surface energy, eV per cell, of the two faces that a model leaves behind which has moved by n lattice vectors.

    It goes to the account of the ladder, whose tip moves along.
    """
    system, state = ladder.system, ladder.state
    period = float(system.lattice.vectors[0, 0])
    area = 2.0 * n * period * system.model.thickness
    faces = system.griffith.gamma * area / EV_PER_A2
    state.offset += n * period
    state.carried = {"faces": 0.0, "window": 0.0} | state.carried
    state.carried["faces"] += faces
    ladder.follow(n * period)
    return faces


def _even_out(ladder: Ladder, made: ModelMove, record: StepRecord) -> None:
    """Take what the window has gained off the account: the energy goes on from where it was before the move."""
    if made.window is None or record.energies is None:
        return
    state = ladder.state
    state.carried = state.carried | {"window": state.carried["window"] - made.window}
    record.energies = record.energies | {"window": state.carried["window"]}
    record.energy = sum(record.energies.values())


def move(system: CrackSystem, q: PETSc.Vec, K: float, n: int) -> None:
    """Move the model by n lattice vectors along the crack, unknowns in place; the load K stays where it is in the crystal. Collective.

    Afterwards the state is that of before, seen from a model further on, except near the outer boundary: relax it.
    """
    system.load(K)
    state = less_the_field(system, q, K)
    dx = n * float(system.lattice.vectors[0, 0])
    cx, cy = system.centre
    system.recentre((cx - dx, cy))
    u = system.imposed_displacement(K) + carried(system, state, system, n)
    system.load(K)
    q.array[:] = u[: system.model.parts.layout.n_free].ravel()
