"""K+ against the size of the core, at one radius of the domain: ``python -m benchmarks.core_size iron 120 12,14,28``.

A core that is too small shows in K+, or finds no state at all. Slit, quadratic elements, bgrac, steps of 0.05 K_G halved at the snap.
The last line is JSON: for each core the bracket in K_G, tip and J/G of the first state, CPU seconds, unknowns.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

import dolfinx_solver  # noqa: F401  brings its own MPI: first

from atomistics import Crystal, SitePotential, equilibrium_lattice_constant, load_potential
from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.crack.sizes import Sizes
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from qc.errors import ConvergenceError, InputError

MATERIALS: dict[str, tuple[Any, ...]] = {
    "iron": ("Fe_mm.eam.fs", "bcc", ("Fe",), (1, 1, 0), (0, 0, 1)),
    "iron-100": ("Fe_mm.eam.fs", "bcc", ("Fe",), (1, 0, 0), (0, 1, 1)),
    "silicon": ("holland-marder", "diamond", ("Si",), (1, 1, 1), (1, -1, 0)),
    "silicon-112": ("holland-marder", "diamond", ("Si",), (1, 1, 1), (1, 1, -2)),
    "tungsten": ("W_zhou.eam.alloy", "bcc", ("W",), (1, 1, 0), (0, 0, 1)),
    "vanadium": ("VFe_mm.eam.fs", "bcc", ("V",), (1, 1, 0), (0, 0, 1)),
    "nickel": ("NiAlH_jea.eam.alloy", "fcc", ("Ni",), (1, 0, 0), (0, 1, 1)),
    "aluminium": ("Al_mm.eam.fs", "fcc", ("Al",), (1, 1, 1), (1, 1, -2)),
    "aluminium-100": ("Al_mm.eam.fs", "fcc", ("Al",), (1, 0, 0), (0, 0, 1)),
    "silicon-carbide": ("SiC_Erhart-Albe.tersoff", "zincblende", ("Si", "C"), (1, 1, 0), (0, 0, 1)),
    "silicon-t3": ("tersoff-t3", "diamond", ("Si",), (1, 1, 0), (0, 0, 1)),
    "sheet": ("morse", "hexagonal", ("X",), None, None, {"alpha": 4.0, "cutoff": 1.7, "switch_on": 1.1}),
    "toy-sheet": ("hexagonal-eam", "hexagonal", ("X",), None, None),
}
"""Potential, structure, species, plane, front (none of a sheet, which is cut along x), parameters of a built-in potential."""


def material(name: str) -> tuple[Crystal, SitePotential]:
    """Crystal at rest, oriented, and its potential."""
    file, structure, species, plane, front, *parameters = MATERIALS[name]
    potential = load_potential(file, **(parameters[0] if parameters else {}))
    crystal = getattr(Crystal, structure)(*species).resolved(potential)
    if plane is None:
        return crystal, potential
    return crystal.with_lattice_constant(equilibrium_lattice_constant(crystal, potential)).oriented(plane, front), potential


def measure(name: str, radius: float, core: float, start: float) -> dict[str, Any]:
    """K+ with one core, or why there is none."""
    crystal, potential = material(name)
    usual, begin = Sizes.usual(crystal, potential), time.process_time()
    spec = CrackSpec(core_radius=core or usual.core_radius, blend_width=usual.blend_width, domain_radius=radius, order=2, face_strip=0.0)
    found: dict[str, Any] = {"core": spec.core_radius}
    try:
        system = CrackSystem(crystal, potential, spec, K_check=start)
        ladder = Ladder(system, LadderSpec(K_start=start, K_stop=2.2, K_step=0.05, K_tolerance=1e-3))
        ladder.run()
    except (ConvergenceError, InputError) as error:
        return found | {"refused": str(error)}
    bracket, first = ladder.state.K_plus_bracket, ladder.state.steps[0]
    found |= {"bracket": bracket and [K / system.K_G for K in bracket], "tip": first.tip, "J_over_G": first.J_over_G}
    found |= {"events": [event.kind for event in ladder.state.events], "unknowns": system.model.parts.layout.n_unknowns}
    return found | {"seconds": time.process_time() - begin}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.core_size", description=__doc__.splitlines()[0])
    parser.add_argument("material", choices=MATERIALS)
    parser.add_argument("radius", type=float, help="of the domain, A")
    parser.add_argument("cores", help="radii, A, separated by commas; 0 is the default of the code")
    parser.add_argument("--start", type=float, default=1.0, help="first load, K_G")
    args = parser.parse_args()
    rows = [measure(args.material, args.radius, float(core), args.start) for core in args.cores.split(",")]
    sys.stdout.write(json.dumps(rows) + "\n")


if __name__ == "__main__":
    main()
