"""One crack state relaxed by one solver, alone in its process: ``python -m benchmarks.crack_state blended iron 400``.

The state: K_G on a disc of the radius given, from the near-tip field disturbed by 1e-3 A. All solvers know the same sites,
the same clamped boundary and the same load. What they have reached is measured by the lengths of the bonds across the plane
next to the tip. The last line of the output is JSON: CPU seconds, bonds and largest force whenever a level of force is
reached, CPU seconds of each further step of the load, peak memory, unknowns. ``strips`` has atoms along the crack faces and
linear elements; ``slit`` a cut in the mesh and quadratic elements; ``small`` the same with a small core.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dolfinx_solver  # noqa: F401  brings its own MPI: first
import numpy as np

from atomistics.potentials.library import find_potential
from benchmarks import lammps_disc

if TYPE_CHECKING:
    from qc.crack.ladder import Ladder
    from qc.crack.system import CrackSystem

LEVELS = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5)
"""Largest force on an atom, eV/A, at which the bonds are looked at."""
CHUNK = 100
"""Iterations of a minimiser between looks at the clock."""
MODELS = {"strips": (40.0, 20.0, 1), "slit": (40.0, 20.0, 2), "small": (14.0, 10.0, 2)}
"""Blended models: radius of the core and width of the handshake, A; order of the elements."""
STEPS, STEP, STEP_FORCE = 3, 0.01, 1e-3
"""Further steps of the load, in K_G, and the largest force at which a minimiser of all atoms ends one, eV/A."""
ROWS = 4
"""Rows of bonds next to the tip that count."""


class Material:
    """Iron or silicon: what each solver has to be told.

    Attributes
    ----------
    K : float
        Griffith load, MPa m^1/2.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        if name == "iron":
            self.K, self.disc = 0.8414, ["--a", "2.855325", "--constants", "244.31", "145.32", "116.35"]
            self.d0, self.plane, self.front = np.sqrt(3) / 2 * 2.855325, (1, 1, 0), (0, 0, 1)
        else:
            file = Path(tempfile.mkdtemp()) / "holland-marder.sw"
            file.write_text(brittle(Path(find_potential("Si.sw")).read_text()))
            self.K, self.d0 = 0.7486, np.sqrt(3) / 4 * 5.430950
            self.plane, self.front = (1, 1, 1), (1, -1, 0)
            self.disc = ["--potential", str(file), "--element", "Si", "--structure", "diamond", "--cutoff", "3.77118"]
            self.disc += ["--a", "5.430950", "--constants", "201.426", "51.421", "90.510", "--gamma", "1.36003"]
        self.disc += ["--plane", *map(str, self.plane), "--front", *map(str, self.front), "--K-G", str(self.K)]

    def atoms(self, radius: float) -> lammps_disc.Disc:
        """The disc of all atoms, in LAMMPS; the field's centre on the middle of a bond, or between two rows of sites."""
        if self.name == "iron":
            return lammps_disc.Disc(lammps_disc.arguments([*self.disc, "--radius", str(radius)]))
        small = lammps_disc.Disc(lammps_disc.arguments([*self.disc, "--radius", "12"]))
        offset = -float(small.bonds.x[np.abs(small.bonds.x).argmin()])
        return lammps_disc.Disc(lammps_disc.arguments([*self.disc, "--radius", str(radius), "--offset", str(offset)]))


def brittle(sw: str) -> str:
    """Stillinger and Weber's silicon with Holland and Marder's three-body strength: lambda = 42 instead of 21."""
    out = []
    for line in sw.splitlines():
        words = line.split()
        if words[:3] == ["Si", "Si", "Si"]:
            words[6] = "42.0"
        out.append(" ".join(words))
    return "\n".join(out) + "\n"


class Watch:
    """CPU time since the start of the work, and what had been reached when."""

    def __init__(self, limit: float, bonds: Callable[[np.ndarray], list[float]]) -> None:
        self.begin, self.limit, self.bonds = time.process_time(), limit, bonds
        self.levels: list[dict[str, Any]] = []

    @property
    def seconds(self) -> float:
        return time.process_time() - self.begin

    def note(self, y: np.ndarray, force: float, iterations: int) -> None:
        self.levels.append({"seconds": self.seconds, "force": force, "iterations": iterations, "bonds": self.bonds(y)})


