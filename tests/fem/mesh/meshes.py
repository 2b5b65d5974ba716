"""Small mesh files."""


def write_msh(path, nodes, elements):
    """gmsh's format 2.2."""
    lines = ["$MeshFormat", "2.2 0 8", "$EndMeshFormat", "$Nodes", str(len(nodes))]
    lines += [f"{k} {x} {y} {z}" for k, (x, y, z) in enumerate(nodes, 1)]
    lines += ["$EndNodes", "$Elements", str(len(elements))]
    lines += [f"{k} {kind} 2 1 1 " + " ".join(map(str, ids)) for k, (kind, *ids) in enumerate(elements, 1)]
    path.write_text("\n".join([*lines, "$EndElements", ""]))
