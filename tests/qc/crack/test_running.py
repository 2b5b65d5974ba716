"""A crack that runs: as that of all atoms, on any number of ranks, with energies that add up."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from mpi4py import MPI

from qc.crack.crack_speed import arrivals, crack_speed, stands_since
from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.crack.running import RunningCrack
from qc.crack.running_records import RunningSpec
from qc.drive.ledger import KB
from qc.drive.motion import rates
from qc.errors import InputError
from tests.qc.brittle import brittle_sheet
from tests.ranks import together_and_alone

LOOSE = LadderSpec(K_start=1.02, J_tolerance=0.1)


def crack(comm=MPI.COMM_WORLD, spec=None, **changes):
    """At rest under 1.02 K_G, and under its load at once."""
    system = brittle_sheet(comm, **({"domain_radius": 30.0} | changes))
    ladder = Ladder(system, LOOSE)
    rest = ladder.begin()
    return RunningCrack(system, ladder.q, spec or RunningSpec(K=1.3, bonds=9, drift=2.0, time_step=2e-4), rest.K)


def ran(*given, **changes):
    one = crack(*given, **changes)
    while not one.finished:
        one.advance()
    return one


@cache
def one_that_ran():
    return ran(MPI.COMM_SELF)


def test_it_runs_as_that_of_all_atoms():
    """Bond after bond at the same look, though atoms and mesh have moved by three periods meanwhile."""
    coupled, atoms = one_that_ran().state, ran(MPI.COMM_SELF, method="atomistic").state
    (t, x), (t_all, x_all) = arrivals(coupled.records), arrivals(atoms.records)
    assert coupled.offset >= 2.0
    assert x == pytest.approx(x_all, abs=1e-6)
    looks = (t - t_all) / coupled.records[1].time
    assert np.abs(looks).max() <= 1 + 1e-6


def test_energies_add_up_over_moves_of_the_model():
    """The balance stays; what moves change it by is the faces left behind and a part of the field."""
    run = one_that_ran()
    records = run.state.records
    released = records[-1].kinetic_energy + records[-1].dissipated
    assert run.state.moves >= 1
    assert released > 0.5
    assert abs(records[-1].balance - records[0].balance) < 1e-3 * released
    assert records[-1].by_moves < 0 < records[-1].faces


@pytest.mark.mpi
def test_ranks_see_the_same_crack():
    def seen(comm):
        run = ran(comm, RunningSpec(K=1.3, K_rate=8.0, bonds=4, drift=1.0, field="tip", temperature=20.0), method="bgfc")
        last = run.state.records[-1]
        where = [last.time, last.tip_position, last.bonds, last.offset, last.centre]
        return where, [last.kinetic_energy, last.balance, last.work, last.heat]

    (where, energies), (where_alone, energies_alone) = together_and_alone(seen)
    assert where == pytest.approx(where_alone, abs=1e-12)
    assert energies == pytest.approx(energies_alone, abs=1e-9)


def test_a_load_that_rises_within_a_look_is_one_put_on_at_once():
    """The same crack at each look; what the load took is work instead of a start that was given."""
    # no dead load, which is that of the first load; no friction, which goes by the largest frequency at the start
    spec = RunningSpec(K=1.3, bonds=5, drift=2.0, time_step=2e-4, stadium_strength=0.0)
    once, risen = (ran(MPI.COMM_SELF, one, method="bgrac").state.records for one in (spec, replace(spec, K_rate=1e4)))
    assert [r.tip_position for r in risen] == [r.tip_position for r in once]
    assert risen[-1].kinetic_energy == pytest.approx(once[-1].kinetic_energy, rel=1e-8)
    assert once[-1].work == 0.0
    given = once[0].potential_energy - risen[0].potential_energy
    assert given > 1.0
    assert risen[-1].work == pytest.approx(given, rel=1e-9)


def test_under_a_load_that_rises_the_first_bond_breaks_on_the_way():
    run = ran(MPI.COMM_SELF, RunningSpec(K=1.5, K_rate=4.0, bonds=4, drift=2.0))
    records = run.state.records
    load = np.array([r.K_over_KG for r in records])
    assert load[0] == pytest.approx(1.02)
    assert np.diff(load) == pytest.approx(4.0 * np.diff([r.time for r in records]), rel=1e-9)
    first = next(r for r in records if r.bonds > 0)
    assert 1.04 < first.K_over_KG < 1.4
    assert records[-1].time < run.risen
    released = records[-1].kinetic_energy + records[-1].dissipated
    assert abs(records[-1].balance - records[0].balance) < 2e-3 * released


def test_a_crack_that_cleaves_says_so_once():
    events = one_that_ran().state.events
    assert [event.kind for event in events] == ["cleavage"]
    first = next(r for r in one_that_ran().state.records if r.bonds > 0)
    assert events[0].time == first.time


def test_the_flux_of_energy_is_between_the_faces_and_the_load():
    """G of 1.3 K_G is 1.69 x 2 gamma: the tip takes 2 gamma, the waves that it sends and the motion inside the rings the rest."""
    run = ran(MPI.COMM_SELF, RunningSpec(K=1.3, bonds=12, drift=2.0), domain_radius=60.0)
    flux = np.array([r.J for r in run.state.records]) / (2.0 * run.system.griffith.gamma)
    assert flux[0] == pytest.approx(1.69, rel=0.1)  # the tip of the state at rest is behind the centre
    assert 0.9 < flux[len(flux) // 2 :].mean() < 1.5
    assert one_that_ran().state.records[0].J is None  # no ring between handshake and friction


@pytest.mark.mpi
@pytest.mark.parametrize("method", ["atomistic", "bgfc"])
def test_what_is_warm_has_the_kinetic_energy(method):
    """Of all atoms it is the energy of the ledger, n k_B T / 2 each; of atoms and mesh it is the same on any number of ranks."""

    def seen(comm):
        run = crack(comm, method=method)
        run.advance()
        run.warmth.begin()
        run.warmth.add(rates(run.system.model.coupling, run.motion.q, run.motion.velocity))
        kinetic, found = run.motion.ledger().kinetic, run.warmth.gathered(10**6)
        assert run.warmth.gathered(10) is None
        return kinetic, comm.bcast(None if found is None else (len(found[1]), float((KB * found[1]).sum()), float(found[0].max())))

    (kinetic, many), (_, alone) = together_and_alone(seen)
    assert many == pytest.approx(alone, rel=1e-9)
    if method == "atomistic":
        assert many[1] == pytest.approx(kinetic, rel=1e-6)


def test_a_boundary_that_follows_the_tip_does_work_and_a_held_one_none():
    held = one_that_ran().state.records[-1]
    followed = ran(MPI.COMM_SELF, RunningSpec(K=1.3, bonds=9, drift=2.0, field="tip")).state.records[-1]
    assert held.work == 0.0
    assert held.centre == 0.0
    assert followed.work > 0.1
    assert 0.5 * followed.tip_position < followed.centre < followed.tip_position + 1.0


def test_a_load_that_holds_the_crack_breaks_no_bond():
    run = ran(MPI.COMM_SELF, RunningSpec(K=1.03, bonds=9, time=0.03))
    assert run.bonds == 0
    assert run.state.ended is None
    assert stands_since(run.state.records) == 0.0


@pytest.mark.parametrize(
    ("spec", "changes", "said"),
    [
        ({"stadium_start": 5.0}, {}, "dynamics.stadium_start = 5 A is not allowed: friction begins outside the core"),
        ({"stadium_start": 40.0}, {}, "a number from 8 and below 30 is expected"),
        ({"temperature": 300.0, "stadium_strength": 0.0}, {}, "noise acts where there is friction, so it must be > 0"),
        ({"time_step": 1.0}, {}, "time_step = 1 ps is too large: the largest allowed is"),
        ({}, {"face_strip": False}, "model.face_strip = false is not allowed"),
    ],
)
def test_what_does_not_fit_is_one_sentence(spec, changes, said):
    with pytest.raises(InputError, match=said):
        crack(MPI.COMM_SELF, RunningSpec(K=1.3, **spec), **changes)


def test_settings_are_those_of_the_case_file():
    with pytest.raises(InputError, match=r"dynamics.bonds = 0 is not allowed: it must be a whole number from 1"):
        RunningSpec(K=1.3, bonds=0)


def looks(times, tips):
    """Records of a crack that was seen at these places."""
    first = one_that_ran().state.records[0]
    return [replace(first, time=float(t), tip_position=float(x)) for t, x in zip(times, tips, strict=True)]


def test_speed_of_a_staircase_is_that_of_its_corners():
    times = np.linspace(0.0, 10.0, 501)
    steady = crack_speed(looks(times, np.floor(2.0 * times)))
    assert steady.value == pytest.approx(2.0, rel=1e-2)
    assert steady.spread < 0.02
    faster = crack_speed(looks(times, np.floor(0.2 * times**2)))
    assert faster.spread > 0.05 * faster.value
    assert crack_speed(looks(times, np.floor(2.0 * times)), until=2.0) is None


def test_a_crack_that_stands_has_no_speed():
    times = np.linspace(0.0, 10.0, 501)
    records = looks(times, np.minimum(np.floor(4.0 * times), 12.0))
    assert stands_since(records) == pytest.approx(3.0, abs=0.03)
    assert crack_speed(records) is None
    assert stands_since(records, until=3.2) is None
