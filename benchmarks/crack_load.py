"""The load of the first advance, found by one solver, alone in its process: ``python -m benchmarks.crack_load small iron 400``.

The same procedure for all: from K_G in steps of 0.05 K_G; a step in which the tip advances is taken back and halved until the
bracket is no wider than 0.1 per cent. LAMMPS relaxes every atom of the clamped disc by conjugate gradients. The last line of the
output is JSON: the bracket in K_G, CPU seconds, relaxations, unknowns, peak memory; of the blended model gradients and Hessians, which
unlike seconds do not depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from functools import partial
from typing import Any

from benchmarks.crack_state import MODELS, Material, crack_system

START, STEP, STOP, TOLERANCE = 1.0, 0.05, 3.0, 1e-3
"""First load, steps and last load, in K_G; width of the bracket relative to the load."""


def by_lammps(material: Material, radius: float, force: float) -> dict[str, Any]:
    """All atoms: each relaxation from the last state and the increment of the near-tip field, to forces below ``force``."""
    disc = material.atoms(radius)
    disc.args.fmax = force
    begin = time.process_time()
    first = disc.step(START * material.K, "load")
    stable, k, step, count = START, START + STEP, STEP, 1
    while k < STOP:
        positions, opened = disc.positions(), disc.bonds.open.copy()
        count += 1
        if disc.step(k * material.K, "load")["tip_position"] <= first["tip_position"] + 1e-3:
            stable = k
        elif k - stable <= TOLERANCE * k * (1 + 1e-9):
            break
        else:
            disc.engine.positions, disc.K, disc.bonds.open = positions, stable * material.K, opened
            step = 0.5 * (k - stable)
        k = stable + step
    unknowns = 3 * int((~disc.fixed).sum())
    return {"bracket": [stable, k], "seconds": time.process_time() - begin, "relaxations": count, "unknowns": unknowns}


def by_us(material: Material, radius: float, model: str) -> dict[str, Any]:
    """The blended model, its set-up counted. Kernels are compiled before."""
    from qc.crack.ladder import Ladder
    from qc.crack.ladder_state import LadderSpec

    def climb(size: float, stop: float) -> Ladder:
        system = crack_system(material, size, model)
        ladder = Ladder(system, LadderSpec(K_start=START, K_stop=stop, K_step=STEP, K_tolerance=TOLERANCE))
        ladder.run()
        return ladder

    climb(60.0, START)
    begin = time.process_time()
    ladder = climb(radius, STOP)
    seconds = time.process_time() - begin
    assert ladder.state.K_plus_bracket is not None
    count = len(ladder.state.steps) + sum(step.rejected or 0 for step in ladder.state.steps)
    unknowns = ladder.system.model.parts.layout.n_unknowns
    bracket = [K / material.K for K in ladder.state.K_plus_bracket]
    found = {"bracket": bracket, "seconds": seconds, "relaxations": count, "unknowns": unknowns}
    return found | {"evaluations": ladder.system.model.coupling.evaluations}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crack_load", description=__doc__.splitlines()[0])
    parser.add_argument("solver", choices=("lammps", *MODELS))
    parser.add_argument("material", choices=("iron", "silicon"))
    parser.add_argument("radius", type=float, help="A")
    parser.add_argument(
        "--force", type=float, default=3e-5, help="largest force at which LAMMPS ends a relaxation, eV/A"
    )
    args = parser.parse_args()
    material = Material(args.material)
    solve = partial(by_lammps, force=args.force) if args.solver == "lammps" else partial(by_us, model=args.solver)
    result = solve(material, args.radius)
    result["peak_MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
