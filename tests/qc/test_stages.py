"""Seconds by stage: what runs inside another stage is not counted twice, and PETSc knows the names."""

import time

import pytest
from mpi4py import MPI
from petsc4py import PETSc

from qc.stages import Stopwatch, stage


def test_the_innermost_stage_counts():
    watch = Stopwatch()
    begin = time.perf_counter()
    with stage("outer"):
        time.sleep(0.02)
        with stage("inner"):
            time.sleep(0.05)
        with stage("inner"):
            time.sleep(0.01)
    whole = time.perf_counter() - begin
    assert watch.seconds["inner"] >= 0.06
    assert watch.seconds["outer"] >= 0.02
    assert sum(watch.seconds.values()) == pytest.approx(whole, abs=2e-3)


def test_a_watch_counts_from_where_it_was_made():
    with stage("before"):
        pass
    watch = Stopwatch()
    assert watch.seconds == {}
    watch.go_on({"before": 2.0, "solve": 1.0})
    with stage("solve"):
        time.sleep(0.01)
    assert watch.seconds["before"] == 2.0
    assert 1.01 <= watch.seconds["solve"] < 2.0


def test_seconds_of_all_processors_go_on_with_those_of_the_run_before():
    watch = Stopwatch()
    watch.go_on({}, 5.0)
    end = time.process_time() + 0.02
    while time.process_time() < end:
        pass
    watch.compare(MPI.COMM_SELF)
    assert 5.02 <= watch.cpu_seconds < 6.0
    assert watch.plain()["cpu_seconds"] == pytest.approx(watch.cpu_seconds, abs=1e-3)


def test_a_stage_ends_with_an_error():
    watch = Stopwatch()
    with pytest.raises(ZeroDivisionError), stage("outer"), stage("failing"):
        raise ZeroDivisionError
    before = watch.seconds
    time.sleep(0.01)
    assert watch.seconds == before


def test_petsc_logs_the_stages_by_name():
    PETSc.Log.begin()
    x = PETSc.Vec().createSeq(10)
    with stage("halo"):
        x.dot(x)
    assert PETSc.Log.Stage("qc halo").getName() == "qc halo"
    assert PETSc.Log.Event("VecDot").getPerfInfo(PETSc.Log.Stage("qc halo").id)["count"] == 1
