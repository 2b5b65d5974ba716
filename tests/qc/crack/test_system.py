"""A crack system: the near-tip field that it imposes, at its centre wherever that is."""

import re

import numpy as np
import pytest
from mpi4py import MPI

from atomistics import Crystal, load_potential
from qc.case.case import Case
from qc.commands.build import crack_spec
from qc.crack.spec import CrackSpec, mode_of
from qc.crack.system import CrackSystem
from qc.errors import InputError
from tests.qc.brittle import PARAMETERS, brittle_sheet
from tests.qc.crack.test_moving import system_of
from tests.qc.models import material


@pytest.mark.mpi
@pytest.mark.parametrize("name", ["sheet", "holland-marder"])
def test_the_field_moves_with_its_centre(name):
    """A centre moved by dx: the field at X is that of before at X - dx; it grows with the load, and comes back with the centre."""
    system = system_of(name)
    X, m = system.model.parts.X, system.model.parts.layout.components
    plain = ~system.model.parts.is_shift
    before = system.imposed_displacement(0.5)
    system.recentre((1.5, 0.25))
    assert system.centre == (1.5, 0.25)
    moved = system.imposed_displacement(0.5)
    if name == "sheet":  # of a multilattice the inner shifts of the strain come on top
        expected = system.field.displacement(X[:, 0] - 1.5, X[:, 1] - 0.25, [0.5, 0.0, 0.0])[:, :m]
        assert np.abs(moved - expected)[plain].max(initial=0.0) < 1e-12
    assert np.abs(moved - before).max(initial=1.0) > 1e-3
    assert system.imposed_displacement(1.0) == pytest.approx(2 * moved)
    system.recentre(system.spec.tip)
    assert np.array_equal(system.imposed_displacement(0.5), before)


@pytest.mark.mpi
def test_atoms_and_blocks_are_in_one_field():
    system = brittle_sheet()
    parts = system.model.parts
    u, v = system.imposed_displacement(0.7), system.imposed_on_atoms(0.7)
    places = {tuple(key): value for key, value in zip(parts.atoms.key.tolist(), v, strict=True)}
    atoms = np.flatnonzero(parts.is_atom)
    shared = [(u[n], places[tuple(parts.key[n].tolist())]) for n in atoms if tuple(parts.key[n].tolist()) in places]
    assert len(shared) > 0
    assert max(np.abs(a - b).max() for a, b in shared) < 1e-12


@pytest.mark.mpi
def test_unknowns_start_in_the_imposed_field():
    system = brittle_sheet()
    q = system.start(0.3)
    assert q.array_r == pytest.approx(system.imposed_displacement(0.3)[: system.model.parts.layout.n_free].ravel())


def sizes(**changes):
    return CrackSpec(**({"core_radius": 8.0, "blend_width": 4.0, "domain_radius": 22.0, "face_strip": 2.2, "order": 1} | changes))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"tip": (0.0, 0.5)},
            r"crack.tip = \[0, 0.5\] does not lie in the gap that is opened: its y must be between -0.4330 and 0.4330 A",
        ),
        (
            {"core_radius": 0.5},
            "model.core_radius = 0.5 A is too small: .* under the first load, 1 K_G, .* it must be at least",
        ),
    ],
)
def test_a_model_that_cannot_carry_the_crack_is_refused(changes, says):
    """In the API as in a case file: another row would be cut; the faces would attract each other where they leave the core."""
    potential = load_potential("morse", None, **PARAMETERS)
    crystal = Crystal.hexagonal().resolved(potential)
    with pytest.raises(InputError, match=says):
        CrackSystem(crystal, potential, sizes(method="bgfc", **changes))


def test_the_radius_that_is_named_would_do():
    """Not only "use a larger core": what the sentence of a small one asks for is taken."""
    with pytest.raises(InputError, match="it must be at least") as refused:
        brittle_sheet(MPI.COMM_SELF, core_radius=0.5, face_strip=0.0)
    needed = float(str(refused.value).split()[-2])
    assert brittle_sheet(MPI.COMM_SELF, core_radius=needed, face_strip=0.0).spec.core == needed


