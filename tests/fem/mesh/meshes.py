"""Small meshes and mesh files."""

import numpy as np

from fem.mesh.far_field import CoarseMesh


def write_msh(path, nodes, elements):
    """gmsh's format 2.2."""
    lines = ["$MeshFormat", "2.2 0 8", "$EndMeshFormat", "$Nodes", str(len(nodes))]
    lines += [f"{k} {x} {y} {z}" for k, (x, y, z) in enumerate(nodes, 1)]
    lines += ["$EndNodes", "$Elements", str(len(elements))]
    lines += [f"{k} {kind} 2 1 1 " + " ".join(map(str, ids)) for k, (kind, *ids) in enumerate(elements, 1)]
    path.write_text("\n".join([*lines, "$EndElements", ""]))


def write_mesh(path, mesh, groups=1):
    """A plane mesh as gmsh's format 2.2, all of it in several physical groups: it lists the cells once for each."""
    nodes = [(x, y, 0.0) for x, y in mesh.points.tolist()]
    write_msh(path, nodes, [(2, *cell) for _ in range(groups) for cell in (mesh.cells + 1).tolist()])


def ring_disc(slit=False, rings=8, step=2.0):
    """A disc of triangles, rings of six more nodes each ``step`` apart; the slit runs along negative x from the origin."""
    points, first = [np.zeros(2)], [0]
    for k in range(1, rings + 1):
        first.append(len(points))
        angle = 2 * np.pi * np.arange(6 * k) / (6 * k)
        points += list(k * step * np.column_stack([np.cos(angle), np.sin(angle)]))
    cells = []
    for k in range(1, rings + 1):
        for side in range(6):
            outer = [first[k] + (side * k + j) % (6 * k) for j in range(k + 1)]
            inner = [first[k - 1] + (side * (k - 1) + j) % max(6 * (k - 1), 1) for j in range(k)]
            cells += [(inner[j], outer[j], outer[j + 1]) for j in range(k)]
            cells += [(inner[j], outer[j + 1], inner[j + 1]) for j in range(k - 1)]
    mesh = CoarseMesh(np.array(points), np.array(cells, dtype=np.int64))
    mesh.points[np.abs(mesh.points) < 1e-12] = 0.0
    return _parted(mesh, mesh.points[:, 0] < -1e-9) if slit else mesh


def open_ahead(mesh, beyond):
    """The mesh whose upper half has nodes of its own on y = 0, x > ``beyond``."""
    return _parted(mesh, mesh.points[:, 0] > beyond)


def _parted(mesh, where):
    twice = np.flatnonzero(where & (np.abs(mesh.points[:, 1]) < 1e-9))
    copy = np.arange(len(mesh.points))
    copy[twice] = len(mesh.points) + np.arange(len(twice))
    above = mesh.points[mesh.cells].mean(1)[:, 1] > 0
    return CoarseMesh(
        np.vstack([mesh.points, mesh.points[twice]]), np.where(above[:, None], copy[mesh.cells], mesh.cells)
    )


def without_cells(mesh, which):
    """The mesh without some cells, and without the nodes that only these had."""
    used, cells = np.unique(np.delete(mesh.cells, which, axis=0), return_inverse=True)
    return CoarseMesh(mesh.points[used], cells.reshape(-1, mesh.cells.shape[1]))
