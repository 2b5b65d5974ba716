"""Dynamics of a coupled model: velocity Verlet, and Langevin's equation by BAOAB, on the gradient of any method."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from ..coupling.load import Load
from ..coupling.model import Model
from ..errors import ConvergenceError
from .bath import Bath
from .frequencies import largest_frequency
from .ledger import KB, Accounts, Ledger
from .masses import lumped_masses
from .motion import DynamicsSpec, Progress, start_velocity, time_step_of

Boundary = Callable[[float], np.ndarray]
"""Displacements (n_prescribed, components) of this rank's prescribed blocks at a time in ps, A."""


class Dynamics:
    """A model in motion. Construction, `step`, `ledger` and `renew` are collective.

    B half a kick, A half a drift, O friction and noise, A, B: one gradient a step (B. Leimkuhler & C. Matthews, Appl. Math. Res.
    Express 2013, 34, BAOAB); without friction this is velocity Verlet. The model keeps its dead load; its boundary stays where
    the model has it or follows ``boundary``. After construction nothing is allocated in the loop but by the gradient.

    Parameters
    ----------
    model : Model
    q : PETSc.Vec
        Unknowns to start from, A; copied.
    spec : DynamicsSpec
    velocity : (n_free, components) ndarray, optional
        A/ps; default: at rest.
    boundary : callable, optional
    progress : Progress, optional
        Of the run that this one goes on with, bit for bit if the ranks are as many.

    Attributes
    ----------
    q : PETSc.Vec
        Unknowns, A.
    velocity : (n_free, components) ndarray
        Of this rank's unknown blocks, A/ps.
    mass : (n_free,) ndarray
        eV ps^2/A^2.
    frequency : float
        Largest one about the start, 1/ps.
    friction : (n_free,) ndarray
        1/ps.
    time_step : float
        ps.
    steps : int
        Steps since the start.

    Raises
    ------
    InputError
        The time step is too large for the largest frequency, or see `DynamicsSpec.check` and `StadiumSpec.friction`.
    """

    def __init__(
        self,
        model: Model,
        q: PETSc.Vec,
        spec: DynamicsSpec,
        *,
        velocity: np.ndarray | None = None,
        boundary: Boundary | None = None,
        progress: Progress | None = None,
    ) -> None:
        spec.check(model)
        layout = model.parts.layout
        self.model, self.spec, self.q, self.boundary = model, spec, q.copy(), boundary
        self.mass = lumped_masses(model, spec.masses)[: layout.n_free]
        # three digits, the same on any number of ranks: the friction of a stadium follows from it
        found = largest_frequency(model.coupling, q, self.mass) if progress is None else progress.frequency
        self.frequency = float(f"{found:.3g}")
        self.time_step = time_step_of(spec.time_step, self.frequency)
        self.velocity = start_velocity(model, velocity)
        self.steps = 0 if progress is None else progress.steps
        self.accounts = Accounts()
        self._inverse = np.repeat(1.0 / self.mass, layout.components).reshape(self.velocity.shape)
        self.friction = np.zeros(layout.n_free) if spec.stadium is None else spec.stadium.friction(model, self.frequency)
        self._bath = Bath(model, self.mass, self.friction, self.time_step, spec) if spec.stadium is not None else None
        self._g, self._room = q.duplicate(), np.empty_like(self.velocity)
        self._acceleration = np.empty_like(self.velocity)
        self.energy = self._accelerate()
        self._reaction = model.coupling.reaction(self.q)
        if progress is not None:
            self.accounts.gather(model.comm, progress.sums)
            self.renew()

    @property
    def time(self) -> float:
        """ps since the start."""
        return self.steps * self.time_step

    def step(self, n: int = 1) -> None:
        """n steps.

        Raises
        ------
        ConvergenceError
            Energies or forces are no numbers any more.
        """
        for _ in range(n):
            self._kick()
            if self._bath is None:
                self._drift(self.time_step)
            else:
                self._drift(0.5 * self.time_step)
                self.accounts.take(*self._bath(self.velocity, self.steps))
                self._drift(0.5 * self.time_step)
            self.steps += 1
            if self.boundary is None:
                self.energy = self._accelerate()
            else:
                self._move_boundary(self.boundary(self.time))
            self._kick()

    def _kick(self) -> None:
        np.multiply(self._acceleration, 0.5 * self.time_step, out=self._room)
        self.velocity += self._room

    def _drift(self, h: float) -> None:
        np.multiply(self.velocity, h, out=self._room)
        self.q.array[:] += self._room.ravel()

    def _accelerate(self) -> float:
        """The energy (nan for blended forces), with the acceleration at the present unknowns written down."""
        energy = self.model.coupling.energy_gradient(self.q, self._g)
        np.multiply(self._g.array_r.reshape(self.velocity.shape), self._inverse, out=self._acceleration)
        np.negative(self._acceleration, out=self._acceleration)
        known = energy if self.model.coupling.has_energy else self._g.norm()
        if not np.isfinite(known):
            why = self.model.coupling.complaint
            told = f"after {self.steps} steps of {self.time_step:g} ps energy or forces are no numbers any more: "
            raise ConvergenceError(told + ("" if why is None else f"{why}; if it is not that, ") + "take a smaller time step")
        return energy

    def _move_boundary(self, prescribed: np.ndarray) -> None:
        """Move the boundary with the rest; its work is that of the mean of its forces before and after."""
        coupling = self.model.coupling
        moved = prescribed - coupling.prescribed
        work = float(np.vdot(self._reaction, moved))
        self._impose(prescribed)
        self.accounts.work(0.5 * (work + float(np.vdot(self._reaction, moved))))

    def displace(self, by: np.ndarray, prescribed: np.ndarray) -> None:
        """Move all unknowns ``by`` (n_free, components) and the boundary at once, A, velocities kept: what it takes is work. Collective."""
        before = self._potential()
        self.q.array[:] += by.ravel()
        self._impose(prescribed)
        work = self._potential() - before
        self.accounts.work(work if self.model.comm.rank == 0 else 0.0)

    def _impose(self, prescribed: np.ndarray) -> None:
        """Put the boundary somewhere else, with the forces at the present unknowns then."""
        coupling = self.model.coupling
        coupling.impose(Load(prescribed=prescribed, dead_load=coupling.dead_load))
        self.energy = self._accelerate()
        self._reaction = coupling.reaction(self.q)

    def _potential(self) -> float:
        """The energy at the present unknowns, of blended forces that of the guide if there is one. Collective."""
        model = self.model
        if model.coupling.has_energy or model.guide is None:
            return self.energy
        model.guide.impose(model.coupling.load)
        return float(model.guide.energy(self.q))

    def kinetic_energy(self, of: np.ndarray | None = None) -> float:
        """Kinetic energy, of the blocks ``of`` (n_free,) bool where that is given, eV. Collective."""
        np.multiply(self.velocity, self.velocity, out=self._room)
        mass = self.mass if of is None else self.mass * of
        return float(self.model.comm.allreduce(0.5 * float(mass @ self._room.sum(1)), op=MPI.SUM))

    def ledger(self) -> Ledger:
        """The energies now."""
        model, kinetic = self.model, self.kinetic_energy()
        dissipated, heat, work = self.accounts.total(model.comm)
        potential = self._potential()
        temperature = 2.0 * kinetic / (KB * max(model.parts.layout.n_unknowns, 1))
        return Ledger(
            time=self.time, potential=potential, kinetic=kinetic, dissipated=dissipated, heat=heat, work=work, temperature=temperature
        )  # fmt: skip

    def place(self, velocity: np.ndarray) -> None:
        """Go on with other velocities (n_free, components), A/ps, and what the unknowns and the boundary are now. Collective."""
        self.velocity[:] = velocity
        self.renew()

    def renew(self) -> None:
        """Find all neighbours and forces anew, as a run that begins here does."""
        self.model.coupling.renew(self.q)
        self.energy = self._accelerate()
        self._reaction = self.model.coupling.reaction(self.q)
        self.accounts.gather(self.model.comm, self.accounts.total(self.model.comm))

    def progress(self) -> Progress:
        """What a run that goes on from here needs besides unknowns and velocities; neighbours are found anew for both. Collective."""
        self.renew()
        return Progress(steps=self.steps, frequency=self.frequency, sums=self.accounts.total(self.model.comm))