def test_the_lowest_level_is_where_the_faces_come_within_reach():
    """Of a slit, for the whole range of loads: opening and gap at the rim of the core make the cutoff. Strips know all bonds."""
    system = brittle_sheet(MPI.COMM_SELF, face_strip=0.0)
    behind, K = np.full(2, -system.spec.core), system.lowest_level * system.K_G
    up, low = system.field.displacement(behind, np.array([0.0, -0.0]), (K * system.mode).tolist())
    gap = np.sqrt(3) / 2 * system.crystal.nearest_neighbour_distance
    assert up[1] - low[1] + gap == pytest.approx(system.potential.cutoff)
    assert 0.0 < system.lowest_level < 1.0
    system.check_opening(1.001 * system.lowest_level)
    with pytest.raises(InputError, match=r"model.core_radius = 8 A is too small"):
        system.check_opening(0.999 * system.lowest_level)
    assert brittle_sheet(MPI.COMM_SELF).lowest_level == 0.0


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"core_radius": "6"}, 'model.core_radius = "6" is not allowed: it must be a plain number > 0 in A, at most 1e7'),
        ({"method": "bgfd"}, 'model.method = "bgfd" is not allowed'),
        ({"core_radius": 20.0}, "model.core_radius = 20 A"),
        ({"tip": (0.0,)}, "crack.tip"),
    ],
)
def test_settings_are_checked_as_those_of_a_case_file(changes, says):
    with pytest.raises(InputError, match=says):
        sizes(**changes)


@pytest.mark.parametrize(
    ("mode", "says"),
    [
        ("IV", 'load.mode = "IV" is not allowed: it must be "I", "II", "III" or three numbers'),
        ((1.0, 0.0), "load.mode = [1.0, 0.0] is not allowed"),
        ((np.nan, 0.0, 0.0), "load.mode = [nan, 0.0, 0.0] is not allowed"),
        ((0.0, 0.0, 0.0), "load.mode = [0, 0, 0] is not allowed"),
        (np.array([-1.0, 0.0, 0.0]), "K_I must be >= 0, or the crack faces would overlap"),
    ],
)
def test_modes_are_checked_as_those_of_a_case_file(mode, says):
    """They were taken without a word: a crack that no load opens, or one under a load that is no number."""
    crystal, potential = material("morse")
    with pytest.raises(InputError, match=re.escape(says)):
        CrackSystem(crystal, potential, CrackSpec(), mode=mode)
    assert list(mode_of("II")) == list(mode_of(np.array([0, 1, 0]))) == [0.0, 1.0, 0.0]


def test_atoms_and_names_are_no_crystals_and_potentials():
    """A sentence with what makes them such; it was an AttributeError."""
    crystal, potential = material("iron")
    with pytest.raises(InputError, match=r"Crystal\.from_ase makes one of ASE's Atoms") as error:
        CrackSystem(crystal.atoms(), potential, CrackSpec())
    assert "\n" not in str(error.value)
    with pytest.raises(InputError, match=r"potential = 'Fe_mm.eam.fs' is not allowed: it must be a potential, as load_potential\(NAME\)"):
        CrackSystem(crystal, "Fe_mm.eam.fs", CrackSpec())


def test_a_crystal_that_nobody_has_turned_says_how_it_is_cut():
    """Iron as its axes lie: no plane and no front were given, and the report names those that are taken."""
    crystal, potential = material("iron")
    spec = CrackSpec(method="continuum", domain_radius=30.0)
    found = CrackSystem(Crystal.bcc("Fe", crystal.a), potential, spec, comm=MPI.COMM_SELF).griffith
    assert (found.plane, found.front) == ("(0 1 0)", "[0 0 1]")


def test_defaults_are_those_of_a_case_file():
    """Elements, a slit, the handshake's width, and all the rest; nothing but crystal and potential is needed."""
    tables = {"version": 2, "crystal": {"structure": "hexagonal", "element": "X"}, "potential": {"file": "morse"}}
    case = Case.from_dict(tables | {"model": {"dimension": 2}})
    crystal, potential = material("morse")
    made = CrackSpec().resolved(crystal, potential)
    assert made == crack_spec(case, crystal, potential)
    assert (made.order, made.strip, made.grow_core) == (2, 0.0, True)
