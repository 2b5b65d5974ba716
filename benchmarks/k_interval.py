"""Whether the interval of K+ holds what a larger model finds: ``python -m benchmarks.k_interval iron tungsten``.

Each crack is run with the sizes of the code and the error of its K+, then with twice the core in four times the domain. All loads in
K_G, steps halved at the snap to 5e-4. A line of JSON for each.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from typing import Any

import dolfinx_solver  # noqa: F401  brings its own MPI: first

from qc.crack.k_error import FARTHER, k_plus_error
from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from qc.errors import ConvergenceError

from .core_size import MATERIALS, material

LOADS = LadderSpec(K_tolerance=5e-4)


def climbed(name: str, spec: CrackSpec) -> Ladder:
    """The ladder of a crack up to its first advance."""
    ladder = Ladder(CrackSystem(*material(name), spec), LOADS)
    ladder.run()
    return ladder


def measure(name: str, method: str) -> dict[str, Any]:
    """Interval and value of one crack, or why there is none."""
    begin, found = time.process_time(), {"crack": name, "method": method}
    try:
        ladder = climbed(name, CrackSpec(method=method))
        if ladder.state.K_plus_bracket is None:
            return found | {"no K+": ladder.state.no_start or [event.kind for event in ladder.state.events]}
        error, spec = k_plus_error(ladder), ladder.system.spec
        found |= {"sentence": error.sentence(), "core": spec.core, "radius": spec.radius, "seconds": time.process_time() - begin}
        large = climbed(name, replace(spec, core_radius=2 * spec.core, domain_radius=FARTHER * spec.radius, grow_core=False))
        bracket, far = large.state.K_plus_bracket, error.far
        if bracket is None or far is None:
            return found | {"large": None}
        K = 0.5 * sum(bracket) / large.system.K_G
        low, high = far.value + far.low, far.value + far.high
        return found | {"interval": [low, high], "large": K, "holds": bool(low <= K <= high)}
    except (ConvergenceError, ValueError) as error:
        return found | {"refused": str(error)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.k_interval", description=__doc__.splitlines()[0])
    parser.add_argument("cracks", nargs="*", default=list(MATERIALS), help=", ".join(MATERIALS))
    parser.add_argument("--method", default=CrackSpec().method)
    args = parser.parse_args()
    for name in args.cracks:
        print(json.dumps(measure(name, args.method)), flush=True)


if __name__ == "__main__":
    main()
