"""Our ACE potentials beside ace-jax of PyPI, an evaluator of its own by automatic differentiation.

``python by_ace_jax.py write DIR`` (this environment) writes LAMMPS' Cu-PBE-core-rep.ace as Cu.yace, which ace-jax reads, and copies the
files of two elements that are here; ``python by_ace_jax.py compare DIR`` (any Python with ``pip install ace-jax==0.4.1``) prints the
largest differences of energies (eV) and of their derivatives by the bonds (eV/A) from those of ``copper.npz`` and ``references.npz``,
which `test_ace.py` holds our own against.
"""

from __future__ import annotations

import itertools
import shutil
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
TWO = ("ChebExpCos", "ChebPow", "SBessel")
"""Files of two elements."""


def write(folder: Path) -> None:
    """Files that ace-jax reads."""
    from atomistics.potentials.ace_text import read_ace
    from atomistics.potentials.library import find_potential

    file = read_ace(Path(find_potential("Cu-PBE-core-rep.ace")))
    embedding, bond = file.embeddings[0], file.bonds[0, 0]
    pairs = np.column_stack([embedding.weights, embedding.exponents]).ravel().tolist()
    rows, levels, base = bond.coefficients.shape
    lines = [
        "elements: [Cu]",
        f"E0: [{float(file.alone[0])!r}]",
        "deltaSplineBins: 0.001",
        "embeddings:",
        f"  0: {{ndensity: {len(embedding.weights)}, FS_parameters: {pairs}, npoti: {embedding.kind}, "
        f"rho_core_cutoff: {embedding.core!r}, drho_core_cutoff: {embedding.core_width!r}}}",
        "bonds:",
        f"  [0, 0]: {{nradmax: {rows}, lmax: {levels - 1}, nradbasemax: {base}, radbasename: {bond.basis}, radparameters: [{bond.rate!r}], "
        f"radcoefficients: {bond.coefficients.tolist()}, prehc: {bond.core!r}, lambdahc: {bond.core_rate!r}, rcut: {bond.cutoff!r}, "
        f"dcut: {bond.width!r}, rcut_in: 0, dcut_in: 0, inner_cutoff_type: density}}",
        "functions:",
        "  0:",
    ]
    for group in file.functions[0]:
        names = np.column_stack([group.species, group.n, group.l])
        edges = np.flatnonzero(np.append(True, np.any(names[1:] != names[:-1], axis=1)))
        for begin, end in zip(edges, [*edges[1:], len(names)], strict=True):
            m, c = group.m[begin:end], group.coefficients[begin:end]
            lines.append(
                f"    - {{mu0: 0, rank: {m.shape[1]}, ndensity: {c.shape[1]}, num_ms_combs: {len(m)}, mus: {[0] * m.shape[1]}, "
                f"ns: {(group.n[begin] + 1).tolist()}, ls: {group.l[begin].tolist()}, ms_combs: {m.ravel().tolist()}, "
                f"ctildes: {c.ravel().tolist()}}}"
            )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Cu.yace").write_text("\n".join(lines) + "\n")
    for name in TWO:
        shutil.copy(HERE / f"{name}.yace", folder)


def compare(folder: Path) -> None:
    """Differences, a line for each file."""
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp
    from ace_jax.eval.pace_model import load_yace

    def evaluated(path: Path, bonds: np.ndarray, site: np.ndarray, types: np.ndarray, kinds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        model = load_yace(str(path))[0]

        def energies(rij: jnp.ndarray) -> jnp.ndarray:
            return model.site_energies(rij, jnp.asarray(types[site]), jnp.asarray(kinds), jnp.asarray(site), len(types), jnp.asarray(types))

        return np.asarray(energies(jnp.asarray(bonds))), np.asarray(jax.grad(lambda r: energies(r).sum())(jnp.asarray(bonds)))

    with np.load(HERE / "copper.npz") as known:
        count, bonds = known["numbers"], known["bonds"]
        first = np.concatenate([known["bonds"][s, :n] for s, n in enumerate(count)])
        site, types = np.repeat(np.arange(len(count)), count), np.zeros(len(count), int)
        V, dV = evaluated(folder / "Cu.yace", first, site, types, np.zeros(len(site), int))
        there = np.concatenate([known["gradients"][s, :n] for s, n in enumerate(count)])
        print(f"Cu: {len(count)} sites, {np.abs(V - known['energies']).max():.1e} eV, {np.abs(dV - there).max():.1e} eV/A")
    with np.load(HERE / "references.npz") as known:
        first, positions, kinds = known["first"], known["positions"], known["types"]
        i, j = np.array([(a, b) for s, e in itertools.pairwise(first) for a in range(s, e) for b in range(s, e) if a != b]).T
        bonds = positions[j] - positions[i]
        near = np.linalg.norm(bonds, axis=1) < 4.6
        i, j, bonds = i[near], j[near], bonds[near]
        for name in TWO:
            V, dV = evaluated(folder / f"{name}.yace", bonds, i, kinds, kinds[j])
            forces = np.zeros_like(positions)
            np.add.at(forces, i, dV)
            np.add.at(forces, j, -dV)
            energy, force = np.abs(V - known[f"{name} energies"]).max(), np.abs(forces - known[f"{name} forces"]).max()
            print(f"{name}: {len(V)} sites, {energy:.1e} eV of {np.abs(V).max():.1e}, {force:.1e} eV/A of {np.abs(forces).max():.1e}")


if __name__ == "__main__":
    {"write": write, "compare": compare}[sys.argv[1]](Path(sys.argv[2]))
