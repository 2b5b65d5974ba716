"""Patch tests of crystals with a basis: green on what is right, red for what may be wrong with inner shifts."""

import numpy as np
import pytest
from mpi4py import MPI

from fem import shifted_continuum
from fem.shifted_continuum import ShiftedContinuumEnergy
from qc.commands.patch import PatchOptions, plan
from qc.patch.claims.claims import CLAIMS
from qc.patch.claims.qm import QM_CLAIMS
from qc.patch.model import PatchTest
from qc.patch.setup import PatchSetup
from qc.patch.suite import run_jobs
from qc.unknowns import prolongation as sites
from tests.qc.patch.test_suite import STRAIN

METHODS = ("atomistic", "continuum", "qce", "bqce", "bgfc", "bgrac", "bqcf")
FORCE = "force patch test"


def records(
    method,
    shifts,
    potential="stillinger-weber",
    claims=None,
    deformations=(STRAIN,),
    dimension="2.5",
    crystal="diamond:Si",
):
    """Records of one method in a multilattice."""
    words = PatchOptions(
        methods=[method],
        crystals=[crystal],
        potentials=[potential],
        deformations=deformations,
        dimensions=[dimension],
        shifts=[shifts],
    )
    return run_jobs([job for job in plan(MPI.COMM_WORLD, words) if claims is None or job.claim in claims])


def failing(method, shifts, **words):
    """Claims that are not as theory says, with the reference of bgfc."""
    return {(r.claim, r.reference) for r in records(method, shifts, **words) if r.verdict != "pass"}


@pytest.mark.mpi
@pytest.mark.parametrize("shifts", ["relaxed", "given"])
@pytest.mark.parametrize("method", METHODS)
def test_green(method, shifts):
    """Every claim that makes sense holds, on any number of ranks; the record says what was done with the shifts.

    Those of a QM region, in this very setup, are in test_patch_qm.py and patch_tests/test_qm.py.
    """
    claims = set(CLAIMS) - set(QM_CLAIMS)
    found = records(method, shifts, claims=claims, deformations=("identity", STRAIN, "rotation:40"))
    assert {r.verdict for r in found} == {"pass"}, [r for r in found if r.verdict != "pass"]
    assert {r.shifts for r in found} == {shifts}
    assert {r.plain()["shifts"] for r in found} == {shifts}
    assert ("Newton from a perturbed state" in {r.claim for r in found}) == (shifts == "relaxed")


IN_THE_STANDARD_SUITE = {("stillinger-weber", "given"), ("holland-marder", "relaxed")}
SOLIDS = [(p, s) for p in ("stillinger-weber", "holland-marder", "tersoff-t3", "Si.sw") for s in ("relaxed", "given")]


@pytest.mark.parametrize(
    ("potential", "shifts"),
    [pytest.param(*one, marks=[pytest.mark.slow] if one in IN_THE_STANDARD_SUITE else []) for one in SOLIDS],
)
def test_green_in_three_dimensions(potential, shifts):
    """Slow are those that `make patch-test` makes, with more methods and at more deformations."""
    for method in ("bqce", "bgfc", "bgrac", "bqcf"):
        found = records(method, shifts, potential, claims=(FORCE, "energy patch test"), dimension="3")
        assert {r.verdict for r in found} == {"pass"}, found


def test_other_bases():
    """A compound, whose sublattices no inversion exchanges: plain blending decays like K^-1 only, and that is expected."""
    found = records("bqce", "relaxed", "SiC.tersoff", crystal="zincblende:Si:C")
    assert {r.verdict for r in found} == {"pass"}, found
    (decay,) = [r for r in found if r.claim == "decay rate"]
    assert decay.expected.startswith("O(K^-1)")
    assert -1.3 < decay.measured < -0.8
    for shifts in ("relaxed", "given"):
        found = records("bgfc", shifts, "SiC.tersoff", crystal="zincblende:Si:C")
        found += records("bqcf", shifts, "Cu_mishin1.eam.alloy", claims=(FORCE,), crystal="hcp:Cu:2.55", dimension="3")
        assert {r.verdict for r in found} == {"pass"}, found


@pytest.mark.mpi
@pytest.mark.parametrize("shifts", ["relaxed", "given"])
def test_red_with_a_wrong_gauge(monkeypatch, shifts):
    """Slaved atoms that take p_0 = 0 instead of a sum of zero: they leave their cell's place."""
    monkeypatch.setattr(sites, "independent", lambda n: np.eye(n)[:, 1:])
    for method in ("bqcf", "bgfc"):
        assert FORCE in {claim for claim, _ in failing(method, shifts)}


@pytest.mark.mpi
@pytest.mark.parametrize("shifts", ["relaxed", "given"])
def test_red_without_the_offset_of_the_sublattices(monkeypatch, shifts):
    """W(F, p) fed with nodal shifts as they are, without - (F - F0) b_a."""
    right = ShiftedContinuumEnergy.__init__

    def wrong(self, *args):
        right(self, *args)
        self._offset = np.zeros_like(self._offset)
        self._chain = shifted_continuum._chain(self._offset)

    monkeypatch.setattr(ShiftedContinuumEnergy, "__init__", wrong)
    found = failing("bgfc", shifts)
    assert {(FORCE, "far_field"), ("energy patch test", "far_field")} <= found
    assert FORCE in {claim for claim, _ in failing("bqcf", shifts)}


@pytest.mark.mpi
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


@pytest.mark.mpi
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


@pytest.mark.mpi
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
