"""The suite is green on what is right and goes red for each thing that may be wrong."""

from pathlib import Path

import numpy as np
import pytest
from mpi4py import MPI

from qc.commands.patch import PatchOptions, plan
from qc.coupling import grac, ingredients
from qc.coupling.coupling import Coupling
from qc.coupling.dead_load import BlendingDefect
from qc.coupling.spec import METHODS
from qc.errors import InputError
from qc.patch.claims.claims import CLAIMS
from qc.patch.claims.qm import ELASTIC_BUDGET
from qc.patch.claims.waves import ALL_WAVES
from qc.patch.suite import DEFORMATIONS, make_jobs, run_jobs, standard_setups

STRAIN = "general:0.05"


def records(method, claims=None, crystal="hexagonal", deformations=(STRAIN,), **words):
    """Records of one method by claim and, for BGFC, reference."""
    jobs = plan(MPI.COMM_WORLD, PatchOptions(methods=[method], crystals=[crystal], deformations=deformations, **words))
    return run_jobs([job for job in jobs if claims is None or job.claim in claims])


def verdicts(method, **words):
    return {(r.claim, r.reference): r.verdict for r in records(method, **words)}


def failing(method, **words):
    return {key for key, verdict in verdicts(method, **words).items() if verdict != "pass"}


@pytest.mark.mpi
def test_a_record_holds_what_was_measured():
    """On any number of ranks; that every claim holds for every method is in patch_tests/."""
    found = records("bqcf", potentials=["hexagonal-eam"])
    assert {r.verdict for r in found} == {"pass"}, [r for r in found if r.verdict != "pass"]
    assert {r.ranks for r in found} == {MPI.COMM_WORLD.size}
    assert all(np.isfinite(r.measured) and r.tolerance and r.expected for r in found)


def test_the_standard_suite():
    """Every method, every claim, 2-D, 2.5-D and 3-D, all usual crystals; heavy claims in 3-D only where they tell most."""
    jobs = make_jobs(standard_setups(METHODS, None, MPI.COMM_WORLD), quick=True)
    assert {job.method for job in jobs} == set(METHODS)
    assert {job.claim for job in jobs} == set(CLAIMS) - {ALL_WAVES, ELASTIC_BUDGET}
    assert sum(job.claim == "no reflection" for job in jobs) == 1
    assert {job.setup.dimension for job in jobs} == {2, 2.5, 3}
    assert {job.setup.crystal.structure for job in jobs} == {"hexagonal", "fcc", "bcc", "diamond"}
    diamond = {(j.setup.dimension, j.setup.shifts) for j in jobs if j.setup.shifts}
    assert diamond == {(2.5, "relaxed"), (2.5, "given"), (3, "relaxed"), (3, "given")}
    assert {j.setup.potential_name for j in jobs if j.setup.shifts} == {"stillinger-weber", "holland-marder", "tersoff-t3"}
    assert {job.deformation.name for job in jobs if job.claim == "force patch test"} == set(DEFORMATIONS)
    heavy = {(j.method, j.reference) for j in jobs if j.claim.startswith("Newton") and j.setup.dimension == 3}
    assert heavy == {("bgfc", "far_field"), ("bgrac", None)} & {(j.method, j.reference) for j in jobs}


@pytest.fixture
def scaled_dead_load(monkeypatch):
    right = BlendingDefect.dead_load

    def wrong(self, x, out):
        right(self, x, out)
        out.scale(0.99)

    monkeypatch.setattr(BlendingDefect, "dead_load", wrong)


@pytest.mark.mpi
def test_red_with_a_wrong_dead_load(scaled_dead_load):
    found = failing("bgfc", claims=("force patch test", "Newton from a perturbed state"))
    assert ("force patch test", "far_field") in found
    assert ("Newton from a perturbed state", "far_field") in found


@pytest.fixture
def wrong_cell_weight(monkeypatch):
    """Cells of the handshake count for a millionth too much."""
    right = ingredients.ContinuumEnergy

    def wrong(space, material, weight, *args):
        blended = (weight > 0) & (weight < weight.max(initial=0.0))
        return right(space, material, np.where(blended, weight * (1 + 1e-6), weight), *args)

    monkeypatch.setattr(ingredients, "ContinuumEnergy", wrong)


