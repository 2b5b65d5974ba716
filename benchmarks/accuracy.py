"""How fast does each method converge? Point defects under strain, against the relaxed atoms of an infinite crystal.

    python benchmarks/accuracy.py [--quick] [--problem NAME]... [--jobs 2] [--folder .]

Prints a table and writes ``benchmarks/results/accuracy.json``, ``docs/images/accuracy*.png`` and the table of
``docs/accuracy.md`` below ``--folder``: relative error of the strains and error of the relaxation energy against the
number of unknowns, for every method, P1 and P2. With ``--problem`` the other problems of the file are kept.

Core radius, handshake and domain grow together: handshake = core radius R, a mesh graded from R_m = 2 R + cutoff + one
neighbour distance on (docs/accuracy.md), and a domain so large that cutting it off costs less than the mesh does. A disc of
atoms clamped at radius R is off by 1/R, so no disc of atoms alone can judge the better methods: in the reference every
atom within ``Problem.reference`` is relaxed with the full potential, and what holds the outermost ones is not a clamp
but a quadratic Cauchy-Born continuum. ``reference_error`` is its distance from a second one, whose core is smaller by
sqrt(2), in the same norm: more than its own error.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from atomistics import Crystal, SitePotential, equilibrium_lattice_constant, load_potential
from atomistics.stencil import stencil_radius
from fem.mesh.interpolation import barycentric, basis_values, owned_points
from fem.mesh.lattice_zone import bulk_lattice, front_lattice, lattice_points
from qc.coupling.methods import build_model
from qc.coupling.model import Model
from qc.coupling.spec import METHODS, ModelSpec
from qc.solve.equilibrium import EquilibriumSolver
from qc.solve.options import SolverOptions
from qc.unknowns.regions import Core

FOLDER = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Problem:
    """A defect in an infinite crystal under a uniform far strain; lengths in neighbour distances.

    Attributes
    ----------
    potential : str
    vacant : tuple of float
        Vacancies along the close-packed row through the origin.
    strain : (3, 3) ndarray
        Far deformation gradient of the crystal at rest.
    cores : tuple of float
        Core radii R.
    discs : tuple of float
        Radii of the clamped discs of atoms.
    reference : float
        Core radius of the reference.
    dimension : {2, 3}
    """

    potential: str
    vacant: tuple[float, ...]
    strain: np.ndarray
    cores: tuple[float, ...]
    discs: tuple[float, ...]
    reference: float
    dimension: int = 2

    def material(self) -> tuple[Crystal, SitePotential]:
        """Crystal at rest, a close-packed row along x."""
        potential = load_potential(self.potential)
        if self.dimension == 2:
            return Crystal.hexagonal().resolved(potential), potential
        crystal = Crystal.fcc(potential.elements[0]).resolved(potential)
        crystal = crystal.with_lattice_constant(equilibrium_lattice_constant(crystal, potential))
        return crystal.oriented((1, 1, 1), (1, 1, -2)), potential


def gradient(*rows: Sequence[float]) -> np.ndarray:
    """(3, 3) deformation gradient from its upper left block."""
    F = np.eye(3)
    F[: len(rows), : len(rows)] = rows
    return F


STRAINED = gradient((1, 0.025), (0, 1.025))
PUBLISHED = gradient((1, 0.02), (0, 1.02))  # of the published study, whose other factor is the lattice constant
OPENED = gradient((1, 0), (0, 1.03))  # with less tension, or with shear, five vacancies of this potential collapse
ONE, PAIR, ROW = (0.0,), (-0.5, 0.5), (-2.0, -1.0, 0.0, 1.0, 2.0)
CORES, DISCS = (4, 6, 9, 12, 16, 24), (6, 9, 13, 20, 30, 45)
TOY, HEXAGONAL, COPPER = "toy-eam", "hexagonal-eam", "Cu_mishin1.eam.alloy"
PROBLEMS = {
    "divacancy, toy EAM": Problem(TOY, PAIR, STRAINED, CORES, DISCS, 64),
    "divacancy, hexagonal EAM": Problem(HEXAGONAL, PAIR, STRAINED, CORES, DISCS, 48),
    "microcrack, toy EAM": Problem(TOY, ROW, PUBLISHED, CORES[1:], DISCS[1:], 64),
    "microcrack, hexagonal EAM": Problem(HEXAGONAL, ROW, OPENED, CORES[1:], DISCS[1:], 48),
    "vacancy, Cu": Problem(COPPER, ONE, STRAINED, (2.3, 2.7, 3.2, 3.8), (3, 4, 5, 6), 8, dimension=3),
    "divacancy, Cu": Problem(COPPER, PAIR, STRAINED, (2.5, 2.9, 3.4, 4), (3, 4, 5, 6), 8, dimension=3),
}
QUICK = {"divacancy, toy EAM": Problem(TOY, PAIR, STRAINED, (6, 9), (9, 13), 20)}
FIGURES = {
    "accuracy": ("divacancy, toy EAM", "divacancy, hexagonal EAM"),
    "accuracy_microcrack": ("microcrack, toy EAM", "microcrack, hexagonal EAM"),
    "accuracy_3d": ("vacancy, Cu", "divacancy, Cu"),
}


@dataclass(frozen=True)
class Curve:
    """One line of the plot: a method, the order of its elements, and the state that BGFC's dead load belongs to."""

    method: str
    order: int = 1
    reference: str = "far_field"

    @property
    def name(self) -> str:
        """As in the table."""
        if self.method in ("atomistic", "continuum"):
            return {"atomistic": "atomistic, clamped", "continuum": "continuum"}[self.method]
        lattice = " (lattice)" if self.reference == "lattice" else ""
        return f"{self.method}{lattice} P{self.order}"

    def theory(self, dimension: int) -> float | None:
        """Exponent of the strain error against the number of unknowns; None: does not converge.

        Luskin & Ortner (2013), Li, Luskin, Ortner & Shapeev (2014), Ortner & Zhang (2016).
        """
        if self.method in ("qce", "continuum"):
            return None
        if self.method == "atomistic":
            return -1 / 2
        if self.method == "bqce" or self.reference == "lattice":
            return -1 / 2 if dimension == 2 else -1 / 6
        return -(dimension / 2 + self.order) / dimension


