"""Whether two trees of this code give the same numbers, and how their times compare.

    cd TREE && python /path/to/same_numbers.py store FILE.json       # the tree is the current directory, or --tree TREE
    python tools/same_numbers.py compare OLD.json NEW.json           # exit code 1 if anything differs
    python tools/same_numbers.py time OLD_TREE NEW_TREE --repeats 5  # medians of CPU seconds, interleaved

Eight small models run through interfaces that outlive a refactoring: the commands ``qc run`` and ``qc propagate``, the
files they write, and what `qc` and `atomistics` export. What is needed besides is looked for by name, wherever it is
defined (`find`); attributes of models and solvers are used in `crack_system`, `disturbed` and `vacancies` only.

Notes
-----
Stored are, by name, all leaves of the result file (energies, brackets of K, counts of iterations, events, ..., neither
times nor versions), head and length of the tables, the atoms of all frames of the trajectory, the displacements of the
last state, and at a disturbed state the energy, the gradient and a product with the Hessian (of a QM tip without QM).

Two floating-point numbers are the same if ``|a - b| <= 1e-12 max(scale, 1)``. The scale is the largest magnitude under
that name; the floor of 1 in the units of the files (eV, A, eV/A, MPa m^1/2, J/m^2) is for what is zero but for rounding,
as the forces of a converged state. The trajectory is text with nine decimals: one unit of the last, 1.1e-9, is allowed
besides. Counts, words, and whether there is a value at all are compared exactly.

CPU seconds of a model are those of its process and the children of it, from when all is imported; ``imports`` are those
before. The first round of ``time`` is not counted: it may compile kernels.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import json
import math
import os
import re
import resource
import runpy
import statistics
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

Quantities = dict[str, list[Any]]
TOLERANCE, FLOOR, LAST_DIGIT = 1e-12, 1.0, 1.1e-9
LEFT_OUT = {"seconds", "cpu_seconds", "seconds_of_ranks", "versions", "blas"}
PUSH = 0.02
"""Amplitude of the disturbance, A."""

SHEET = 'crystal = { structure = "hexagonal", element = "X" }'
BRITTLE = f'{SHEET}\npotential = {{ file = "morse", parameters = {{ alpha = 4.0, cutoff = 1.7, switch_on = 1.1 }} }}'
IRON = """crystal = { structure = "bcc", element = "Fe" }
potential = { file = "Fe_mm.eam.fs" }
crack = { plane = [1, 1, 0], front = [0, 0, 1] }"""
SILICON = """crystal = { structure = "diamond", element = "Si" }
potential = { file = "holland-marder" }
crack = { plane = [1, 1, 1], front = [1, -1, 0] }"""
CRACKS = {
    "Morse 2-D": f"""{BRITTLE}
load = {{ K_start = 1.0, K_stop = 1.2, K_step = 0.02, K_tolerance = 0.004, unload = true }}
[model]
method = "bgfc"
dimension = 2
core_radius = 8.0
blend_width = 4.0
domain_radius = 24.0
face_strip_thickness = 2.2""",
    "toy EAM 2-D": f"""{SHEET}
potential.file = "toy-eam"
load = {{ K_start = 0.96, K_stop = 1.3, K_step = 0.02 }}
[model]
method = "bgrac"
dimension = 2
core_radius = 9.0
blend_width = 6.0
domain_radius = 30.0
face_strip_thickness = 4.5""",
    "Fe strips": f"""{IRON}
model = {{ core_radius = 20.0, blend_width = 12.0, domain_radius = 60.0, face_strip_thickness = 7.5, method = "bgrac" }}
load = {{ K_start = 0.95, K_stop = 1.1, K_step = 0.025, stop_at = "K_stop" }}""",
    "Fe slit P2": f"""{IRON}
model = {{ core_radius = 20.0, blend_width = 12.0, domain_radius = 70.0, order = 2, face_strip = false, method = "bgfc" }}
load = {{ K_start = 0.95, K_stop = 1.05, K_step = 0.025, stop_at = "K_stop" }}""",
    "Si shifts": f"""{SILICON}
model = {{ core_radius = 12.0, blend_width = 12.0, domain_radius = 60.0, face_strip_thickness = 7.0, method = "bgrac" }}
load = {{ K_start = 1.3, K_stop = 1.6, K_step = 0.1 }}""",
    "QM tip": f"""{SILICON}
model = {{ core_radius = 9.0, blend_width = 3.0, domain_radius = 13.0, front_periods = 4, method = "atomistic" }}
load = {{ K_start = 1.3, K_stop = 1.61, K_step = 0.1, stop_at = "K_stop" }}
qm = {{ engine = "ase:same_numbers_engine.engine", radius = 4.5, caps = false }}""",
    "propagation": f"""{BRITTLE}
