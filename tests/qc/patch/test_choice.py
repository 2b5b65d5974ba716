"""What is tested where some words are left out."""

from mpi4py import MPI

from qc.commands.patch import plan
from qc.patch.choice import PatchChoice, make_setups
from qc.patch.crystals import parse_crystal
from tests.qc.patch.test_words import DISC, options


def test_what_fits_is_combined():
    """Each potential with the crystals whose element it knows; a sharp handshake where the method has one."""
    words = (
        "--crystal fcc:Cu --crystal bcc:Fe --potential Cu_mishin1.eam.alloy --potential Fe_mm.eam.fs --dimension 2.5"
    )
    jobs = plan(MPI.COMM_WORLD, options(words.split()))
    assert {(j.setup.crystal_name[:6], j.setup.potential_name) for j in jobs} == {
        ("fcc:Cu", "Cu_mishin1.eam.alloy"),
        ("bcc:Fe", "Fe_mm.eam.fs"),
    }
    assert plan(MPI.COMM_WORLD, options(["--crystal", "bcc", "--width", "0", "--method", "bgrac", "--method", "qce"]))


def test_methods_that_a_potential_cannot_take_are_left_out():
    jobs = plan(MPI.COMM_WORLD, options(["--potential", "SiC.tersoff", "--dimension", "2.5"]))
    assert {job.setup.crystal.structure for job in jobs} == {"zincblende"}
    assert "bgrac" not in {job.method for job in jobs}
    assert "bgfc" in {job.method for job in jobs}


def test_shifts_are_relaxed_and_given_unless_one_is_named():
    """One setup each; a Bravais crystal has none, a mesh of one's own takes relaxed ones."""
    words = ["--crystal", "diamond", "--crystal", "bcc", "--dimension", "2.5", "--method", "bgfc"]
    found = {(j.setup.crystal.structure, j.setup.shifts) for j in plan(MPI.COMM_WORLD, options(words))}
    assert found == {("diamond", "relaxed"), ("diamond", "given"), ("bcc", None)}
    named = plan(MPI.COMM_WORLD, options(["--shifts", "given", "--method", "bgfc"]))
    assert {(j.setup.crystal.structure, j.setup.shifts) for j in named} == {("diamond", "given")}
    words = ["--crystal", "diamond", "--mesh", DISC, "--method", "bgfc"]
    assert {j.setup.shifts for j in plan(MPI.COMM_WORLD, options(words))} == {"relaxed"}


def test_sizes_follow_the_cutoff():
    """A potential of long range gets a larger core and a wider handshake."""
    word = [parse_crystal("hexagonal:Ar:0.5")]
    words = {"potentials": ["lennard-jones"], "methods": ["bqce"]}
    (near,) = make_setups(PatchChoice(crystals=[parse_crystal("hexagonal")], **words), MPI.COMM_SELF)
    (far,) = make_setups(PatchChoice(crystals=word, **words), MPI.COMM_SELF)
    assert far.core > near.core
    assert far.width > far.potential.cutoff / far.nn >= near.width
