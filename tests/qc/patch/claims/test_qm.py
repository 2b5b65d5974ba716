"""Claims of ``qc patch-test`` about the QM region: green for what is right, red for what is wrong, skipped without an engine."""

import json
import sys
from xml.etree import ElementTree as ET

import pytest
from mpi4py import MPI

from atomistics import load_potential
from qc.cli.app import main
from qc.commands.patch import PatchOptions, plan
from qc.patch.claims import qm as patch_qm
from qc.patch.report import as_junit, as_markdown, as_table, summary
from qc.patch.suite import run_jobs
from qc.qm.region import QMRegion

CHEAP = "ase:tests.qc.qm_engines.Capped"
OF_ENGINES = ("QM zero at the reference", "QM seam by bond shell", "QM conservation", "QM engine audit")


def records(claims, engine=CHEAP, dimension="2.5", crystal="diamond:Si", potential="stillinger-weber", **words):
    options = PatchOptions(crystals=[crystal], potentials=[potential], dimensions=[dimension], engine=engine, **words)
    return run_jobs([job for job in plan(MPI.COMM_WORLD, options) if job.claim in claims])


def verdicts(*args, **words):
    return {r.claim: r.verdict for r in records(*args, **words)}


@pytest.mark.parametrize("dimension", ["2.5", "3"])
def test_null_test(dimension):
    """Nothing is added at any deformation, and the numbers are in the record."""
    found = records(("QM null test",), dimension=dimension, deformations=["identity", "general:0.05", "random:3", "rotation:40"])
    assert {r.verdict for r in found} == {"pass"}
    assert len({r.deformation_name for r in found}) == len(found) == 4
    assert all(r.measured < 1e-13 and r.numbers["E_qm"] < -10.0 for r in found)
    assert len({r.numbers["E_qm"] for r in found}) == 4


@pytest.mark.mpi
def test_zincblende_has_a_null_test_without_bgrac():
    found = records(("QM null test",), crystal="zincblende:Si:C", potential="SiC.tersoff", deformations=["general:0.03"])
    assert [(r.method, r.verdict) for r in found] == [("bqce", "pass")]


@pytest.mark.mpi
def test_red_with_another_potential_as_the_engine(monkeypatch):
    right, other = patch_qm.null_engine, load_potential("holland-marder")
    monkeypatch.setattr(patch_qm, "null_engine", lambda potential, cluster: right(other, cluster))
    assert verdicts(("QM null test",), deformations=["general:0.05"]) == {"QM null test": "fail"}


@pytest.mark.mpi
def test_red_with_something_counted_twice(monkeypatch):
    """A millionth of the cluster's own energy is not taken off."""
    right = QMRegion._correction

    def wrong(self, z):
        audit, g = right(self, z)
        parts = self._parts(self.positions(z))
        return audit, g + 1e-6 * parts.g_mm[:, : self._m]

    monkeypatch.setattr(QMRegion, "_correction", wrong)
    assert verdicts(("QM null test",), deformations=["general:0.05"]) == {"QM null test": "fail"}


def test_green_with_a_cheap_engine_that_has_link_atoms():
    found = records(OF_ENGINES)
    assert {r.claim: r.verdict for r in found} == dict.fromkeys(OF_ENGINES, "pass"), [r.note for r in found]
    shells = next(r for r in found if r.claim == "QM seam by bond shell").numbers["shells"]
    assert [s["shell"] for s in shells] == [-1, 0, 1, 2]
    assert json.loads(json.dumps([r.plain() for r in found]))[0]["numbers"]["cluster"] == "Si16H24"


def test_an_engine_that_returns_zero_fails_the_suite():
    found = verdicts((*OF_ENGINES, "QM elastic budget"), engine="ase:tests.qc.qm_engines.Zero", methods=["bgrac"])
    assert {found[name] for name in ("QM conservation", "QM engine audit", "QM elastic budget")} == {"fail"}


@pytest.mark.mpi
def test_that_zero_fails_is_itself_a_claim(monkeypatch):
    """Red once a zero engine gets away with it."""
    assert verdicts(("QM zero engine",)) == {"QM zero engine": "pass"}
    monkeypatch.setattr(patch_qm, "audit_engine", lambda evaluation, vector: [])
    assert verdicts(("QM zero engine",)) == {"QM zero engine": "fail"}


@pytest.mark.parametrize(("turn", "push"), [(0.5, 0.0), (0.0, 0.02)])
def test_red_with_forces_that_do_not_conserve(monkeypatch, turn, push):
    """A force that circulates (eV/A^2), or one that does not belong to the energy (eV/A), on two atoms."""
    right = patch_qm.Evaluation._computed

    def computed(self, y):
        parts, u = right(self, y), y - self.cluster.X
        parts.g_qm[0, 0] += push - turn * u[1, 1]
        parts.g_qm[1, 1] += push + turn * u[0, 0]
        return parts

    monkeypatch.setattr(patch_qm.Evaluation, "_computed", computed)
    assert verdicts(("QM conservation",)) == {"QM conservation": "fail"}


def test_skipped_where_the_engine_is_not_installed(monkeypatch):
    """Not a failure: said in the summary, in JUnit, in the table; what needs no engine is tested all the same."""
    monkeypatch.setattr(patch_qm, "is_there", lambda engine: False)
    found = records(("QM null test", "QM elastic budget"), engine=None, deformations=["identity"], methods=["bgrac"])
    assert {r.claim: r.verdict for r in found} == {"QM null test": "pass", "QM elastic budget": "skip"}
    assert "2 claims, all as theory says, 1 skipped (gfn1-xtb is not installed)" in summary(found)
    case = ET.fromstring(as_junit(found).split("\n", 1)[1]).find("testsuite/testcase/skipped/..")
    assert case.get("name").startswith("QM elastic budget")
    assert "skip" in as_table(found)
    assert "| QM elastic budget | identity | skipped |" in as_markdown(found)


@pytest.mark.parametrize(("engine", "says"), [("ase:no_such.Engine", "not installed"), ("vasp", "gfn1-xtb")])
def test_engines_that_are_none(monkeypatch, capfd, engine, says):
    monkeypatch.setattr(sys, "argv", ["qc", "patch-test", "--crystal", "diamond", "--engine", engine])
    assert main() == 2
    error = capfd.readouterr().err
    assert says in error
    assert error.count("\n") == 1