def tip_bonds(X: np.ndarray, period: float, d0: float) -> Callable[[np.ndarray], list[float]]:
    """Lengths (A) of the rows of bonds across the plane next to the tip, from positions of the atoms with reference X."""
    found = lammps_disc.Bonds.across_plane(X, period, d0, 1.3, 1.6)
    rows = np.unique(np.round(found.x, 3))
    rows = rows[np.argsort(np.abs(rows), kind="stable")[:ROWS]]

    def measure(y: np.ndarray) -> list[float]:
        lengths = found.lengths(y) * d0
        return [float(lengths[np.abs(found.x - x) < 1e-2].mean()) for x in np.sort(rows)]

    return measure


def by_lammps(material: Material, radius: float, limit: float) -> dict[str, Any]:
    """LAMMPS' conjugate gradients on every atom of the disc."""
    disc = material.atoms(radius)
    watch = Watch(limit, tip_bonds(disc.X, disc.pz, material.d0))
    engine, iterations = disc.engine, 0
    engine.positions = disc.X + material.K * disc.unit_u + disc.noise
    for level in LEVELS:
        reached = np.inf
        while reached > level and watch.seconds < limit:
            first = int(engine.lmp.extract_global("ntimestep"))
            engine.lmp.command(f"minimize 0 {level:.17g} {CHUNK} {100 * CHUNK}")
            done = int(engine.lmp.extract_global("ntimestep")) - first
            iterations += done
            reached = float(np.linalg.norm(engine.forces, axis=1).max())
            if done == 0:
                break
        if reached > level:
            break
        watch.note(disc.positions(), reached, iterations)
    seconds, steps = watch.seconds, []
    for _ in range(STEPS if reached <= STEP_FORCE else 0):
        begin = watch.seconds
        engine.positions = disc.positions() + STEP * material.K * disc.unit_u
        engine.lmp.command(f"minimize 0 {STEP_FORCE:.17g} {100 * CHUNK} {10_000 * CHUNK}")
        steps.append(watch.seconds - begin)
    unknowns = 3 * int((~disc.fixed).sum())
    return {"unknowns": unknowns, "levels": watch.levels, "seconds": seconds, "steps": steps}


def by_ase(material: Material, radius: float, limit: float) -> dict[str, Any]:
    """ASE's preconditioned L-BFGS (Exp) with matscipy's forces, on every atom of the disc."""
    from ase import Atoms
    from ase.constraints import FixAtoms
    from ase.optimize.precon import Exp, PreconLBFGS

    disc = material.atoms(radius)
    watch = Watch(limit, tip_bonds(disc.X, disc.pz, material.d0))
    symbol = "Fe" if material.name == "iron" else "Si"
    y = disc.X + material.K * disc.unit_u + disc.noise
    atoms = Atoms([symbol] * len(y), y, cell=[1.0, 1.0, disc.pz], pbc=(False, False, True))
    atoms.center(vacuum=10.0, axis=(0, 1))
    shift = atoms.positions[0] - y[0]
    atoms.set_constraint(FixAtoms(mask=disc.fixed))
    atoms.calc = matscipy_calculator(material.name)
    optimiser = PreconLBFGS(atoms, precon=Exp(A=3.0), use_armijo=True, logfile=None)
    for level in LEVELS:
        for _ in optimiser.irun(fmax=level, steps=100_000):
            if watch.seconds > limit:
                break
        reached = float(np.linalg.norm(atoms.get_forces(), axis=1).max())
        if reached > level:
            break
        watch.note(atoms.positions - shift, reached, optimiser.nsteps)
    return {"unknowns": 3 * int((~disc.fixed).sum()), "levels": watch.levels, "seconds": watch.seconds}


