"""
A mesh of your own, and a report of the run
===========================================

A case file may name a mesh of gmsh. Its vertices need not be lattice sites; it is proved before it is used (docs/meshes.md). What
a run has found is in ``result.json``, and for the eye in ``report.html``: one file with curves, a view of the atoms, settings and
versions, that needs no network.
"""

import html
import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import gmsh
import matplotlib.pyplot as plt
import numpy as np

import qc

# %%
# A disc of triangles with a slit along negative x, whose faces have nodes of their own. The cells grow from 1.5 A on.

scratch = TemporaryDirectory()
folder, RADIUS = Path(scratch.name), 160.0
gmsh.initialize(interruptible=False, readConfigFiles=False)
gmsh.option.setNumber("General.Terminal", 0)
for key in ("MeshSizeFromPoints", "MeshSizeExtendFromBoundary"):
    gmsh.option.setNumber(f"Mesh.{key}", 0)
gmsh.model.mesh.setSizeCallback(lambda dim, tag, x, y, z, size: 1.5 * max(np.hypot(x, y) / 12.0, 1.0) ** 1.2)
geo = gmsh.model.geo
tip, ahead, top, bottom = (geo.addPoint(*p, 0) for p in ((0, 0), (RADIUS, 0), (0, RADIUS), (0, -RADIUS)))
line = geo.addLine(tip, ahead)
for pole in (top, bottom):
    behind = geo.addPoint(-RADIUS, 0, 0)  # one for each half, and so one face
    arcs = [geo.addCircleArc(ahead, tip, pole), geo.addCircleArc(pole, tip, behind)]
    geo.addPlaneSurface([geo.addCurveLoop([line, *arcs, geo.addLine(behind, tip)])])
geo.synchronize()
gmsh.model.mesh.generate(2)
gmsh.write(str(folder / "slit.msh"))
gmsh.finalize()

# %%
# The case, as it would stand in a file, and its run; ``qc run my.toml -o results`` does the same. On a mesh of your own the error
# of K+ by domain and cells is not measured: there is no larger and no finer one.

case = f"""
version = 2
crystal = {{ structure = "hexagonal", element = "X" }}
potential = {{ file = "morse", parameters = {{ alpha = 4.0, cutoff = 1.7, switch_on = 1.1 }} }}
model = {{ dimension = 2, method = "bgfc", core_radius = 8.0, blend_width = 4.0, domain_radius = {RADIUS}, mesh = "slit.msh" }}
load = {{ K_start = 1.04, K_stop = 1.1, K_step = 0.01, K_tolerance = 0.01, error_budget = false }}
"""
(folder / "my.toml").write_text(case)
code = qc.run_case(qc.load_case(folder / "my.toml"), folder / "results")

# %%
# Each number of the report is there twice: as it is read, and as it was in the document.

result = json.loads((folder / "results/result.json").read_text())
page = (folder / "results/report.html").read_text()
cells = re.findall(r'data-key="([^"]+)" data-value="([^"]*)"', page)
shown = {key: json.loads(html.unescape(value)) for key, value in cells}
print(result["verdict"])
print(f"report.html: {len(page) / 1e6:.1f} MB, {len(shown)} numbers, among them K_G = {shown['K_G']:.4f} and K+ = {shown['K_plus']:.4f}")


def visualize():
    """The model as the run has drawn it, on the mesh from above."""
    plt.figure(figsize=(8, 4.5), layout="constrained")
    plt.imshow(plt.imread(folder / "results/model.png"))
    plt.axis("off")
    plt.show()


if __name__ == "__main__":
    visualize()
