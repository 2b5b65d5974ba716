"""The claim about temperature: red for what counts motion twice or not at all, and for potentials it says nothing of."""

import pytest

from qc.coupling import warmth
from qc.patch.claims import heat
from tests.qc.patch.test_suite import records

CLAIM = ("thermal patch test",)


def measured(**words):
    (record,) = records("bgrac", claims=CLAIM, deformations=("identity",), **words)
    return record


@pytest.mark.mpi
def test_green_and_known():
    """Of other code (shared notes, 2-D Morse, larger core): W +0.449, W_T -0.017; weight beta -0.106, and -0.505 all in motion."""
    record = measured(potentials=["morse"])
    assert record.verdict == "pass"
    assert record.numbers["cold"] == pytest.approx(0.449, abs=0.06)
    assert record.numbers["warm"] == pytest.approx(-0.017, abs=0.03)
    assert abs(record.numbers["dead_load"]) < 0.005


def test_red_with_the_weight_of_the_continuum(monkeypatch):
    """Beta shares out the potential energy; motion of the handshake and of the mesh would count twice."""
    monkeypatch.setattr(warmth, "missing_modes", lambda shared, moving: shared.parts.nodes.weight)
    record = measured(potentials=["toy-eam"])
    assert record.verdict == "fail"
    assert record.measured > 5 * record.tolerance
    assert record.numbers["warm_all"] == pytest.approx(-0.5, abs=0.1)


def test_red_without_the_free_energy(monkeypatch):
    """A cold continuum: motion stops, and nothing takes its place."""
    monkeypatch.setattr(warmth, "missing_modes", lambda shared, moving: 1e-9 + 0.0 * shared.parts.nodes.weight)
    record = measured(potentials=["toy-eam"])
    assert record.verdict == "fail"
    assert record.measured == pytest.approx(1.0, abs=0.01)


def test_skipped_where_quasi_harmonic_theory_does_not_hold(monkeypatch):
    monkeypatch.setattr(heat, "ROUGH", 1e-9)
    record = measured(potentials=["toy-eam"])
    assert record.verdict == "skip"
    assert "the polynomial misses" in record.note
