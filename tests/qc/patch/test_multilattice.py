"""Patch tests of crystals with a basis: green on what is right, red for what may be wrong with inner shifts."""

import numpy as np
import pytest
from mpi4py import MPI

from fem import shifted_continuum
from fem.shifted_continuum import ShiftedContinuumEnergy
from qc.commands.patch import PatchOptions, plan
from qc.patch.model import PatchTest
from qc.patch.setup import PatchSetup
from qc.patch.suite import run_jobs
from qc.unknowns import prolongation as sites
from tests.qc.patch.test_suite import STRAIN

FORCE = "force patch test"
PATCHES = (FORCE, "energy patch test")


def jobs(
    method,
    shifts,
    potential="stillinger-weber",
    claims=None,
    deformations=(STRAIN,),
    dimension="2.5",
    crystal="diamond:Si",
):
    """Jobs of one method in a multilattice."""
    words = PatchOptions(
        methods=[method],
        crystals=[crystal],
        potentials=[potential],
        deformations=deformations,
        dimensions=[dimension],
        shifts=[shifts],
    )
    return [job for job in plan(MPI.COMM_WORLD, words) if claims is None or job.claim in claims]


def records(*args, **words):
    """Records of these jobs."""
    return run_jobs(jobs(*args, **words))


def failing(method, shifts, **words):
    """Claims that are not as theory says, with the reference of bgfc."""
    return {(r.claim, r.reference) for r in records(method, shifts, **words) if r.verdict != "pass"}


@pytest.mark.parametrize("shifts", ["relaxed", "given"])
def test_the_record_says_what_was_done_with_the_shifts(shifts):
    """What holds for each method, claim and number of ranks in this very setup is in patch_tests/."""
    found = records("bgfc", shifts, claims=("objectivity",), deformations=("rotation:40",))
    assert {(r.verdict, r.shifts, r.plain()["shifts"]) for r in found} == {("pass", shifts, shifts)}
    claims = {job.claim for job in jobs("bgfc", shifts)}
    assert ("Newton from a perturbed state" in claims) == (shifts == "relaxed")


@pytest.mark.slow
@pytest.mark.parametrize("shifts", ["relaxed", "given"])
@pytest.mark.parametrize("potential", ["stillinger-weber", "holland-marder", "tersoff-t3", "Si.sw"])
def test_green_in_three_dimensions(potential, shifts):
    """Slow, as the standard suite makes two of the eight at more deformations, and 2.5-D is tested with each potential."""
    for method in ("bqce", "bgfc", "bgrac", "bqcf"):
        found = records(method, shifts, potential, claims=PATCHES, dimension="3")
        assert {r.verdict for r in found} == {"pass"}, found


def test_other_bases():
    """A compound, whose sublattices no inversion exchanges: plain blending decays like K^-1 only, and that is expected."""
    found = records("bqce", "relaxed", "SiC.tersoff", crystal="zincblende:Si:C", claims=(*PATCHES, "decay rate"))
    assert {r.verdict for r in found} == {"pass"}, found
    (decay,) = [r for r in found if r.claim == "decay rate"]
    assert decay.expected.startswith("O(K^-1)")
    assert -1.3 < decay.measured < -0.8
    for shifts in ("relaxed", "given"):
        found = records("bgfc", shifts, "SiC.tersoff", crystal="zincblende:Si:C", claims=(*PATCHES, "objectivity"))
        assert {r.verdict for r in found} == {"pass"}, found


@pytest.mark.parametrize("shifts", ["relaxed", "given"])
def test_red_with_a_wrong_gauge(monkeypatch, shifts):
    """Slaved atoms that take p_0 = 0 instead of a sum of zero: they leave their cell's place."""
    monkeypatch.setattr(sites, "independent", lambda n: np.eye(n)[:, 1:])
    for method in ("bqcf", "bgfc"):
        assert FORCE in {claim for claim, _ in failing(method, shifts, claims=(FORCE,))}


@pytest.mark.parametrize("shifts", ["relaxed", "given"])
def test_red_without_the_offset_of_the_sublattices(monkeypatch, shifts):
    """W(F, p) fed with nodal shifts as they are, without - (F - F0) b_a."""
    right = ShiftedContinuumEnergy.__init__

    def wrong(self, *args):
        right(self, *args)
        self._offset = np.zeros_like(self._offset)
        self._chain = shifted_continuum._chain(self._offset)

    monkeypatch.setattr(ShiftedContinuumEnergy, "__init__", wrong)
    found = failing("bgfc", shifts, claims=PATCHES)
    assert {(FORCE, "far_field"), ("energy patch test", "far_field")} <= found
    assert FORCE in {claim for claim, _ in failing("bqcf", shifts, claims=(FORCE,))}


@pytest.mark.parametrize("shifts", ["relaxed", "given"])
def test_red_with_a_wrong_dead_load_on_shifts(monkeypatch, shifts):
    """A dead load a hundredth too small on the shift blocks and right everywhere else."""
    right = PatchTest.dead_load

    def wrong(self, model, at):
        load, n = right(self, model, at), model.parts.layout.n_free
        load.array.reshape(n, -1)[model.parts.is_shift[:n]] *= 0.99
        return load

    monkeypatch.setattr(PatchTest, "dead_load", wrong)
    assert (FORCE, "far_field") in failing("bgfc", shifts, claims=(FORCE,))


def test_red_with_shift_forces_of_a_wrong_size(monkeypatch):
    """A millionth too much on shifts: forces that vanish do not show it, those of given shifts do."""
    right = ShiftedContinuumEnergy.energy_gradient

    def wrong(self, z):
        E, g = right(self, z)
        g[self.n_nodes :] *= 1 + 1e-6
        return E, g

    monkeypatch.setattr(ShiftedContinuumEnergy, "energy_gradient", wrong)
    assert failing("bqcf", "relaxed", claims=(FORCE,)) == set()
    assert failing("bqcf", "given", claims=(FORCE,)) == {(FORCE, None)}


def test_red_with_shifts_that_do_not_turn(monkeypatch):
    """Shifts fixed in space while the crystal turns."""
    monkeypatch.setattr(PatchSetup, "shifts_at", lambda self, F: self.sublattice_shifts)
    found = failing("bqcf", "given", claims=("objectivity",), deformations=(STRAIN, "rotation:20"))
    assert found == {("objectivity", None)}


@pytest.mark.mpi
def test_a_mesh_of_ones_own():
    """Vertices that are no lattice points: relaxed shifts leave no force there either."""
    words = PatchOptions(methods=["bgfc", "bqcf"], crystals=["diamond"], deformations=[STRAIN], mesh="meshes/disc.msh")
    jobs = [job for job in plan(MPI.COMM_WORLD, words) if job.claim == FORCE and job.reference != "lattice"]
    found = run_jobs(jobs)
    assert len(found) == 2
    assert {r.verdict for r in found} == {"pass"}, found
