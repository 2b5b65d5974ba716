"""Random .yace files of two elements, one .ace, and energies and forces of ICAMS' own evaluator:  python make_references.py [NAME ...]

Writes the files and ``references.npz`` beside itself. Needs python-ace 0.4.0rc1 of PyPI (Python 3.11), which is no dependency of
the tests: they read what it has written. Functions are those that pacemaker makes, with random coefficients. The evaluator
tabulates radial functions, here so finely that it does not show.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
from ase import Atoms
from pyace import ACEBBasisSet, ACECTildeBasisSet, PyACECalculator, create_multispecies_basis_config

HERE = Path(__file__).parent
SHIFTED, PLAIN = "FinnisSinclairShiftedScaled", "FinnisSinclair"
CASES = {
    # name: basis, its parameter, dcut, embedding, what switches the core on, core cutoff and width in energy, inner cutoff and width in A
    "ChebExpCos": ("ChebExpCos", 5.25, 0.6, PLAIN, "density", (1e5, 250), (0.0, 0.0)),
    "ChebPow": ("ChebPow", 3.0, 0.01, SHIFTED, "density", (40.0, 38.0), (0.0, 0.0)),
    "SBessel": ("SBessel", 5.25, 0.01, SHIFTED, "distance", (40.0, 38.0), (2.3, 0.4)),
    "text": ("ChebExpCos", 4.0, 0.0, SHIFTED, "density", (1e5, 250), (0.0, 0.0)),
    "zbl": ("ChebPow", 2.0, 0.01, SHIFTED, "zbl", (1e5, 250), (1.95, 0.3)),
    "mixed": ("ChebPow", 3.0, 0.01, SHIFTED, "density", (40.0, 38.0), (0.0, 0.0)),
}
OTHERS = {"Ni": ("SBessel", 5.25, 0.01), ("Al", "Ni"): ("ChebExpCos", 5.25, 0.6)}
"""Basis, its parameter and dcut of the other bonds of ``mixed``."""


def potential(name: str) -> str:
    """Text of a .yace file."""
    basis, rate, dcut, embedding, *_ = CASES[name]
    bond = {"radbase": basis, "radparameters": [rate], "rcut": 4.6, "dcut": dcut, "NameOfCutoffFunction": "cos"}
    bond["core-repulsion"] = [3.0, 0.3]
    config = {
        "deltaSplineBins": 0.0001,
        "elements": ["Al", "Ni"],
        "embeddings": {
            "Al": {"npot": embedding, "fs_parameters": [1, 1, 0.7, 0.5], "ndensity": 2},
            "Ni": {"npot": embedding, "fs_parameters": [1, 1, 0.3, 0.5, 0.2, 0.75], "ndensity": 3},
        },
        "bonds": {"ALL": bond, ("Al", "Ni"): {**bond, "rcut": 4.2}},
        "functions": {
            "UNARY": {"nradmax_by_orders": [5, 2, 2, 1, 1], "lmax_by_orders": [0, 3, 2, 1, 1]},
            "BINARY": {"nradmax_by_orders": [5, 2, 1, 1], "lmax_by_orders": [0, 2, 2, 1]},
        },
    }
    if name == "mixed":
        for pair, (other, its_rate, its_width) in OTHERS.items():
            its_own = {"radbase": other, "radparameters": [its_rate], "dcut": its_width}
            config["bonds"][pair] = bond | config["bonds"].get(pair, {}) | its_own
    if name == "text":  # an .ace file has one embedding for all elements
        config["embeddings"]["Ni"] = config["embeddings"]["Al"]
    made = create_multispecies_basis_config(config, func_coefs_initializer="zero")
    rng = np.random.default_rng(len(name))
    basis_set = ACEBBasisSet(made)
    basis_set.all_coeffs = (0.3 * rng.normal(size=len(basis_set.all_coeffs))).tolist()
    basis_set.to_ACECTildeBasisSet().save_yaml(str(HERE / f"{name}.yace"))
    text = (HERE / f"{name}.yace").read_text()
    core, inner = CASES[name][5], CASES[name][6]
    for key, value in (("rho_core_cutoff", core[0]), ("drho_core_cutoff", core[1]), ("rcut_in", inner[0]), ("dcut_in", inner[1])):
        text = re.sub(rf"\b{key}: [^,}}]*", f"{key}: {value}", text)
    text = re.sub(r"inner_cutoff_type: \w+", f"inner_cutoff_type: {CASES[name][4]}", text)
    if name == "zbl":
        text = re.sub(r"\bdcut: [^,}]*", "dcut: 0.8", text)
        text = re.sub(r"prehc: [^,}]*", "prehc: 1", text)
    # enough digits of random coefficients, and a file of a third of the size
    return re.sub(r"-?\d+\.\d{7,}(e-?\d+)?", lambda number: f"{float(number[0]):.7g}", text)


def clusters() -> list[Atoms]:
    """Small ones, dense enough for all that happens inside the cutoff, and some of few atoms."""
    rng, found = np.random.default_rng(7), []
    for n, size in ((1, 3.0), (2, 2.0), (3, 2.4), (12, 5.0), (16, 5.6), (20, 6.5)):
        while True:
            X = rng.uniform(0, size, (n, 3))
            d = np.linalg.norm(X[:, None] - X, axis=2)[~np.eye(n, dtype=bool)]
            if not n > 1 or (d.min() > 1.75 and np.abs(d[:, None] - [4.2, 4.6]).min() > 0.01):
                break
            size *= 1.005
        found.append(Atoms(rng.choice(["Al", "Ni"], n), positions=X))
    return found


def main() -> None:
    """Write all files, or those named and leave the others."""
    atoms, names = clusters(), sys.argv[1:]
    arrays = dict(np.load(HERE / "references.npz")) if names else {}
    arrays |= {"first": np.cumsum([0, *map(len, atoms)]), "positions": np.concatenate([a.positions for a in atoms])}
    arrays["types"] = np.concatenate([[("Al", "Ni").index(s) for s in a.symbols] for a in atoms])
    for name in names or CASES:
        path = HERE / f"{name}.yace"
        path.write_text(potential(name))
        basis, (energies, forces) = ACECTildeBasisSet(str(path)), ([], [])
        if name == "text":
            basis.save(str(path.with_suffix(".ace")))
            path.unlink()  # of several elements the evaluator writes .ace, and does not read it
        for a in atoms:
            calculator = PyACECalculator(basis)
            calculator.calculate(a)
            energies.append(np.array(calculator.results["energies"]).ravel())
            forces.append(calculator.results["forces"])
        arrays[f"{name} energies"], arrays[f"{name} forces"] = np.concatenate(energies), np.concatenate(forces)
        print(name, np.abs(arrays[f"{name} energies"]).max(), np.abs(arrays[f"{name} forces"]).max())
    np.savez_compressed(HERE / "references.npz", **arrays)


if __name__ == "__main__":
    main()