BLENDED = [Curve(method, order) for order in (1, 2) for method in ("qce", "bqce", "bgfc", "bgrac", "bqcf")]
CURVES = [Curve("continuum"), Curve("atomistic"), Curve("bgfc", reference="lattice"), *BLENDED]
CURVES = [curve for curve in CURVES if curve.method in METHODS]


class Case:
    """A problem with its crystal and lattice, and models of it."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.crystal, self.potential = problem.material()
        self.nn = self.crystal.nearest_neighbour_distance
        origin = np.array([problem.vacant[0] * self.nn, 0.0, 0.0])
        self.lattice = (
            bulk_lattice(self.crystal, origin)
            if problem.dimension == 3
            else front_lattice(self.crystal, origin, along_x=True)
        )
        self._vacant = np.array(problem.vacant)[:, None] * [[self.nn, 0.0, 0.0]]

    def removed(self, X: np.ndarray) -> np.ndarray:
        """Which positions (n, 3) are vacant."""
        return (np.linalg.norm(X[:, None] - self._vacant, axis=2) < 0.1 * self.nn).any(1)

    def spec(self, curve: Curve, core: float) -> ModelSpec:
        """Sizes of the model with a core (clamped atoms: a disc) of this radius in neighbour distances."""
        F0 = self.problem.strain
        if curve.method == "atomistic":
            return ModelSpec(method="atomistic", core=Core(np.inf), blend_width=0.0, radius=core * self.nn, F0=F0)
        blend = 0.0 if curve.method == "qce" else min(core, max(self.problem.cores))
        start = core + blend + self.potential.cutoff / self.nn + 1.0
        radius = (4.0 if curve.order == 1 else 1.0) * start ** (1 + 2 * curve.order / self.problem.dimension)
        return ModelSpec(
            method=curve.method,
            core=Core(core * self.nn),
            blend_width=blend * self.nn,
            radius=radius * self.nn,
            order=curve.order,
            F0=F0,
        )

    def reference_spec(self, core: float) -> ModelSpec:
        """The reference: only its core matters, everything else is ample."""
        return replace(self.spec(Curve("bgfc", 2), core), radius=self.end)

    @property
    def end(self) -> float:
        """Where the reference ends and strains are compared no more, A."""
        return (1e5 if self.problem.dimension == 2 else 1e3) * self.nn

    def sizes(self, curve: Curve) -> list[float]:
        """Radii of the models of a curve, neighbour distances."""
        p = self.problem
        if curve.method == "continuum":
            return [p.cores[0]]
        # no stencil that bgrac reconstructs may hold a vacancy
        stencil = np.linalg.norm(self.crystal.stencil(stencil_radius(self.potential, 0.06)), axis=1).max() / self.nn
        clear = max(p.vacant) + stencil if curve.method == "bgrac" else 0.0
        if curve.method == "atomistic":
            return list(p.discs)
        return [size for size in p.cores if size > clear]

    def model(self, spec: ModelSpec) -> Model:
        """The coupled model, on one rank."""
        return build_model(MPI.COMM_SELF, self.crystal, self.potential, self.lattice, spec, removed=self.removed)


def relax(model: Model, reference: str) -> PETSc.Vec:
    """Equilibrium, from the uniform strain on."""
    coupling, layout = model.coupling, model.parts.layout
    q = layout.create_unknowns()
    if model.blending_defect is not None:
        X = model.parts.X
        y0 = X @ (np.eye(3) - model.perfect.F0).T if reference == "lattice" else np.zeros_like(X)
        model.impose(model.load(np.zeros((len(X), layout.components)), y0[:, : layout.components]))
    plane = model.lattice.gdim == 2
    # in a large domain the energy is known to 1e-8 eV only, too little for a line search near the minimum
    petsc = {"snes_linesearch_type": "basic"} | ({} if plane else {"ksp_rtol": "1e-6"})
    tolerance, linear = (1e-9, "mumps") if plane else (1e-6, "gamg")
    options = SolverOptions(force_tolerance=tolerance, linear=linear, max_newton=30, petsc=petsc)
    noise = np.zeros((layout.n_free, layout.components))
    solver = EquilibriumSolver(coupling, model.parts, noise, options, in_plane=plane)
    solver.snes.solve(None, q)
    residual = coupling.residual(q)
    if not residual < 10 * tolerance:
        raise RuntimeError(f"{model.spec.method} did not converge: largest force {residual:.1e} eV/A")
    return q


def relaxation_energy(model: Model, q: PETSc.Vec) -> float | None:
    """E(u) - E(F0 X), eV; None where there is no energy.

    Of the continuum as the work along the straight path: the difference of two sums over so large a domain has no
    digits left.
    """
    coupling = model.coupling
    if not coupling.has_energy:
        return None
    z = coupling.variables(q)
    s, weight = np.polynomial.legendre.leggauss(8)
    energy = -float(coupling.dead_load.dot(q))
    for term in coupling.terms:
        u = z[term.name]
        if term.name == "continuum":
            works = [(term.energy_gradient((0.5 + 0.5 * at) * u)[1] * u).sum() for at in s]
            energy += 0.5 * float(weight @ works)
        else:
            energy += term.energy(u) - term.energy(np.zeros_like(u))
    return energy


class Window:
    """Where strains are compared: all bonds within a radius, and those of random sites further out.

    The sites are spread evenly over the logarithm of the distance, so that a continuum that ends too early or is too
    coarse is seen wherever that is; each has the weight of all sites in the volume round it.

    Parameters
    ----------
    case : Case
    radius : float
        Where sampling begins, A.
    samples : int
    """

    def __init__(self, case: Case, radius: float, samples: int = 10000) -> None:
        gdim, crystal, lattice = case.problem.dimension, case.crystal, case.lattice
        bonds = crystal.stencil(1.01 * case.nn)[:, :gdim]
        steps = np.rint(bonds @ np.linalg.inv(lattice.planar)).astype(int).tolist()
        half = np.array([step for step in steps if step > [0] * gdim])  # one of each pair
        box = np.full(gdim, radius)
        inner = lattice_points(MPI.COMM_SELF, lattice, lambda x: np.linalg.norm(x, axis=1) < radius, -box, box)
        rng, depth = np.random.default_rng(0), np.log(case.end / radius)
        r = radius * np.exp(depth * (np.arange(samples) + 0.5) / samples)
        direction = rng.normal(size=(samples, gdim))
        X = r[:, None] * direction / np.linalg.norm(direction, axis=1)[:, None]
        outer = np.rint((X - lattice.origin[:gdim]) @ np.linalg.inv(lattice.planar)).astype(int)
        volume = 2 * (gdim - 1) * np.pi * r**gdim * depth / samples
        weight = np.concatenate([np.ones(len(inner)), np.sqrt(volume / crystal.cell_volume)])
        ends = np.concatenate([inner, outer])[:, None, None] + np.stack([0 * half, half], axis=1)
        ends, weight = ends.reshape(-1, 2, gdim), np.repeat(weight, len(half))
        vacant = case.removed(np.pad(lattice.vertices(ends.reshape(-1, gdim)), ((0, 0), (0, 3 - gdim))))
        keep = ~vacant.reshape(-1, 2).any(1)
        self.index, bond = np.unique(ends[keep].reshape(-1, gdim), axis=0, return_inverse=True)
        self._bond, self._weight = bond.reshape(-1, 2), weight[keep, None]

    def strain(self, model: Model, q: PETSc.Vec) -> np.ndarray:
        """Weighted differences of the displacement over the bonds, (n_bonds, components)."""
        u = displacement(model, q, self.index)
        return (u[self._bond[:, 1]] - u[self._bond[:, 0]]) * self._weight


def displacement(model: Model, q: PETSc.Vec, index: np.ndarray) -> np.ndarray:
    """(n, components) at lattice sites (n, gdim): of the atom, through the mesh where there is none, 0 beyond its end."""
    z, gdim = model.coupling.variables(q), model.lattice.gdim
    u = np.zeros((len(index), model.parts.layout.components))
    number = {site: k for k, site in enumerate(map(tuple, index.tolist()))}
    if "continuum" in z:
        space, mesh = model.parts.nodes.space, model.domain.mesh
        X = model.lattice.vertices(index)
        points, cells, _ = owned_points(mesh, X[np.linalg.norm(X, axis=1) < model.spec.radius], 1e-6)
        found = np.rint((points - model.lattice.origin[:gdim]) @ np.linalg.inv(model.lattice.planar)).astype(int)
        values = basis_values(space, barycentric(mesh, cells, points))
        here = [number[site] for site in map(tuple, found.tolist())]
        u[here] = np.einsum("na,nam->nm", values, z["continuum"][np.asarray(space.dofmap.list)[cells]])
    if "atoms" in z:
        keys = map(tuple, model.parts.atoms.key[:, :gdim].tolist())
        pairs = [(number[site], k) for k, site in enumerate(keys) if site in number]
        here, atoms = np.array(pairs, dtype=int).reshape(-1, 2).T
        u[here] = z["atoms"][atoms]
    return u


class Study:
    """All curves of one problem."""

    def __init__(self, name: str, problem: Problem) -> None:
        self.case = Case(problem)
        core = problem.reference
        self._window = Window(self.case, 2 * core * self.case.nn)
        start = time.process_time()
        self._exact, self._energy, unknowns = self._solve(self.case.reference_spec(core), "far_field")
        seconds = time.process_time() - start
        other, energy, _ = self._solve(self.case.reference_spec(core / np.sqrt(2)), "far_field")
        self.record: dict[str, Any] = {
            "problem": name,
            "dimension": problem.dimension,
            "potential": problem.potential,
            "vacancies": len(problem.vacant),
            "strain": problem.strain.tolist(),
            "reference_core": core,
            "reference_unknowns": unknowns,
            "reference_energy": self._energy,
            "reference_error": self._distance(other),
            "reference_energy_error": abs(energy - self._energy),
            "reference_seconds": round(seconds, 1),
            "curves": [],
        }

    def run(self) -> Iterator[dict[str, Any]]:
        """Run the curves one after another."""
        for curve in CURVES:
            points = [self._point(curve, size) for size in self.case.sizes(curve)]
            record = {"name": curve.name, "method": curve.method, "order": curve.order, "reference": curve.reference}
            record |= {"theory": curve.theory(self.case.problem.dimension), "points": points}
            record |= {f"{what}_slope": slope(points, f"{what}_error") for what in ("strain", "energy")}
            self.record["curves"].append(record)
            yield record

    def _point(self, curve: Curve, size: float) -> dict[str, Any]:
        start = time.process_time()
        spec = self.case.spec(curve, size)
        strain, energy, unknowns = self._solve(spec, curve.reference)
        return {
            "size": size,
            "domain": spec.radius / self.case.nn,
            "unknowns": unknowns,
            "strain_error": self._distance(strain),
            "energy_error": None if energy is None else abs(energy - self._energy),
            "seconds": round(time.process_time() - start, 2),
        }

    def _solve(self, spec: ModelSpec, reference: str) -> tuple[np.ndarray, Any, int]:
        model = self.case.model(spec)
        q = relax(model, reference)
        return self._window.strain(model, q), relaxation_energy(model, q), model.parts.layout.n_unknowns

    def _distance(self, strain: np.ndarray) -> float:
        return float(np.linalg.norm(strain - self._exact) / np.linalg.norm(self._exact))


def slope(points: Sequence[dict[str, Any]], what: str) -> float | None:
    """Exponent of an error against the number of unknowns: least squares over the four largest models."""
    pairs = [(p["unknowns"], p[what]) for p in points[-4:] if p[what]]
    if len(pairs) < 3:
        return None
    n, error = np.log(np.array(pairs)).T
    return float(np.polyfit(n, error, 1)[0])


def study(name: str, problem: Problem) -> dict[str, Any]:
    """Run one problem and print its table."""
    start = time.process_time()
    this = Study(name, problem)
    print(f"{name}: reference with {this.record['reference_unknowns']} unknowns", flush=True)
    for curve in this.run():
        print(f"  {name}: {curve['name']} {[p['seconds'] for p in curve['points']]} s", flush=True)
    this.record["seconds"] = round(time.process_time() - start)
    return this.record


def table(study: dict[str, Any]) -> str:
    """A study as a Markdown table: exponents, theory, and the errors of the largest model of each curve."""

    def number(value: float | None, form: str) -> str:
        return "-" if value is None else format(value, form)

    head = [
        "method",
        "strain error ~ N^",
        "theory",
        "energy error ~ N^",
        "largest N",
        "strain error",
        "energy error (eV)",
    ]
    rows = [head, ["---"] * len(head)]
    for curve in study["curves"]:
        last = curve["points"][-1] if curve["points"] else dict.fromkeys(("unknowns", "strain_error", "energy_error"))
        slopes = [number(curve[key], ".2f") for key in ("strain_slope", "theory", "energy_slope")]
        errors = [number(last[f"{what}_error"], ".1e") for what in ("strain", "energy")]
        rows.append([curve["name"], *slopes, number(last["unknowns"], "d"), *errors])
    text = (
        f"**{study['problem']}**; reference: {study['reference_unknowns']} unknowns, own error below "
        f"{study['reference_error']:.0e} (strain), {study['reference_energy_error']:.0e} eV; "
        f"relaxation energy {study['reference_energy']:.6f} eV; {study['seconds']} s of one core"
    )
    return "\n".join([text, "", *(f"| {' | '.join(row)} |" for row in rows)])


COLOURS = {
    "atomistic": "#777777",
    "qce": "#b2182b",
    "bqce": "#ef8a62",
    "bgfc": "#2166ac",
    "bgrac": "#1b7837",
    "bqcf": "#9970ab",
}
MARKERS = {"atomistic": "s", "qce": "v", "bqce": "^", "bgfc": "o", "bgrac": "D", "bqcf": "P"}


def draw(studies: Sequence[dict[str, Any]], path: Path) -> None:
    """Log-log plots of both errors, one row a problem: P1 full lines, P2 broken ones, theory as grey triangles."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(len(studies), 2, figsize=(11, 4.4 * len(studies)), squeeze=False, layout="constrained")
    for row, study in zip(axes, studies, strict=True):
        for axis, what, label in zip(
            row,
            ("strain", "energy"),
            ("relative error of the strains", "error of the relaxation energy (eV)"),
            strict=True,
        ):
            for curve in study["curves"]:
                _draw_curve(axis, curve, f"{what}_error")
            axis.set(xscale="log", yscale="log", xlabel="unknowns N", ylabel=label, title=study["problem"])
            axis.grid(True, which="major", color="#e5e5e5", linewidth=0.6)
            axis.spines[["top", "right"]].set_visible(False)
        _draw_theory(row[0], study)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", frameon=False, fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _draw_curve(axis: Any, curve: dict[str, Any], what: str) -> None:
    points = [(p["unknowns"], p[what]) for p in curve["points"] if p[what]]
    if not points or curve["method"] == "continuum":
        return
    lattice, quadratic = curve["reference"] == "lattice", curve["order"] == 2
    colour = "#67a9cf" if lattice else COLOURS[curve["method"]]
    axis.plot(
        *np.array(points).T,
        label=curve["name"],
        color=colour,
        linestyle=":" if lattice else "--" if quadratic else "-",
        marker="x" if lattice else MARKERS[curve["method"]],
        markersize=6,
        markerfacecolor="white" if quadratic else colour,
        linewidth=1.4,
    )


