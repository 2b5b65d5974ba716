"""A warm crystal strained by the seam: what W, W_T, beta and the dead load do, by mean forces and by molecular dynamics.

The strain of the core in units of the thermal strain, as the claim "thermal patch test" has it. Molecular dynamics knows nothing of
the formula: it is the mean of what moving atoms do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from mpi4py import MPI

from benchmarks.measure import Report, markdown
from qc.commands.patch import PatchOptions, plan
from qc.coupling import warmth
from qc.coupling.model import Model
from qc.coupling.spec import Motion
from qc.drive.frequencies import largest_frequency
from qc.drive.masses import lumped_masses
from qc.drive.noise import HashedNormal
from qc.patch.claims import heat
from qc.patch.model import PatchTest

SUBJECTS = (
    ("hexagonal", "morse", "2"),
    ("hexagonal", "toy-eam", "2"),
    ("fcc:Cu", "Cu_mishin1.eam.alloy", "2.5"),
    ("bcc:W", "W_zhou.eam.alloy", "2.5"),
)
"""Crystal, potential, dimension."""
FURTHER = np.diag([0.0, heat.FURTHER, 0.0])
STEP, FRICTION, COLD = 0.3, 0.4, 0.5
"""Time step by 1 / omega_max; friction of what moves and of what is cold, in omega_max."""
SETTLE, BLOCKS = 0.2, 5
"""Part of a run that is not counted; blocks of each run whose means tell the error."""
STEPS, SEEDS = 3000, (1, 2)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Strain of the core in molecular dynamics, in thermal strains, its standard error, and how warm the core was, kinetic, over T."""

    strain: float
    error: float
    warm: float


def patch_test(crystal: str, potential: str, dimension: str) -> PatchTest:
    """The claim's own setup, for bgrac."""
    words = PatchOptions(methods=["bgrac"], crystals=[crystal], potentials=[potential], dimensions=[dimension], deformations=[])
    setup = next(job.setup for job in plan(MPI.COMM_SELF, words))
    return PatchTest(setup, "bgrac", comm=MPI.COMM_SELF)


def warm_model(test: PatchTest, motion: Motion, by_beta: bool = False) -> Model:
    """The claim's model; ``by_beta`` with the weight of the continuum in place of the missing modes' share."""
    right = warmth.missing_modes
    if by_beta:
        warmth.missing_modes = lambda shared, moving: shared.parts.nodes.weight
    try:
        return heat.warm_model(test, motion)
    finally:
        warmth.missing_modes = right


def by_mean_forces(test: PatchTest, motion: Motion) -> dict[str, float]:
    """Strains of the core in units of the thermal strain, without averaging."""
    model, rest = warm_model(test, motion), np.zeros((3, 3))
    right, wrong = heat.strains(model, rest), heat.strains(warm_model(test, motion, by_beta=True), rest)
    left = heat.strains(model, FURTHER).warm - right.warm
    return {"W": right.cold, "W_T": right.warm, "beta": wrong.warm, "dead load": left, "thermal strain": heat.thermal_strain(model)}


