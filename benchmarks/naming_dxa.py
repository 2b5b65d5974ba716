"""Dislocations of the states of `benchmarks.naming` by ovito's DXA: ``python benchmarks/naming_dxa.py DIR``.

Stand-alone: for any Python that has ovito and numpy (``pip install ovito``). Writes ``dxa.json`` into the folder: of each state the
lines, their Burgers vectors in the laboratory's frame (A), where they are, and how many atoms have which structure. The period along
the front is repeated until it is 12 A: a line has to close on itself.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from ovito.data import DataCollection, Particles, SimulationCell
from ovito.modifiers import DislocationAnalysisModifier as DXA
from ovito.modifiers import ReplicateModifier
from ovito.pipeline import Pipeline, StaticSource

LATTICES = {"fcc": DXA.Lattice.FCC, "bcc": DXA.Lattice.BCC, "hcp": DXA.Lattice.HCP, "diamond": DXA.Lattice.CubicDiamond}
LEAST = 12.0
"""Length along the front, A."""


def analysed(path: Path) -> dict[str, Any]:
    """Lines of one state."""
    with np.load(path) as state:
        y, period, facts = state["y"], float(state["period"]), json.loads(str(state["facts"]))
    low, high = y.min(0) - 15.0, y.max(0) + 15.0
    data = DataCollection()
    data.objects.append(SimulationCell(pbc=(False, False, True)))
    data.cell_[...] = [[high[0] - low[0], 0, 0, low[0]], [0, high[1] - low[1], 0, low[1]], [0, 0, period, 0]]
    particles = Particles(count=len(y))
    particles.create_property("Position", data=y)
    data.objects.append(particles)
    pipeline = Pipeline(source=StaticSource(data=data))
    pipeline.modifiers.append(ReplicateModifier(num_z=int(np.ceil(LEAST / period))))
    pipeline.modifiers.append(DXA(input_crystal_structure=LATTICES[facts["structure"]], trial_circuit_length=14, circuit_stretchability=9))
    out = pipeline.compute()
    lines = [
        {"b": list(map(float, line.spatial_burgers_vector)), "at": list(map(float, np.asarray(line.points).mean(0)[:2]))}
        for line in out.dislocations.lines
    ]
    counts = {name.split(".")[-1]: int(n) for name, n in out.attributes.items() if ".counts." in name}
    return {"lines": lines, "counts": counts}


def main() -> None:
    folder = Path(sys.argv[1])
    found = {path.stem: analysed(path) for path in sorted(folder.glob("*.npz"))}
    (folder / "dxa.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
