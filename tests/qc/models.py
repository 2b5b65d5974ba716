"""Small models for the tests: quick to build, every region present."""

from __future__ import annotations

from functools import cache

import numpy as np
from mpi4py import MPI

from atomistics import COVALENT, Crystal, SitePotential, load_potential
from qc.coupling.load import Load
from qc.coupling.methods import build_model
from qc.coupling.model import Model
from qc.coupling.spec import ModelSpec
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from qc.material.cleavage import cells_beside, crack_lattice
from qc.unknowns.regions import Core

GENERAL_2D = np.eye(3) + 0.03 * np.array([[1.0, 0.5, 0], [-0.2, -0.7, 0], [0, 0, 0]])
GENERAL = np.eye(3) + 0.03 * np.array([[1.0, 0.5, 0.3], [-0.2, -0.7, 0.1], [0.2, 0.6, 0.4]])
PLANE = np.eye(3) + 0.03 * np.array([[1.0, 0.5, 0], [-0.2, -0.7, 0], [0.2, 0.6, 0]])


@cache
def material(name: str) -> tuple[Crystal, SitePotential]:
    """Oriented crystal and potential by name: "toy", "morse", "iron", "copper", or a covalent potential for silicon."""
    if name == "toy":
        potential = load_potential("toy-eam")
        return Crystal.hexagonal().resolved(potential), potential
    if name == "morse":
        potential = load_potential("morse")
        return Crystal.hexagonal().resolved(potential), potential
    if name == "iron":
        potential = load_potential("Fe_mm.eam.fs")
        return Crystal.bcc("Fe", 2.855325).oriented((1, 1, 0), (0, 0, 1)), potential
    if name in COVALENT:
        potential = load_potential(name)
        return cells_beside(Crystal.diamond("Si").resolved(potential).oriented((1, 1, 1), (1, -1, 0))), potential
    potential = load_potential("Cu_mishin1.eam.alloy")
    return Crystal.fcc("Cu", 3.614925).oriented((1, 1, 1), (1, 1, -2)), potential


def general(crystal: Crystal) -> np.ndarray:
    """A general deformation gradient that a plane displacement field can express (F0 takes any)."""
    return GENERAL_2D if crystal.dimension == 2 else PLANE


def model(name: str, method: str, comm: MPI.Comm = MPI.COMM_WORLD, **changes: object) -> Model:
    """A model without crack (or with ``crack=...``): core 6, handshake 5, domain 26 neighbour distances."""
    crystal, potential = material(name)
    nn = crystal.nearest_neighbour_distance
    strip = potential.cutoff + 0.5 * nn if changes.get("crack") == "strips" else 0.0
    sizes = {"core": Core(6 * nn, strip), "blend_width": 5 * nn, "radius": 26 * nn}
    given = {name: changes.pop(name) for name in ("removed", "reconstruction") if name in changes}
    spec = ModelSpec(method=method, **(sizes | changes))  # type: ignore[arg-type]
    return build_model(comm, crystal, potential, crack_lattice(crystal), spec, **given)  # type: ignore[arg-type]


_built = cache(lambda name, method, changes: model(name, method, **dict(changes)))


def shared_model(name: str, method: str, **changes: object) -> Model:
    """`model` on all ranks, built once a session, under no load.

    For tests that change nothing else of it: who adds a term, moves it or patches what it is built by takes `model`.
    """
    m = _built(name, method, tuple(sorted(changes.items())))
    m.impose(Load.none(m.parts.layout))
    return m


def deform(m: Model, F: np.ndarray, shifts: np.ndarray | None = None):  # type: ignore[no-untyped-def]
    """Unknowns of the uniform deformation F X; prescribed blocks are set alike, and the dead load of BGFC at this state."""
    layout = m.parts.layout
    u = m.uniform(F, shifts)
    q = layout.create_unknowns()
    q.array[:] = u[: layout.n_free].ravel()
    m.impose(m.load(u))
    return q


def wave(m: Model, seed: int):  # type: ignore[no-untyped-def]
    """A smooth unknown vector that depends on positions only, not on the ranks."""
    v = m.parts.layout.create_unknowns()
    k = np.random.default_rng(seed).uniform(0.2, 0.9, (3, m.parts.layout.components))
    v.array[:] = np.sin(m.X_free @ k + np.arange(m.parts.layout.components)).ravel()
    return v


def largest(v) -> float:  # type: ignore[no-untyped-def]
    """Largest component of a PETSc vector."""
    return float(v.norm(3))


def hexagonal_crack(method: str, comm: MPI.Comm = MPI.COMM_WORLD, **changes: object) -> CrackSystem:
    """A crack in the 2-D Morse crystal (neighbour distance about 1)."""
    crystal, potential = material("morse")
    sizes = {"core_radius": 12.0, "domain_radius": 34.0, "blend_width": 6.0, "face_strip": 3.0, "order": 1}
    spec = CrackSpec(**(sizes | {"method": method} | changes))  # type: ignore[arg-type]
    return CrackSystem(crystal, potential, spec, comm=comm)