class Mirrored:
    """Langevin dynamics of what moves at temperature, amid what is cold and damped, twice: with a noise and with its mirror image.

    The mean of both leaves out all that is linear in the noise, which is most of the fluctuation and none of the mean. `Dynamics`
    has one temperature, and no mirror.
    """

    def __init__(self, model: Model, seed: int) -> None:
        assert model.warmth is not None
        layout = model.parts.layout
        self.model, self._q = model, layout.create_unknowns()
        mass = lumped_masses(model)[: layout.n_free]
        omega = largest_frequency(model.coupling, self._q, mass)
        self._h, moving = STEP / omega, model.warmth.moving
        keep = np.exp(-np.where(moving, FRICTION, COLD) * omega * self._h)
        self._keep, self._mass = keep[:, None], mass[:, None]
        self._size = np.where(moving, np.sqrt(model.warmth.kT * (1.0 - keep**2) / mass), 0.0)[:, None]
        self._noise = HashedNormal(model.parts.key[: layout.n_free], layout.components, seed)
        self._a = heat.dilation(model).array_r.reshape(-1, layout.components).copy()
        inside = model.warmth.moving & (np.linalg.norm(model.X_free[:, :2], axis=1) < model.spec.core.radius)
        self._inside = inside / (inside.sum() * layout.components * model.warmth.kT)

    def run(self, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """(steps,) strain of the core, mean of both runs, and its kinetic temperature over T."""
        twins = [[np.zeros_like(self._a), np.zeros_like(self._a), sign] for sign in (1.0, -1.0)]
        forces = [self._acceleration(q) for q, _, _ in twins]
        strain, warm, h = np.zeros(steps), np.zeros(steps), self._h
        for s in range(steps):
            noise = self._noise(s) * self._size
            for k, (q, v, sign) in enumerate(twins):  # B A O A B
                v += 0.5 * h * forces[k]
                q += 0.5 * h * v
                v *= self._keep
                v += sign * noise
                q += 0.5 * h * v
                forces[k] = self._acceleration(q)
                v += 0.5 * h * forces[k]
                strain[s] += 0.5 * float(np.vdot(self._a, q))
                warm[s] += 0.5 * float(self._inside @ (self._mass * v**2).sum(1))
        return strain, warm

    def _acceleration(self, q: np.ndarray) -> np.ndarray:
        self._q.array[:] = q.ravel()
        g = self._q.duplicate()
        self.model.coupling.energy_gradient(self._q, g)
        return -g.array_r.reshape(q.shape) / self._mass


def by_dynamics(model: Model, steps: int, seeds: Sequence[int] = SEEDS) -> Seen:
    """Means over all blocks of all seeds, under the load that the model is under."""
    means, warm = [], []
    for seed in seeds:
        strain, kinetic = Mirrored(model, seed).run(steps)
        begin = int(SETTLE * steps)
        means += [block.mean() for block in np.array_split(strain[begin:] / heat.thermal_strain(model), BLOCKS)]
        warm.append(kinetic[begin:].mean())
    return Seen(strain=float(np.mean(means)), error=float(np.std(means, ddof=1) / np.sqrt(len(means))), warm=float(np.mean(warm)))


def _without(model: Model) -> Model:
    """The continuum of W alone."""
    assert model.warmth is not None
    return replace(model, coupling=model.warmth.static())


def _compensated(model: Model) -> Model:
    """Under the dead load."""
    model.impose(model.load(model.uniform(model.perfect.F0)))
    return model


CONTINUA: dict[str, Callable[[PatchTest], Model]] = {
    "W": lambda test: _without(warm_model(test, "core")),
    "W_T": lambda test: warm_model(test, "core"),
    "dead load": lambda test: _compensated(warm_model(test, "core")),
}
"""What molecular dynamics is made of."""


def run(repeats: int, quick: bool) -> Report:
    """Both tables; ``repeats`` does not matter."""
    strains = ("W", "W_T", "beta", "dead load", *(f"dynamics {name}" for name in CONTINUA))
    columns = {"crystal": "s", "moves": "s", "by": "s", "thermal strain": ".5f"} | dict.fromkeys(strains, "+.3f")
    report = Report("warm_seam", "Strain of a warm crystal's core by the seam, in thermal strains", columns)
    for crystal, potential, dimension in SUBJECTS[:1] if quick else SUBJECTS:
        test = patch_test(crystal, potential, dimension)
        for motion in ("core", "all") if dimension == "2" else ("core",):
            row = by_mean_forces(test, motion)
            report.rows.append({"crystal": f"{crystal} {potential.split('.')[0]}", "moves": motion, "by": "mean force", **row})
    report.rows.append(_dynamics_row(report.rows[0], 300 if quick else STEPS))
    report.notes.append("by dynamics: means of two runs and their mirror images, standard errors from ten blocks; the dead load at rest")
    return report


def _dynamics_row(known: dict[str, Any], steps: int) -> dict[str, Any]:
    """Means of molecular dynamics of the first subject, with what mean forces say at the temperature that the core had."""
    test = patch_test(*SUBJECTS[0])
    row: dict[str, Any] = {"crystal": known["crystal"], "moves": "core", "by": "dynamics"}
    for name, make in CONTINUA.items():
        seen = by_dynamics(make(test), steps)
        taken = {"W": 0.0, "W_T": known["W"] - known["W_T"], "dead load": known["W"]}[name]
        expected = seen.warm * known["W"] - taken
        row |= {f"dynamics {name}": seen.strain, f"{name} error": seen.error, f"{name} warm": seen.warm, f"{name} expected": expected}
    return row


def lines(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The mean forces as docs/temperature.md has them."""
    head = ["crystal", "moves", "thermal strain (1e-3)", "W", "W_T", "W_T with beta", "dead load, 1 % further"]
    made = []
    for row in (row for row in rows if row["by"] == "mean force"):
        values = [f"{row[name]:+.3f}" for name in ("W", "W_T", "beta", "dead load")]
        made.append([row["crystal"], row["moves"], f"{1e3 * row['thermal strain']:.2f}", *values])
    return markdown(head, made)


def dynamics_lines(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Molecular dynamics as docs/temperature.md has it."""
    head, made = ["continuum", "molecular dynamics", "mean forces at the core's T", "T of the core / T"], []
    (row,) = (row for row in rows if row["by"] == "dynamics")
    for name in CONTINUA:
        seen = f"{row[f'dynamics {name}']:+.3f} +- {row[f'{name} error']:.3f}"
        made.append([name, seen, f"{row[f'{name} expected']:+.3f}", f"{row[f'{name} warm']:.3f}"])
    return markdown(head, made)


if __name__ == "__main__":
    run(1, quick=False).publish()