load = {{ K_start = 1.03, K_stop = 1.4, K_step = 0.04 }}
propagation = {{ bonds = 2, close = 2, drift = 0.6, tolerance = 4e-3 }}
[model]
method = "bgfc"
dimension = 2
core_radius = 7.0
blend_width = 3.0
domain_radius = 16.0
face_strip_thickness = 2.2""",
}
"""Case files."""
OVERRIDE = "solver.max_robust=200"
ENGINE = """from atomistics import load_potential
def engine(**_):
    return load_potential("stillinger-weber").calculator()
"""
STRAIN = [[1.01, 0.005, 0.0], [-0.002, 0.993, 0.0], [0.002, 0.006, 1.0]]


def crack(name: str, folder: Path) -> Quantities:
    """A case by the command ``qc``, and the same crack at a disturbed state."""
    tables = tomllib.loads(CRACKS[name])
    (folder / "case.toml").write_text(CRACKS[name])
    (folder / "same_numbers_engine.py").write_text(ENGINE)
    sys.path.insert(0, str(folder))
    word, file = ("propagate", "propagation.json") if "propagation" in tables else ("run", "result.json")
    out = folder / "out"
    sys.argv = ["qc", word, str(folder / "case.toml"), "-o", str(out), "--set", OVERRIDE]
    try:
        runpy.run_module("qc", run_name="__main__")
    except SystemExit as end:
        if end.code:
            raise
    found: Quantities = {}
    for keys, value in leaves(json.loads((out / file).read_text())):
        if not LEFT_OUT & set(keys):
            found.setdefault(".".join(keys), []).append(value)
    for table in sorted(out.glob("*.csv")):
        rows = list(csv.reader(table.read_text().splitlines()))
        found[table.name] = [*rows[0], len(rows)]
    system = crack_system(tables)
    K = tables["load"]["K_start"] * system.K_G
    system.load(K)
    return found | trajectory(out) | last_state(out) | disturbed(system.model.coupling, system.start(K))


def vacancies(folder: Path) -> Quantities:
    """Vacancies in copper in 3-D under a uniform strain, with products instead of the matrix of the Hessian."""
    import numpy as np
    from mpi4py import MPI

    from atomistics import Crystal, load_potential
    from qc import ModelSpec, SolverOptions, build_model

    potential = load_potential("Cu_mishin1.eam.alloy")
    crystal = Crystal.fcc("Cu", 3.614925).oriented((1, 1, 1), (1, 1, -2))
    nn = crystal.nearest_neighbour_distance
    spec = ModelSpec(method="bgfc", core=find("qc", "Core")(2.0 * nn), blend_width=2.5 * nn, radius=9.0 * nn)
    lattice = find("fem", "bulk_lattice")(crystal, np.zeros(3))
    holes = partial(_within, radius=1.01 * nn)
    model = build_model(MPI.COMM_SELF, crystal, potential, lattice, spec, removed=holes)
    coupling, n = model.coupling, model.coupling.layout.n_free
    u = model.uniform(np.array(STRAIN))
    coupling.prescribed[:] = u[n:]
    model.blending_defect.dead_load(u, coupling.dead_load)
    q = coupling.layout.create_unknowns()
    q.array[:] = u[:n].ravel()
    start, noise = q.copy(), vector(q).array_r.reshape(n, 3)
    options = SolverOptions(linear="factored")
    solver = find("qc", "EquilibriumSolver")(coupling, model.parts, noise, options, in_plane=False)
    found: Quantities = {"unknowns": [q.size]}
    for way, rough in (("newton", False), ("trust_region", True)):
        start.copy(q)
        report = solver.solve(q, rough=rough)
        found |= {f"{way}.{key}": [value] for key, value in vars(report).items()}
        found |= {f"{way}.energy": [coupling.energy(q)], f"{way}.state": q.array_r.tolist()}
    found["newton.conjugate_gradients"] = [solver.snes.getLinearSolveIterations()]
    found["evaluations"] = list(coupling.evaluations.values())
    found |= disturbed(coupling, start)
    factored, product = find("qc", "FactoredHessian")(coupling), start.duplicate()
    factored.update(start)
    factored.operator.mult(vector(start), product)
    return found | {"disturbed.factored_product": product.array_r.tolist()}


def _within(x: Any, radius: float) -> Any:
    return (x**2).sum(axis=1) < radius**2


MODELS: dict[str, Callable[[Path], Quantities]] = {name: partial(crack, name) for name in CRACKS}
MODELS["Cu vacancies 3-D"] = vacancies


def find(package: str, name: str) -> Any:
    """A class or function of a package of ours, in whichever module it is defined."""
    root = Path(importlib.import_module(package).__file__ or "").parent
    for path in sorted(root.rglob("*.py")):
        if re.search(rf"^(class|def) {name}\b", path.read_text(encoding="utf-8"), re.MULTILINE):
            module = ".".join(path.relative_to(root.parent).with_suffix("").parts)
            return getattr(importlib.import_module(module), name)
    raise ImportError(f"no class or function {name} in {root}")


def crack_system(tables: dict[str, Any]) -> Any:
    """The crack of a case, made without the case."""
    from atomistics import Crystal, equilibrium_lattice_constant, load_potential
    from qc import CrackSpec, CrackSystem

    c, sizes = tables["crystal"], dict(tables["model"])
    potential = load_potential(tables["potential"]["file"], None, **tables["potential"].get("parameters", {}))
    crystal = getattr(Crystal, c["structure"])(c["element"]).resolved(potential)
    crystal = crystal.with_lattice_constant(equilibrium_lattice_constant(crystal, potential))
    if "crack" in tables:
        crystal = crystal.oriented(tables["crack"]["plane"], tables["crack"]["front"])
    strip = sizes.pop("face_strip_thickness", 0.0)
    sizes = {key: value for key, value in sizes.items() if key not in ("dimension", "face_strip")}
    return CrackSystem(crystal, potential, CrackSpec(**({"order": 1} | sizes), face_strip=strip))


def vector(q: Any) -> Any:
    """A vector like q without symmetry, always the same."""
    import numpy as np

    v = q.duplicate()
    v.array[:] = np.sin(np.arange(v.local_size))
    return v


def disturbed(coupling: Any, q: Any) -> Quantities:
    """Energy, gradient and a product with the Hessian near q, which is changed."""
    v, g, Hv = vector(q), q.duplicate(), q.duplicate()
    q.axpy(PUSH, v)
    found = {"energy": [coupling.energy_gradient(q, g)], "gradient": g.array_r.tolist()}
    coupling.hessian(q).mult(v, Hv)
    return {f"disturbed.{name}": values for name, values in found.items()} | {"disturbed.product": Hv.array_r.tolist()}


def trajectory(out: Path) -> Quantities:
    """Columns of all frames."""
    lines = (out / "trajectory.extxyz").read_text().splitlines()
    atoms = [line.split() for line in lines if " " in line and "=" not in line]  # the others are heads of frames
    columns = {"positions": (1, 4), "reference": (4, 7), "weight": (7, 8), "site_energy": (8, 9), "free": (9, 10)}
    found: Quantities = {f"trajectory.{c}": [float(x) for w in atoms for x in w[a:b]] for c, (a, b) in columns.items()}
    return found | {"trajectory.symbols": [w[0] for w in atoms]}


def last_state(out: Path) -> Quantities:
    """Names and displacements of atoms and nodes in the checkpoint, to the last bit."""
    import numpy as np

    path = max([*out.glob("state-*.npy"), *out.glob("state-*.petsc")])
    # older trees wrote a vector of PETSc: big-endian numbers behind eight bytes
    rows = np.load(path) if path.suffix == ".npy" else np.fromfile(path, ">f8", offset=8).astype(float).reshape(-1, 8)
    return {"last_state.names": rows[:, :5].astype(int).ravel().tolist(), "last_state.u": rows[:, 5:].ravel().tolist()}


def leaves(value: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """(keys, value) of all that has no parts in nested data; elements of a list have the keys of the list."""
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else ((None, part) for part in value)
        for key, part in parts:
            yield from leaves(part, keys if key is None else (*keys, key))
    else:
        yield keys, value


def seconds() -> float:
    """CPU seconds of this process and of its children that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(u.ru_utime + u.ru_stime for u in used)


