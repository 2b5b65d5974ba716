"""Stencil, reach and sizes: one formula for models, checks of cracks and patch tests."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from mpi4py import MPI

from atomistics import Crystal, load_potential
from qc.coupling.extents import SKIN, Extents, blending, sight, spread
from qc.coupling.methods import build_model, build_within
from qc.coupling.spec import METHODS, ModelSpec
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from qc.errors import InputError
from qc.material.cleavage import crack_lattice
from qc.patch.setup import PatchSetup
from qc.unknowns.regions import Core
from tests.qc.models import general, material


def extents(name, method, **changes):
    crystal, potential = material(name)
    nn = crystal.nearest_neighbour_distance
    sizes = {"core": Core(6 * nn), "blend_width": 5 * nn, "radius": 26 * nn}
    spec = ModelSpec(method=method, **(sizes | changes))
    return Extents.of(crystal, potential, crack_lattice(crystal), spec), crystal, potential


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("compression", "counted"), [(0.0, 0.06), (0.06, 0.06), (0.12, 0.12)])
def test_reach(method, compression, counted):
    """cutoff / (1 - compression), 6 % at least, and the skin; further only where the stencil of bgrac is longer."""
    found, _, potential = extents("iron", method, stencil_compression=compression)
    least = potential.cutoff / (1 - counted) + SKIN
    assert (found.stencil is not None) == (method == "bgrac")
    assert found.reach == (least if found.stencil is None else max(least, found.stencil.radius + SKIN))


def test_mesh_edges_lengthen_the_stencil():
    """With neighbours only, the far end of the longest edge is out of reach of a stencil that ends at the cutoff."""
    found, _, potential = extents("tersoff-t3", "bgrac")
    shorter, crystal, _ = extents("tersoff-t3", "bgfc")
    assert found.stencil.radius > potential.cutoff / 0.94
    assert found.reach == pytest.approx(found.stencil.radius + SKIN + spread(crystal), rel=1e-15)
    assert shorter.reach == pytest.approx(potential.cutoff / 0.94 + SKIN + spread(crystal), rel=1e-15)
    assert spread(crystal) == pytest.approx(crystal.nearest_neighbour_distance)  # half of it in each of the two cells


def test_fixed_neighbours_are_never_compressed():
    potential = SimpleNamespace(fixed_topology=True, cutoff=3.0)
    assert sight(potential) == 3.0 + SKIN


def test_the_patch_test_has_the_same_reach():
    found, crystal, potential = extents("iron", "bgfc")
    setup = PatchSetup(
        crystal=crystal,
        potential=potential,
        dimension=2.5,
        crystal_name="bcc:Fe",
        potential_name="Fe",
        width=5.0,
        core=6.0,
    )
    assert setup.reach == found.reach
    assert setup.resolved(6.0, 5.0) * setup.nn == pytest.approx(found.spec.core.radius + found.resolved, rel=1e-14)


@pytest.mark.parametrize(("method", "width"), [("bgfc", 14.0), ("qce", 0.0), ("continuum", 0.0)])
def test_the_check_of_a_crack_has_the_same_reach(method, width):
    """It counts the width of the handshake that the method has, and leaves half a neighbour distance beyond the resolved zone."""
    crystal, potential = material("iron")
    spec = CrackSpec(core_radius=20.0, domain_radius=30.0, blend_width=14.0, method=method, face_strip=7.5, order=1)
    found = Extents.of(crystal, potential, crack_lattice(crystal), spec.model_spec())
    assert found.spec.width == width
    outer = 20.0 + found.resolved + 0.5 * crystal.nearest_neighbour_distance
    with pytest.raises(
        InputError, match=rf"handshake \({width:g} A\) and one stencil it reaches {outer:.1f} A, so model.domain_radius"
    ):
        CrackSystem(crystal, potential, replace(spec, domain_radius=0.99 * outer), comm=MPI.COMM_SELF)


def test_blending():
    x = np.array([[0.0, 0.0], [8.5, 0.0], [20.0, 0.0]])
    core = {"core": Core(6.0), "blend_width": 5.0, "radius": 26.0}
    assert blending(ModelSpec(method="atomistic", **core))(x).tolist() == [0.0, 0.0, 0.0]
    assert blending(ModelSpec(method="continuum", **core))(x).tolist() == [1.0, 1.0, 1.0]
    assert blending(ModelSpec(method="qce", **core))(x).tolist() == [0.0, 1.0, 1.0]
    assert blending(ModelSpec(method="bqce", **core))(x).tolist() == [0.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("method", "crack", "shells"),
    [("bqce", "none", 1), ("bgfc", "none", 2), ("bqcf", "none", 2), ("bgrac", "none", 1), ("bgrac", "slit", 2)],
)
def test_atoms_that_are_wanted(method, crack, shells):
    """Sites with weight and their neighbours, and once more those of these where forces are blended."""
    found = extents("iron", method, crack=crack)[0]
    rim = found.spec.core.radius + found.spec.width + shells * found.reach
    x = np.array([[rim - 0.1, 0.0], [rim + 0.1, 0.0]])
    assert found.wanted(x).tolist() == [True, False]
    assert found.work(x[:1]).tolist() == [1.0 if shells == 2 else 10.0]
    assert found.atoms_within == pytest.approx(found.spec.core.radius + found.spec.width + 2 * found.reach)


def test_pure_models_want_all_or_nothing():
    x = np.array([[1.0, 0.0], [50.0, 0.0], [1e4, 0.0]])
    assert extents("iron", "atomistic")[0].wanted(x).tolist() == [True, True, False]
    assert extents("iron", "continuum")[0].wanted(x).tolist() == [False, False, False]
    assert extents("iron", "atomistic")[0].atoms_within == np.inf
    for method in ("atomistic", "continuum"):
        assert not extents("iron", method)[0].depth(x).any()
    assert extents("iron", "bgfc")[0].depth(x)[2] > 9e3


def test_known_extents_give_the_same_model():
    found, crystal, potential = extents("toy", "bgrac")
    a = build_model(MPI.COMM_SELF, crystal, potential, crack_lattice(crystal), found.spec)
    b = build_within(MPI.COMM_SELF, crystal, potential, found)
    u = a.uniform(general(crystal))
    for m in (a, b):
        m.impose(m.load(u))
    q = a.parts.layout.create_unknowns()
    q.array[:] = 0.01 * np.sin(np.arange(q.local_size))
    assert a.coupling.energy(q) == b.coupling.energy(q)


def test_an_inversion_that_is_not_there_is_named():
    potential = load_potential("tersoff-t3")
    crystal = Crystal.zincblende("Si", "C", 4.32).oriented((1, 1, 1), (1, -1, 0)).resolved(potential)
    spec = ModelSpec(method="bgrac", core=Core(10.0), blend_width=10.0, radius=60.0)
    with pytest.raises(ValueError, match="bgrac needs a crystal"):
        Extents.of(crystal, potential, crack_lattice(crystal), spec)
