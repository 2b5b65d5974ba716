"""What a ladder has come to, in words: verdict, summary, QM region."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from mpi4py import MPI

from qc.commands.report import (
    between,
    document,
    ladder_entries,
    middle,
    notes,
    qm_line,
    step_line,
    summary_lines,
    verdict,
)
from qc.commands.specimen import make_specimen
from qc.crack.ladder_state import LadderState
from qc.crack.records import Event, StepRecord
from qc.crack.spec import CrackSpec
from qc.crack.start import Trial
from qc.crack.system import CrackSystem
from qc.dislocation.naming import Naming, Slip
from qc.stages import Stopwatch
from tests.qc.commands.small import case, comm, read
from tests.qc.models import material

K_G = 2.0


def step(level, off_plane=0, joined=0):
    return StepRecord(branch="load", K=level * K_G, K_over_KG=level, off_plane_broken=off_plane, new_neighbours=joined)


def event(kind, low, high, branch="load"):
    return Event(kind=kind, branch=branch, bracket=[low * K_G, high * K_G], off_plane_broken=2, new_neighbours=1)


PUT = Trial(K_over_KG=1.0, found="in place", tip_position=-1.01)
MEASURED = replace(PUT, J_over_G=0.988)
RUN = Trial(K_over_KG=1.2, found="run", tip_position=9.7, J_over_G=0.69)
SLIP = Slip(
    plane="(1 1 -1)", burgers="1/6[1 1 2]", b=[-0.55, 1.56, 0.0], length=1.65, theta=-70.5, phi=180.0, at=[6.6, -21.0], distance=22.5,
    bonds=21, residual=0.06, layers=1,
)  # fmt: skip
EMISSION = Naming(kind="emission", slips=[SLIP])
JUDGED = "first state at 1.0000 K_G judged by its tip, -1.010 A,"
STEP_ALONE = "the bracket is that of the load step alone"


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (LadderState(), None),
        (LadderState(steps=[step(1.0)]), None),
        (
            LadderState(steps=[step(1.0), step(1.1)], finished=True, trials=[PUT]),
            f"did not cleave up to 1.100 K_G: no advance of the tip; {JUDGED} alone (no rings for J)",
        ),
        (LadderState(steps=[step(1.0)], finished=True, trials=[RUN], no_start="no K+: it runs"), "no K+: it runs"),
        (
            LadderState(steps=[step(1.0, off_plane=3)], finished=True),
            "did not cleave up to 1.000 K_G: 3 bonds broken off the plane and 0 new neighbours; the first state was not judged",
        ),
        (
            LadderState(
                K_plus_bracket=[1.0 * K_G, 1.1 * K_G], events=[event("advance", 1.0, 1.1)], trials=[RUN, MEASURED]
            ),
            f"cleaved: clean first advance between 1.0000 and 1.1000 K_G; {JUDGED} and J/G 0.988; {STEP_ALONE}",
        ),
        (
            LadderState(events=[event("blunting", 1.2, 1.3)]),
            "did not cleave: the tip blunted between 1.2000 and 1.3000 K_G, with 2 bonds broken off the plane and 1 new neighbours; "
            "the first state was not judged",
        ),
        (
            LadderState(events=[event("off_plane", 1.0, 1.1), replace(event("blunting", 1.2, 1.3), named=EMISSION)]),
            "did not cleave: emission: 1/6[1 1 2] on (1 1 -1) at -70.5 deg, 22.5 A from the tip, between 1.2000 and 1.3000 K_G; "
            "the first state was not judged",
        ),
    ],
)
def test_verdict(state, says):
    assert verdict(state, K_G) == says


def test_the_line_of_a_step():
    """All that tells whether to wait: load in both units, tip, J/G, iterations, what was taken back."""
    record = StepRecord(K=2.4, K_over_KG=1.2, branch="load", tip_position=-0.5, J_over_G=0.991, energy=-1.25, residual=2e-7, rejected=3)
    record.newton_iterations, record.robust_iterations = 4, 2
    assert step_line(record) == (
        "K = 1.20000 K_G (2.40000 MPa m^1/2), tip -0.500 A, J/G 0.991, energy -1.250000 eV, 4 + 2 iterations, force 2.0e-07 eV/A, "
        "3 steps taken back"
    )


def test_brackets():
    assert (middle(None), middle([1.0, 2.0])) == (None, 1.5)
    assert between([1.0, 2.0], K_G) == "between 0.5000 and 1.0000 K_G"


REPORT = {"cluster": "Si26H30", "atoms": 26, "link_atoms": 30, "engine": "gfn1-xtb", "blas": "OpenBLAS", "calls": 7}
REPORT |= {"seconds": 12.4, "moves": []}


def test_the_qm_region_in_a_sentence():
    sentence = "QM region Si26H30 (26 atoms, 30 link atoms) by gfn1-xtb, BLAS OpenBLAS: 7 calls in 12 s"
    assert qm_line(REPORT) == sentence
    assert qm_line(REPORT | {"moves": [{}, {}]}) == f"{sentence}, moved 2 times with the tip"


def test_summary_of_a_ladder():
    griffith = SimpleNamespace(plane="(1 1 0)", cut="widest", front="[0 0 1]", gamma=1.65)
    specimen = SimpleNamespace(
        system=SimpleNamespace(K_G=K_G, griffith=griffith, potential=None),
        material=("real", "fitted to iron"),
        warnings=["not cheap"],
        case=SimpleNamespace(notice=None),
    )
    state = LadderState(
        steps=[step(1.0)],
        events=[event("advance", 1.0, 1.1), event("tip_left_core", 1.1, 1.2)],
        K_plus_bracket=[1.0 * K_G, 1.1 * K_G],
        K_minus_bracket=[0.6 * K_G, 0.7 * K_G],
        trials=[RUN, MEASURED],
    )
    watch = SimpleNamespace(seconds={"solve": 3.2, "halo": 0.3})
    assert summary_lines(specimen, state, watch, REPORT, None, Path("out")) == [
        "K_G 2.0000 MPa m^1/2 (plane (1 1 0), widest, front [0 0 1], gamma 1.6500 J/m^2, relaxed constants)",
        "real material: fitted to iron",
        "warning: not cheap",
        RUN.sentence,
        MEASURED.sentence,
        f"cleaved: clean first advance between 1.0000 and 1.1000 K_G; {JUDGED} and J/G 0.988; {STEP_ALONE}",
        "first closing on unloading between 0.6000 and 0.7000 K_G",
        "tip left core between 1.1000 and 1.2000 K_G (load)",
        qm_line(REPORT),
        "1 steps in 4 s (solve 3 s); results in out",
    ]
    state = LadderState(steps=[step(1.0)])
    assert "no advance of the tip yet" in summary_lines(specimen, state, watch, None, None, Path("out"))


@pytest.mark.mpi
def test_the_document_of_a_ladder_is_what_a_run_writes(whole):
    """Key by key, but for what only a run knows: made from its steps and events, on the same specimen."""
    written = read(whole)
    state = LadderState.from_plain(written | {"trials": written["start"]["trials"]})
    made = json.loads(json.dumps(document(make_specimen(case(), comm), state, Stopwatch(), None)))
    assert list(made) == list(written)
    for key in (
        "verdict",
        "K_plus",
        "steps",
        "events",
        "K_G",
        "n_atoms",
        "n_free_atoms",
        "n_dofs",
        "settings",
        "warnings",
        "material",
    ):
        assert made[key] == written[key], key


def test_what_the_numbers_are_not_is_said():
    """Energies of a dead load that changes with K are not comparable, one of several states is followed, and K_G is that of mode I."""

    def said(method, mode=(1.0, 0.0, 0.0), **changes):
        crystal, potential = material("morse")
        sizes = {"core_radius": 9.0, "blend_width": 5.0, "domain_radius": 26.0, "face_strip": 3.0}
        system = CrackSystem(crystal, potential, CrackSpec(method=method, **(sizes | changes)), mode=mode, comm=MPI.COMM_SELF)
        return notes(system), ladder_entries(LadderState(steps=[StepRecord(K=system.K_G, K_over_KG=1.0, branch="load")]), system)

    sentences, entries = said("bgfc")
    assert sentences[0].startswith("at one load several stable states may exist")
    assert "energies of bgfc under different K are not comparable" in sentences[1]
    assert len(sentences) == 2
    assert entries["steps"][0]["G_over_2gamma"] == pytest.approx(1.0, rel=1e-9)
    sentences, entries = said("bqce", (1.0, 0.5, 0.0))
    assert entries["steps"][0]["G_over_2gamma"] == pytest.approx(1.25, rel=1e-9)  # the sheet is isotropic: (K_I^2 + K_II^2) / E'
    assert "in this mode G/(2 gamma) is 1.2500 at K = K_G and grows as K^2" in sentences[1]
    assert not any("not comparable" in sentence for sentence in sentences)


def test_loads_are_named_in_both_units():
    """K_plus is in MPa m^1/2, the screen in K_G: the document has both."""
    found = ladder_entries(LadderState(K_plus_bracket=[1.0 * K_G, 1.1 * K_G]), SimpleNamespace(K_G=K_G))
    assert (found["K_plus"], found["K_plus_over_KG"]) == pytest.approx((2.1, 1.05))
    assert found["K_plus_bracket_over_KG"] == pytest.approx([1.0, 1.1])
    assert found["K_minus_over_KG"] is found["K_minus_bracket_over_KG"] is None