def one(name: str, tree: Path, target: Path) -> None:
    """A model in this process, by the packages of the tree."""
    import qc

    for exported in qc.__all__:  # they are imported when first asked for: before the clock starts
        getattr(qc, exported)
    if tree not in Path(qc.__file__ or "").resolve().parents:
        raise SystemExit(f"qc is that of {qc.__file__}, not of {tree}")
    begin = seconds()
    with tempfile.TemporaryDirectory() as folder:
        quantities = MODELS[name](Path(folder))
    target.write_text(json.dumps({"seconds": seconds() - begin, "imports": begin, "quantities": quantities}))


def run(name: str, tree: Path) -> dict[str, Any]:
    """A model in a process of its own."""
    environment = {"UCX_TLS": "self,sm,tcp"} | os.environ | {"OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(tree), os.environ.get("PYTHONPATH")]))
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "found.json"
        words = [sys.executable, str(Path(__file__).resolve()), "one", name, str(tree), str(target)]
        done = subprocess.run(words, cwd=tree, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{name} failed in {tree}:\n{done.stdout}\n{done.stderr}")
        return dict(json.loads(target.read_text()))


def store(path: Path, tree: Path) -> None:
    """Run all models of a tree and keep what they find."""
    models = {}
    for name in MODELS:
        models[name] = run(name, tree)
        print(f"{name:18s} {models[name]['seconds']:6.1f} s, {len(models[name]['quantities'])} quantities", flush=True)
    path.write_text(json.dumps({"tree": str(tree), "models": models}) + "\n")


def difference(name: str, a: list[Any] | None, b: list[Any] | None) -> tuple[float, str]:
    """Largest difference over the larger of scale and floor, infinite where what must be exact is not; and in words."""
    if a is None or b is None or len(a) != len(b):
        return math.inf, " against ".join("nothing" if v is None else f"{len(v)} values" for v in (a, b))
    pairs = [(x, y) for x, y in zip(a, b, strict=True) if repr(x) != repr(y)]  # repr: exact, and nan is nan
    for x, y in pairs:
        if not (isinstance(x, float) and isinstance(y, float) and math.isfinite(x - y)):
            return math.inf, f"{x!r} against {y!r}"
    scale = max((abs(x) for x in a if isinstance(x, float) and math.isfinite(x)), default=0.0)
    allowed = LAST_DIGIT if name.startswith("trajectory.") else 0.0
    worst = max((max(abs(x - y) - allowed, 0.0) for x, y in pairs), default=0.0) / max(scale, FLOOR)
    return worst, f"{worst:.1e} ({len(pairs)} of {len(a)} values)"


def compare(first: Path, second: Path) -> int:
    """Print the largest difference of each quantity that is not equal to the last bit; 0 if all are the same, else 1."""
    a, b = (json.loads(path.read_text())["models"] for path in (first, second))
    worst, wrong, count = 0.0, 0, 0
    for model in dict.fromkeys([*MODELS, *a, *b]):
        p, q = (found.get(model, {}).get("quantities", {}) for found in (a, b))
        unequal = {n: difference(n, p.get(n), q.get(n)) for n in {**p, **q} if repr(p.get(n)) != repr(q.get(n))}
        total = len({**p, **q})
        if not (p and q):
            print(f"{model:18s} NOT THERE")
            wrong, count = wrong + 1, count + total
            continue
        print(f"{model:18s} {total} quantities, {total - len(unequal)} of them equal to the last bit")
        for name, (size, words) in sorted(unequal.items(), key=lambda entry: -entry[1][0]):
            print(f"    {name:36s} {words}{'  DIFFERS' if size > TOLERANCE else ''}")
            worst, wrong = max(worst, size), wrong + (size > TOLERANCE)
        count += total
    if wrong:
        print(f"DIFFERENT: {wrong} quantities (or models) by more than {TOLERANCE:g}, {count} looked at")
        return 1
    print(f"OK: {count} quantities are the same within {TOLERANCE:g}, the largest difference is {worst:.1e}")
    return 0


def compare_times(old: Path, new: Path, repeats: int) -> None:
    """Both trees in turn, model by model; medians of CPU seconds and their ratio."""
    times: dict[tuple[str, Path], list[float]] = {}
    for repeat in range(repeats + 1):
        for name in MODELS:
            for tree in (old, new) if repeat % 2 else (new, old):
                found = run(name, tree)
                if repeat:
                    times.setdefault((name, tree), []).append(found["seconds"])
                    times.setdefault(("imports", tree), []).append(found["imports"])
        print(f"round {repeat} of {repeats}", file=sys.stderr, flush=True)
    rows = {name: [statistics.median(times[name, tree]) for tree in (old, new)] for name in (*MODELS, "imports")}
    rows["sum"] = [sum(column) for column in zip(*rows.values(), strict=True)]
    print(f"{'median CPU seconds':18s} {'old':>8s} {'new':>8s} {'new/old':>8s}")
    for name, (a, b) in rows.items():
        print(f"{name:18s} {a:8.2f} {b:8.2f} {b / a:8.3f}")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    made = {word: commands.add_parser(word) for word in ("store", "compare", "time", "one")}
    made["store"].add_argument("file", type=Path)
    made["store"].add_argument("--tree", type=Path, default=Path.cwd())
    made["compare"].add_argument("files", type=Path, nargs=2)
    made["time"].add_argument("trees", type=Path, nargs=2)
    made["time"].add_argument("--repeats", type=int, default=5)
    for word, kind in (("name", str), ("tree", Path), ("file", Path)):
        made["one"].add_argument(word, type=kind)
    args = parser.parse_args()
    if args.command == "compare":
        return compare(*args.files)
    if args.command == "store":
        store(args.file, args.tree.resolve())
    elif args.command == "time":
        compare_times(*(tree.resolve() for tree in args.trees), args.repeats)
    else:
        one(args.name, args.tree, args.file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