def matscipy_calculator(name: str) -> Any:
    """matscipy's compiled potential."""
    if name == "iron":
        from matscipy.calculators.eam import EAM

        return EAM(str(find_potential("Fe_mm.eam.fs")), kind="eam/fs")
    from matscipy.calculators.manybody import Manybody
    from matscipy.calculators.manybody.explicit_forms.stillinger_weber import (
        Holland_Marder_PRL_80_746_Si,
        StillingerWeber,
    )

    return Manybody(**StillingerWeber(Holland_Marder_PRL_80_746_Si))


def crack_system(material: Material, radius: float, model: str) -> CrackSystem:
    """The blended model named ``model`` in `MODELS`, its core no larger than the domain allows."""
    from atomistics import Crystal, load_potential
    from qc.crack.spec import CrackSpec, strip_thickness
    from qc.crack.system import CrackSystem
    from qc.material.cleavage import cells_beside

    potential = load_potential("Fe_mm.eam.fs" if material.name == "iron" else "holland-marder")
    crystal = Crystal.bcc("Fe", 2.855325) if material.name == "iron" else Crystal.diamond("Si", 5.430950)
    crystal = crystal.oriented(plane=material.plane, front=material.front)
    strips = model == "strips"
    strip = strip_thickness(cells_beside(crystal, "widest"), potential, 0.06) if strips else 0.0
    core, blend, order = MODELS[model]
    core = min(core, radius - blend - 20.0)
    spec = CrackSpec(
        core_radius=core, blend_width=blend, domain_radius=radius, method="bgrac", face_strip=strip, order=order
    )
    return CrackSystem(crystal, potential, spec, K_check=material.K)


def by_us(material: Material, radius: float, limit: float, model: str) -> dict[str, Any]:
    """The blended model, all of it counted: mesh, stencils, Newton, inertia. Kernels are compiled before."""
    from qc.crack.ladder import Ladder
    from qc.crack.ladder_state import LadderSpec

    def relax(size: float) -> tuple[CrackSystem, Ladder]:
        system = crack_system(material, size, model)
        ladder = Ladder(system, LadderSpec(K_start=material.K / system.K_G, K_stop=2.0, K_step=1.0, K_tolerance=None))
        ladder.step(material.K / system.K_G, "load")
        return system, ladder

    relax(60.0)  # compiles what is not in the cache
    begin = time.process_time()
    system, ladder = relax(radius)
    seconds = time.process_time() - begin
    term = system.model.atomistic
    assert term is not None
    z = system.model.coupling.variables(ladder.q)["atoms"]
    n = term.halo.n_own
    order = np.argsort(
        np.abs(term.halo.X[:n, 1]), kind="stable"
    )  # nearest-neighbour pairs need no order; this one is stable
    bonds = tip_bonds(term.halo.X[order], system.model.thickness, material.d0)(term.positions(z)[order])
    record, steps = ladder.state.steps[-1], []
    for number in range(STEPS):
        begin = time.process_time()
        ladder.step(material.K / system.K_G + (number + 1) * STEP, "load")
        steps.append(time.process_time() - begin)
    iterations = record.newton_iterations + record.robust_iterations
    level = {"seconds": seconds, "force": record.residual, "iterations": iterations, "bonds": bonds}
    unknowns = system.model.parts.layout.n_unknowns
    return {"unknowns": unknowns, "levels": [level], "seconds": seconds, "steps": steps}


SOLVERS: dict[str, Callable[..., dict[str, Any]]] = {
    **{name: partial(by_us, model=name) for name in MODELS},
    "lammps": by_lammps,
    "ase": by_ase,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crack_state", description=__doc__.splitlines()[0])
    parser.add_argument("solver", choices=SOLVERS)
    parser.add_argument("material", choices=("iron", "silicon"))
    parser.add_argument("radius", type=float, help="A")
    parser.add_argument("--limit", type=float, default=600.0, help="CPU seconds after which a minimiser is stopped")
    args = parser.parse_args()
    result = SOLVERS[args.solver](Material(args.material), args.radius, args.limit)
    result["peak_MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