def _draw_theory(axis: Any, study: dict[str, Any]) -> None:
    """A short grey line of each theoretical slope, below the curve that it belongs to."""
    for name in ("atomistic, clamped", "bqce P1", "bgfc P1", "bgfc P2"):
        curve = next(c for c in study["curves"] if c["name"] == name)
        (n0, e0), (n1, _) = [(p["unknowns"], p["strain_error"]) for p in curve["points"][-2:]]
        n0, n1 = n0**0.85 * n1**0.15, n1 * (n1 / n0) ** 0.15
        n, shift = np.array([n0, n1]), 0.72
        error = shift * e0 * (n / curve["points"][-2]["unknowns"]) ** curve["theory"]
        axis.plot(n, error, color="#333333", linewidth=1.0)
        axis.annotate(_fraction(curve["theory"]), (np.sqrt(n0 * n1), np.sqrt(error.prod())), xytext=(-4, -11),
                      textcoords="offset points", ha="right", fontsize=9, color="#333333")  # fmt: skip


def _fraction(value: float) -> str:
    bottom = next(b for b in (1, 2, 3, 6) if abs(value * b - round(value * b)) < 1e-9)
    return f"−{abs(round(value * bottom))}" + (f"/{bottom}" if bottom > 1 else "")


BEGIN, END = "<!-- begin: made by benchmarks/accuracy.py -->", "<!-- end -->"