@pytest.mark.parametrize("method", ["bqce", "bgfc"])
def test_red_with_a_wrong_cell_weight(wrong_cell_weight, method):
    assert "energy patch test" in {claim for claim, _ in failing(method, claims=("energy patch test",))}


def test_a_wrong_cell_weight_stops_the_reconstruction(wrong_cell_weight):
    """No reconstruction can make up for sites counted twice: refused, or red."""
    assert refused_or_red("bgrac")


def refused_or_red(method):
    try:
        return bool(failing(method, claims=("force patch test", "energy patch test")))
    except InputError as error:
        return str(error).startswith("method bgrac")


def test_red_with_a_wrong_reconstruction(monkeypatch):
    """Multipliers a millionth too large: the model refuses itself, or the suite is red."""
    right = grac.solve

    def wrong(*args):
        lam, info = right(*args)
        return lam * (1 + 1e-6), info

    monkeypatch.setattr(grac, "solve", wrong)
    assert refused_or_red("bgrac")


@pytest.mark.parametrize("method", ["atomistic", "bqcf", "bgfc", "bqce"])
def test_red_with_forces_that_are_no_numbers(monkeypatch, method):
    right = Coupling.energy_gradient

    def wrong(self, q, g):
        right(self, q, g)
        g.set(np.nan)
        return np.nan

    monkeypatch.setattr(Coupling, "energy_gradient", wrong)
    claims = ("force patch test", "null test: all atomistic", "objectivity", "rank invariance")
    found = verdicts(method, claims=claims, deformations=(STRAIN, "rotation:20"))
    assert set(found.values()) == {"fail"}


@pytest.mark.parametrize("method", [pytest.param(m, marks=pytest.mark.mpi) if m == "bgrac" else m for m in METHODS])
def test_a_mesh_of_ones_own(method):
    """Vertices that are no lattice sites: force blending, the dead load and the reconstruction hold there too."""
    claims = ("force patch test", "energy patch test", "Newton from a perturbed state")
    found = records(method, claims=claims, crystal="bcc", mesh="meshes/disc.msh")
    assert {r.verdict for r in found} == {"pass"}, found
    assert {r.mesh for r in found} == {"lattice-resolved" if method == "atomistic" else "meshes/disc.msh"}


ACE = str(Path(__file__).parents[2] / "atomistics" / "potentials" / "ace" / "SBessel.yace")


@pytest.mark.parametrize("method", [pytest.param("bgrac", marks=pytest.mark.mpi), "bgfc"])
@pytest.mark.parametrize(
    ("crystal", "potential"),
    [
        ("bcc:Mo", "Mo_Chen_PRM2017.snap"),
        ("fcc:Ni", ACE),
        pytest.param("fcc:Al", "AlCu.adp", marks=pytest.mark.slow),
        pytest.param("bcc:Nb", "Nb.uf3", marks=pytest.mark.slow),
        pytest.param("fcc:Ni", "Ni.meam", marks=pytest.mark.slow),
        pytest.param("diamond:Si", "Si.edip", marks=pytest.mark.slow),
    ],
    ids=["SNAP", "ACE", "ADP", "UF3", "MEAM", "EDIP"],
)
def test_no_ghost_forces_in_a_many_body_crystal(method, crystal, potential):
    """Site Hessians that are dense, alone and in sums: patch tests, Newton and ranks, in 2.5-D."""
    what = PatchOptions(methods=[method], crystals=[crystal], deformations=["general:0.02"], potentials=[potential])
    jobs = [job for job in plan(MPI.COMM_WORLD, what) if job.setup.dimension == 2.5 and not job.claim.startswith("null")]
    found = run_jobs(jobs)
    assert {r.verdict for r in found} == {"pass"}, [r for r in found if r.verdict != "pass"]
    assert {"force patch test", "energy patch test", "rank invariance", "Newton from a perturbed state"} <= {r.claim for r in found}
