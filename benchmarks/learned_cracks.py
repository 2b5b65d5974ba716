"""Cracks of SNAP potentials by one solver, alone in its process: ``python -m benchmarks.learned_cracks blended molybdenum-100 60``.

``blended`` is the model of the code's own sizes, ``atomistic`` every atom of the clamped disc by the same ladder, ``lammps`` the
same atoms relaxed by LAMMPS' conjugate gradients from the near-tip field. ``bqcf`` blends the potential's forces, ``calculator`` those
that LAMMPS gives as an outside calculator, with a twin by `qc match`: the same crack, if neither table nor twin matters. All in steps
of 0.05 K_G, a step with an event halved down to the tolerance. The last line is JSON: bracket of the first event in K_G and what it
was, bonds next to the tip (A) at each load of the grid, CPU seconds, unknowns.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from typing import Any

import dolfinx_solver  # noqa: F401  brings its own MPI: first
import numpy as np

from atomistics import Crystal, ForcesOnly, SitePotential, SnapPotential, equilibrium_lattice_constant, load_potential
from atomistics.potentials.library import find_potential
from benchmarks.all_atoms import AllAtoms
from benchmarks.crack_state import tip_bonds
from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
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
START, STEP, STOP = 1.0, 0.05, 3.0
"""First load, steps and last load, K_G."""
FORCE, NOISE = 1e-3, 1e-2
"""Largest force on an atom at which LAMMPS ends a relaxation, eV/A; how far its atoms are from the near-tip field, A."""


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


def by_us(name: str, radius: float, tolerance: float, method: str) -> dict[str, Any]:
    """The ladder of the code up to its first event, set-up counted."""
    begin = time.process_time()
    system = system_of(name, radius, method)
    ladder, bonds = Ladder(system, LadderSpec(K_start=START, K_stop=STOP, K_step=STEP, K_tolerance=tolerance, J_tolerance=1.0)), {}
    print(f"{name}: K_G = {system.K_G:.5f} MPa m^1/2, {system.model.parts.layout.n_unknowns} unknowns", file=sys.stderr, flush=True)

    def kept(ladder: Ladder, record: Any) -> None:
        bonds[f"{record.K_over_KG:.4f}"] = found = bonds_of(ladder)
        took = time.process_time() - begin
        print(f"{record.K_over_KG:.4f} {found} {record.newton_iterations} {took:.0f} s", file=sys.stderr, flush=True)

    state = ladder.run(kept)
    events = [
        {"kind": e.kind, "bracket": [float(K / system.K_G) for K in e.bracket], "named": asdict(e.named) if e.named else None}
        for e in state.events
    ]
    return {
        "K_G": system.K_G,
        "bracket": events[-1]["bracket"] if events else None,
        "events": events,
        "no_start": state.no_start,
        "bonds": bonds,
        "seconds": time.process_time() - begin,
        "unknowns": system.model.parts.layout.n_unknowns,
    }


def bonds_of(ladder: Ladder) -> list[float]:
    """Bonds next to the tip, A."""
    model = ladder.system.model
    term = model.atomistic
    assert term is not None
    n, d0 = term.halo.n_own, ladder.system.crystal.nearest_neighbour_distance
    y = term.positions(model.coupling.variables(ladder.q)["atoms"])[:n]
    order = np.argsort(np.abs(term.halo.X[:n, 1]), kind="stable")
    return tip_bonds(term.halo.X[order], model.thickness, d0)(y[order])


def by_lammps(name: str, radius: float, tolerance: float) -> dict[str, Any]:
    """The ladder of `crack_load`, every atom by conjugate gradients."""
    peer = AllAtoms(system_of(name, radius, "atomistic"), CRACKS[name][0])
    K_G, bonds, begin = peer.system.K_G, {}, time.process_time()
    noise = np.where(peer.free[:, None], np.random.default_rng(1).normal(0.0, NOISE, peer.X.shape), 0.0)
    first = peer.relax(peer.X + noise, START * K_G, FORCE)
    measure = tip_bonds(peer.X, peer.period, peer.system.crystal.nearest_neighbour_distance)
    bonds[f"{START:.4f}"] = measure(peer.positions())
    stable, step, count = START, STEP, 1
    while stable + step < STOP:
        k, y, opened = stable + step, peer.positions(), peer.tracker.open.copy()
        count += 1
        if abs(peer.relax(y, (k - stable) * K_G, FORCE) - first) < 1e-3:
            stable = k
            bonds[f"{k:.4f}"] = measure(peer.positions())
            print(k, bonds[f"{k:.4f}"], file=sys.stderr, flush=True)
        elif k - stable <= tolerance * k * (1 + 1e-9):
            break
        else:
            peer.engine.positions, peer.tracker.open, step = y, opened, 0.5 * (k - stable)
    seconds = time.process_time() - begin
    return {
        "K_G": K_G, "bracket": [stable, stable + step], "bonds": bonds, "seconds": seconds, "relaxations": count,
        "unknowns": 3 * int(peer.free.sum()), "atoms": len(peer.X),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learned_cracks", description=__doc__.splitlines()[0])
    parser.add_argument("solver", choices=METHODS)
    parser.add_argument("crack", choices=CRACKS)
    parser.add_argument("radius", type=float, help="A")
    parser.add_argument("--tolerance", type=float, default=2.5e-3, help="width of the bracket relative to the load")
    args = parser.parse_args()
    words = (args.crack, args.radius, args.tolerance)
    found = by_lammps(*words) if args.solver == "lammps" else by_us(*words, METHODS[args.solver])
    sys.stdout.write(json.dumps({"solver": args.solver, "crack": args.crack, "radius": args.radius} | found) + "\n")


if __name__ == "__main__":
    main()