def write_docs(studies: Sequence[dict[str, Any]], path: Path) -> None:
    """Put the tables between the marks in the page."""
    text = path.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    path.write_text(before + BEGIN + "\n\n" + "\n\n".join(map(table, studies)) + "\n\n" + END + after)


def write(studies: dict[str, dict[str, Any]], folder: Path, stem: str) -> None:
    """JSON, figures and the tables of the page."""
    path = folder / "benchmarks" / "results" / f"{stem}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(studies, indent=1) + "\n")
    for name, problems in FIGURES.items():
        shown = [studies[p] for p in problems if p in studies]
        if shown:
            draw(shown, folder / "docs" / "images" / f"{name.replace('accuracy', stem)}.png")
    page = folder / "docs" / f"{stem}.md"
    if page.is_file():
        write_docs(list(studies.values()), page)


def main(arguments: Sequence[str] | None = None) -> dict[str, dict[str, Any]]:
    """Run the problems asked for; their records by name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one problem, small models (half a minute)")
    parser.add_argument("--problem", action="append", choices=list(PROBLEMS), help="only this one (repeatable)")
    parser.add_argument("--jobs", type=int, default=2, help="problems run at the same time")
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="results go to benchmarks/results and docs below it"
    )
    options = parser.parse_args(arguments)
    problems = QUICK if options.quick else {name: PROBLEMS[name] for name in options.problem or PROBLEMS}
    stem = "accuracy_quick" if options.quick else "accuracy"
    known = options.folder / "benchmarks" / "results" / f"{stem}.json"
    studies = json.loads(known.read_text()) if known.is_file() else {}
    for record in _run(problems, options.jobs):
        print(f"\n{table(record)}\n", flush=True)
        studies[record["problem"]] = record
        studies = {name: studies[name] for name in PROBLEMS if name in studies}
        write(studies, options.folder, stem)
    return studies


def _run(problems: dict[str, Problem], jobs: int) -> Iterator[dict[str, Any]]:
    """The studies as they end; in this process if there is only one at a time."""
    if len(problems) == 1 or jobs == 1:
        yield from (study(*item) for item in problems.items())
        return
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for future in as_completed([pool.submit(study, *item) for item in problems.items()]):
            yield future.result()


if __name__ == "__main__":
    main()
