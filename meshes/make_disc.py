"""Makes disc.msh, a mesh of one's own for a model of iron:  python meshes/make_disc.py [--slit] [FILE]

A disc of triangles whose vertices are no lattice sites. With --slit the crack along negative x is cut open: its faces
have nodes of their own, from the tip at the origin to the outer circle.
"""

import argparse

import gmsh
import numpy as np

NN = 2.855325 * np.sqrt(3) / 2
"""Nearest-neighbour distance of iron, A."""
RADIUS = 26 * NN
CORE, HANDSHAKE = 6 * NN, 11 * NN


def size(r: float) -> float:
    """Mesh size at distance r from the tip, A: 1.75 neighbour distances in the handshake, then growing."""
    return 1.75 * NN * max(r / HANDSHAKE, 1.0) ** 1.5


def make_disc(path: str, slit: bool = False, radius: float = RADIUS) -> None:
    """Write the mesh."""
    gmsh.initialize(interruptible=False, readConfigFiles=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.option.setNumber("General.NumThreads", 1)
        for key in ("MeshSizeFromPoints", "MeshSizeFromCurvature", "MeshSizeExtendFromBoundary"):
            gmsh.option.setNumber(f"Mesh.{key}", 0)
        gmsh.model.mesh.setSizeCallback(lambda dim, tag, x, y, z, h: size(np.hypot(x, y)))
        geo = gmsh.model.geo
        tip, ahead, top, bottom = (geo.addPoint(*p, 0.0) for p in ((0, 0), (radius, 0), (0, radius), (0, -radius)))
        left = [geo.addPoint(-radius, 0.0, 0.0)]
        left.append(geo.addPoint(-radius, 0.0, 0.0) if slit else left[0])
        faces = [geo.addLine(left[0], tip)]
        faces.append(geo.addLine(left[1], tip) if slit else faces[0])
        line = geo.addLine(tip, ahead)
        halves = []
        for pole, corner, face in zip((top, bottom), left, faces, strict=True):
            arcs = [geo.addCircleArc(ahead, tip, pole), geo.addCircleArc(pole, tip, corner)]
            halves.append(geo.addPlaneSurface([geo.addCurveLoop([line, *arcs, face])]))
        geo.synchronize()
        gmsh.model.mesh.generate(2)
        gmsh.write(path)
    finally:
        gmsh.finalize()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", default="meshes/disc.msh")
    parser.add_argument("--slit", action="store_true", help="cut the crack open")
    arguments = parser.parse_args()
    make_disc(arguments.file, arguments.slit)
