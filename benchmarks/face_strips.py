"""What carries the crack faces best? The iron crack in one disc: strips, slit with dead load, plain blending, all against atoms.

    python benchmarks/face_strips.py [--radius 100] [--core 20] [--blend 12] [--advance]

Prints a table and writes ``benchmarks/results/face_strips.json``: relative error of the bond strains within the core
against the fully atomistic disc at two loads below the first rearrangement of the tip (and, with ``--advance``, the
bracket of the first advance), number of unknowns, seconds for all states.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

import qc
from atomistics import Crystal, equilibrium_lattice_constant, load_potential
from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem

LOADS = (0.95, 1.05)
"""In K_G. At 1.06 K_G the tip leaves its mirror symmetry, to either side: states beyond may be mirror images."""
VARIANTS = {
    "atomistic": {"method": "atomistic"},
    "bgrac, strips": {"method": "bgrac"},
    "bgfc, strips, predictor": {"method": "bgfc"},
    "bgfc, strips, lattice": {"method": "bgfc", "reference": "lattice"},
    "bqce, strips": {"method": "bqce"},
    "bqcf, strips": {"method": "bqcf"},
    "bgrac, slit, predictor": {"method": "bgrac", "face_strip": 0.0},
    "bgfc, slit, predictor": {"method": "bgfc", "face_strip": 0.0},
    "bqcf, slit": {"method": "bqcf", "face_strip": 0.0},
    "bqce, slit": {"method": "bqce", "face_strip": 0.0},
}


def iron() -> tuple[Crystal, object]:
    """Fe (110)[001] with the potential of Mendelev (2003) at rest."""
    potential = load_potential("Fe_mm.eam.fs")
    crystal = Crystal.bcc("Fe").resolved(potential)
    crystal = crystal.with_lattice_constant(equilibrium_lattice_constant(crystal, potential))
    return crystal.oriented(plane=(1, 1, 0), front=(0, 0, 1)), potential


def core_displacements(ladder: Ladder, radius: float) -> dict[tuple[int, ...], np.ndarray]:
    """Displacements of the atoms within ``radius`` by name (one rank)."""
    model = ladder.system.model
    z = model.coupling.variables(ladder.q)["atoms"]
    atoms = model.parts.atoms
    near = np.linalg.norm(atoms.X[:, :2], axis=1) < radius
    return {tuple(k): u for k, u in zip(atoms.key[near].tolist(), z[: len(atoms)][near], strict=True)}


def strain_error(found: dict, exact: dict) -> float:
    """|D(u - u_exact)| / |D u_exact| over bonds between mesh neighbours, bonds across the crack plane left out."""
    top = bottom = 0.0
    for (i, j, k, s), u in exact.items():
        for other in ((i + 1, j, k, s), (i, j + 1, k, s)):
            if other not in exact or (j < 0) != (other[1] < 0):
                continue
            bond = exact[other] - u
            error = found[other] - found[i, j, k, s] - bond
            top, bottom = top + error @ error, bottom + bond @ bond
    return float(np.sqrt(top / bottom))


def main() -> None:
    """Run all variants and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--radius", type=float, default=100.0, help="of the disc, A")
    parser.add_argument("--core", type=float, default=20.0, help="radius of the core, A")
    parser.add_argument("--blend", type=float, default=12.0, help="width of the handshake, A")
    parser.add_argument("--advance", action="store_true", help="climb to the first advance as well (minutes a variant)")
    options = parser.parse_args()
    crystal, potential = iron()
    strip = potential.cutoff + 0.5 * crystal.nearest_neighbour_distance
    exact: dict[float, dict] = {}
    rows = []
    for name, changes in VARIANTS.items():
        start = time.perf_counter()
        spec = CrackSpec(
            core_radius=options.core,
            domain_radius=options.radius,
            blend_width=options.blend,
            **({"face_strip": strip, "order": 1} | changes),
        )
        system = CrackSystem(crystal, potential, spec)
        row: dict[str, object] = {"variant": name, "unknowns": system.model.parts.layout.n_unknowns}
        for k in LOADS:
            ladder = Ladder(system, LadderSpec(K_start=k, K_stop=k + 1e-6, K_step=1.0, stop_at="K_stop", K_tolerance=None))
            ladder.run()
            found = core_displacements(ladder, 0.75 * options.core)
            exact.setdefault(k, found)
            row[f"strain_error_{k}"] = strain_error(found, exact[k])
        if options.advance:
            ladder = Ladder(system, LadderSpec(K_start=1.0, K_stop=1.6, K_step=0.01, K_tolerance=None))
            state = ladder.run()
            row["K_plus_over_KG"] = [b / system.K_G for b in state.K_plus_bracket or []]
        row["seconds"] = round(time.perf_counter() - start, 1)
        rows.append(row)
        print(
            f"{name:26s}",
            {key: f"{v:.3g}" if isinstance(v, float) else v for key, v in row.items() if key != "variant"},
            flush=True,
        )
    path = Path(__file__).parent / "results" / "face_strips.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"options": vars(options), "version": qc.__name__, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
