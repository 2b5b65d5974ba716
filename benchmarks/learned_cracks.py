"""Cracks of SNAP potentials by one solver, alone in its process: ``python -m benchmarks.learned_cracks blended molybdenum-100 60``.

``blended`` is the model of the code's own sizes, ``atomistic`` every atom of the clamped disc by the same ladder, ``lammps`` the
same atoms relaxed by LAMMPS' conjugate gradients from the near-tip field. ``bqcf`` blends the potential's forces, ``calculator`` those
that LAMMPS gives as an outside calculator, with a twin by `qc match`: the same crack, if neither table nor twin matters. All in steps
of 0.05 K_G, a step with an event halved down to the tolerance. The last line is JSON: bracket of the first event in K_G and what it
was, bonds next to the tip (A) at each load of the grid, CPU seconds, unknowns. ``--keep`` puts it into
benchmarks/results/learned_cracks.json, load by load; ``python -m benchmarks.learned_table`` makes the tables of docs/potentials.md of it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import dolfinx_solver  # noqa: F401  brings its own MPI: first
import numpy as np

from atomistics import Crystal, ForcesOnly, SitePotential, SnapPotential, equilibrium_lattice_constant, load_potential
from atomistics.potentials.library import find_potential
from benchmarks.all_atoms import AllAtoms
from benchmarks.crack_state import tip_bonds
from benchmarks.learned_table import finished, keep
from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from qc.drive.stepping import JUMP
from qc.errors import ConvergenceError
from qc.material.twin import matched_twin
from tests.lammps_engine import LammpsCalculator

CRACKS: dict[str, tuple[Any, ...]] = {
    "molybdenum-100": ("Mo_Chen_PRM2017.snap", "bcc", "Mo", (1, 0, 0), (0, 0, 1)),
    "molybdenum-110": ("Mo_Chen_PRM2017.snap", "bcc", "Mo", (1, 1, 0), (1, -1, 0)),
    "tantalum-100": ("Ta06A.snap", "bcc", "Ta", (1, 0, 0), (0, 0, 1)),
    "silicon-111": ("Si_Zuo_JPCA2020.quadratic.snap", "diamond", "Si", (1, 1, 1), (1, -1, 0)),
    "nickel-111": ("Ni_Zuo_JPCA2020.snap", "fcc", "Ni", (1, 1, 1), (1, 1, -2)),
}
"""Potential, structure, species, plane, front."""
METHODS = {"blended": "bgrac", "atomistic": "atomistic", "bqcf": "bqcf", "calculator": "calculator", "lammps": "atomistic"}
"""Solvers, and the method of the model each has."""
START, STEP, STOP = 1.0, 0.05, 1.6
"""First load, steps and last load, K_G."""
FORCE, NOISE = 1e-3, 1e-2
"""Largest force on an atom at which LAMMPS ends a relaxation, eV/A; how far its atoms are from the near-tip field, A."""
Walk = Callable[[dict[str, Any]], None]
"""What is done with the figures of a ladder each time it has come to a load."""


def material(name: str) -> tuple[Crystal, SitePotential]:
    """Crystal at rest, oriented, and its potential."""
    file, structure, species, plane, front = CRACKS[name]
    potential = load_potential(file)
    crystal = getattr(Crystal, structure)(species).resolved(potential)
    return crystal.with_lattice_constant(equilibrium_lattice_constant(crystal, potential)).oriented(plane, front), potential


def system_of(name: str, radius: float, method: str) -> CrackSystem:
    """The crack in a disc."""
    crystal, potential = material(name)
    if method == "calculator":
        file, species = CRACKS[name][0], list(potential.elements)
        outside = ForcesOnly(LammpsCalculator("include", str(find_potential(file)), species), species, 2 * potential.cutoff)
        unturned = getattr(Crystal, CRACKS[name][1])(species[0], crystal.a)
        outside.twin = SnapPotential(matched_twin(outside, unturned).file)
        potential, method = outside, "bqcf"
    return CrackSystem(crystal, potential, CrackSpec(method=method, domain_radius=radius))


def by_us(name: str, radius: float, spec: LadderSpec, method: str, walk: Walk) -> dict[str, Any]:
    """The ladder of the code up to its first event, set-up counted."""
    begin = time.process_time()
    system = system_of(name, radius, method)
    ladder = Ladder(system, spec)
    row: dict[str, Any] = {"K_G": system.K_G, "unknowns": system.model.parts.layout.n_unknowns, "bonds": {}, "bracket": None}
    print(f"{name}: K_G = {system.K_G:.5f} MPa m^1/2, {row['unknowns']} unknowns", file=sys.stderr, flush=True)

    def kept(ladder: Ladder, record: Any) -> None:
        row["bonds"][f"{record.K_over_KG:.4f}"] = found = bonds_of(ladder)
        row["seconds"] = time.process_time() - begin
        row["iterations"] = [step.newton_iterations + step.robust_iterations for step in ladder.state.steps]
        print(f"{record.K_over_KG:.4f} {found} {row['iterations'][-1]} {row['seconds']:.0f} s", file=sys.stderr, flush=True)
        walk(row)

    try:
        state = ladder.run(kept)
    except ConvergenceError as error:
        state, row["ended"] = ladder.state, str(error)
    first = state.first_event
    row["events"] = [
        {"kind": e.kind, "bracket": [float(K / system.K_G) for K in e.bracket], "named": e.named.sentence if e.named else None}
        for e in state.events
    ]
    row["first"] = None if first is None else row["events"][state.events.index(first)]
    row["bracket"] = None if first is None else row["first"]["bracket"]
    if isinstance(system.potential, ForcesOnly):
        row["calls"] = asdict(system.potential.calls)
    relaxations = len(state.steps) + sum(step.rejected or 0 for step in state.steps)
    return row | {"no_start": state.no_start, "relaxations": relaxations, "seconds": time.process_time() - begin}


def bonds_of(ladder: Ladder) -> list[float]:
    """Bonds next to the tip, A."""
    model = ladder.system.model
    term = model.atomistic
    assert term is not None
    n, d0 = term.halo.n_own, ladder.system.crystal.nearest_neighbour_distance
    y = term.positions(model.coupling.variables(ladder.q)["atoms"])[:n]
    order = np.argsort(np.abs(term.halo.X[:n, 1]), kind="stable")
    return tip_bonds(term.halo.X[order], model.thickness, d0)(y[order])


def by_lammps(name: str, radius: float, spec: LadderSpec, walk: Walk) -> dict[str, Any]:
    """The ladder of `crack_load`, every atom by conjugate gradients.

    An event is a tip that moves, or atoms that jump beside the field as far as a state may that this code has not lost.
    """
    system = system_of(name, radius, "atomistic")
    peer, K_G, d0 = AllAtoms(system, CRACKS[name][0]), system.K_G, system.crystal.nearest_neighbour_distance
    begin, measure = time.process_time(), tip_bonds(peer.X, peer.period, d0)
    noise = np.where(peer.free[:, None], np.random.default_rng(1).normal(0.0, NOISE, peer.X.shape), 0.0)
    row: dict[str, Any] = {"K_G": K_G, "unknowns": 3 * int(peer.free.sum()), "atoms": len(peer.X), "bonds": {}, "bracket": None}
    row |= {"seconds_of": [], "iterations": []}

    def relax(y: np.ndarray, dK: float) -> float:
        first, since = int(peer.engine.lmp.extract_global("ntimestep")), time.process_time()
        tip = peer.relax(y, dK * K_G, FORCE)
        row["seconds_of"].append(time.process_time() - since)
        row["iterations"].append(int(peer.engine.lmp.extract_global("ntimestep")) - first)
        return tip

    def kept(level: float) -> None:
        row["bonds"][f"{level:.4f}"] = measure(peer.positions())
        row["seconds"] = time.process_time() - begin
        print(f"{level:.4f} {row['bonds'][f'{level:.4f}']} {row['iterations'][-1]} {row['seconds']:.0f} s", file=sys.stderr, flush=True)
        walk(row)

    assert spec.wanted is not None
    assert spec.K_tolerance is not None
    stable, snap = spec.wanted, None
    first = relax(peer.X + noise, stable)
    kept(stable)
    while snap is None or snap - stable > spec.K_tolerance * snap * (1 + 1e-9):
        k = stable + spec.K_step if snap is None else 0.5 * (stable + snap)
        if k > spec.K_stop + 1e-9:
            break
        y, opened = peer.positions(), peer.tracker.open.copy()
        moved = abs(relax(y, k - stable) - first) > 1e-3
        beside = np.abs(peer.positions() - y - (k - stable) * K_G * peer.unit_u).max()
        if moved or beside > JUMP * d0:
            print(f"{k:.4f}: tip moved: {moved}; {beside:.2f} A beside the field", file=sys.stderr, flush=True)
            peer.engine.positions, peer.tracker.open, snap = y, opened, k
        else:
            stable = k
            kept(k)
    row["bracket"] = None if snap is None else [stable, snap]
    return row | {"relaxations": len(row["iterations"]), "seconds": time.process_time() - begin}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learned_cracks", description=__doc__.splitlines()[0])
    parser.add_argument("solver", choices=METHODS)
    parser.add_argument("crack", choices=CRACKS)
    parser.add_argument("radius", type=float, help="A")
    parser.add_argument("--tolerance", type=float, default=2.5e-3, help="width of the bracket relative to the load")
    parser.add_argument("--start", type=float, default=START, help="first load, K_G")
    parser.add_argument("--stop", type=float, default=STOP, help="last load, K_G")
    parser.add_argument("--keep", action="store_true", help="in benchmarks/results; what is finished there is not run again")
    args = parser.parse_args()
    key = {"solver": args.solver, "crack": args.crack, "radius": args.radius}
    if args.keep and finished(key):
        return
    spec = LadderSpec(K_start=args.start, K_stop=args.stop, K_step=STEP, K_tolerance=args.tolerance, J_tolerance=1.0)
    words = key | {"tolerance": args.tolerance, "potential": CRACKS[args.crack][0]}

    def walk(row: dict[str, Any], done: bool = False) -> None:
        if args.keep:
            keep(words | row | {"finished": done})

    if args.solver == "lammps":
        found = by_lammps(args.crack, args.radius, spec, walk)
    else:
        found = by_us(args.crack, args.radius, spec, METHODS[args.solver], walk)
    walk(found, done=True)
    sys.stdout.write(json.dumps(words | found) + "\n")


if __name__ == "__main__":
    main()
