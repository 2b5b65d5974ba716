"""Fronts with kinks: relaxed out of straight ones, judged by LAMMPS, the same on any number of ranks; the measured energies."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.crack.front_states import FrontRecord, FrontStates
from qc.crack.replicate import Replica, one_period
from qc.crack.straight_front import straight_fronts
from qc.errors import ConvergenceError, InputError
from tests.lammps_engine import needs_lammps
from tests.qc.crack.fronts import COLUMN, SMALL, coupled_front, lammps, silicon_front
from tests.ranks import together_and_alone

LEVEL = 1.1


def states_of(many, level=LEVEL):
    one = one_period(many)
    straight, ends = straight_fronts(one, level)
    return straight, FrontStates(Replica(one, many), level, ends[:2])


@pytest.fixture(scope="module")
def small():
    """Four periods of a disc of 15 A."""
    return states_of(silicon_front(4, MPI.COMM_SELF))


@needs_lammps
def test_lammps_finds_the_kinks_relaxed(small, tmp_path):
    """All atoms: no force on any free one, and the energies of straight and kinked front differ as here."""
    _, states = small
    system = states.system
    straight, _, _ = lammps(system, states._replica.unknowns(states._before), tmp_path)
    record, _ = states.relax((0,))
    energy, forces, free = lammps(system, states.q, tmp_path)
    assert np.abs(forces[free]).max() < 2e-6
    assert np.abs(forces[~free]).max() > 1e-3
    assert energy - straight == pytest.approx(record.energy, abs=1e-6)


def test_straight_fronts_are_a_column_apart(small):
    straight, states = small
    assert [front.a for front in straight] == pytest.approx([-0.5 * COLUMN, 0.5 * COLUMN, 1.5 * COLUMN], abs=1e-3)
    energies = [4 * front.energy for front in straight[:2]]
    assert states.energies == pytest.approx(energies, abs=1e-8)


def test_a_pair_of_kinks(small):
    """Periods 1 and 2 ahead: kept, symmetric, a kink above the chord, and narrow: bonds beyond are as in the straight front."""
    _, states = small
    record, front = states.relax((1, 2))
    assert (record.found, record.kept) == (True, True)
    assert record.advance == record.heights == [0, 1, 1, 0]
    assert [step for _, step in record.kinks] == [kink.step for kink in front.kinks] == [1, -1]
    assert record.stretch == pytest.approx(record.stretch[::-1], abs=1e-5)
    assert record.stretch[0] < 1.3 < 1.6 < record.stretch[1]
    dE = states.energies[1] - states.energies[0]
    assert record.pair_energy == pytest.approx(record.energy - 0.5 * dE)
    assert FrontRecord.from_plain(record.plain()) == record


def test_where_the_kinks_stand_does_not_matter(small):
    """The crystal has the period: the same pair round the end has the same energy."""
    _, states = small
    found = [states.relax(periods)[0].energy for periods in ((1, 2), (0, 3))]
    assert found[0] == pytest.approx(found[1], abs=1e-6)


def test_kinks_that_are_not_trapped_run(small):
    """At 1.2 K_G two single periods join in an advance of all: no pair energy is told."""
    _, states = states_of(small[1].system, 1.2)
    record, _ = states.relax((1, 3))
    assert (record.found, record.kept, record.pair_energy) == (True, False, None)
    assert record.advance == [1, 1, 1, 1]
    assert record.energy == pytest.approx(states.energies[1] - states.energies[0], abs=1e-6)


@pytest.mark.mpi(min_size=2)
def test_ranks_agree():
    def work(comm):
        _, states = states_of(coupled_front(2, comm, **SMALL))
        record, _ = states.relax((1,))
        return record.plain()

    many, alone = together_and_alone(work)
    for name in ("energy", "pair_energy", "stretch"):
        assert many.pop(name) == pytest.approx(alone.pop(name), abs=1e-6)
    assert {n: many[n] for n in ("kept", "heights", "kinks", "a")} == {n: alone[n] for n in ("kept", "heights", "kinks", "a")}


def test_a_load_that_closes_the_crack_is_refused():
    with pytest.raises(ConvergenceError, match=r"a straight front put at x = .* A at 0.5 K_G: there is nothing that kinks"):
        straight_fronts(silicon_front(1, MPI.COMM_SELF), 0.5)


@pytest.mark.parametrize(
    ("periods", "method", "said"), [(1, "atomistic", "no room for kinks"), (2, "bqcf", "has no energy"), (2, "continuum", "has no atoms")]
)
def test_models_without_kinks_are_refused(periods, method, said):
    system = (silicon_front if method == "atomistic" else coupled_front)(periods, MPI.COMM_SELF, method=method)
    with pytest.raises(InputError, match=said):
        FrontStates(Replica(system, system), LEVEL, [])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("periods", "core", "radius", "method", "energy"),
    [
        (6, 12.0, 30.0, "atomistic", 1.0005),
        (6, 12.0, 30.0, "bgfc", 1.0412),
        (8, 16.0, 40.0, "atomistic", 1.1904),
        (8, 16.0, 40.0, "bgfc", 1.2253),
    ],
)
def test_measured_pairs(periods, core, radius, method, energy):
    """Half the front ahead at 1.1 K_G (docs/fronts.md): with a core of half its length the coupled model is 4 % too dear at most."""
    system = silicon_front(periods, method=method, core_radius=core, blend_width=6.0, domain_radius=radius)
    _, states = states_of(system)
    first = (periods - periods // 2) // 2
    record, _ = states.relax(range(first, first + periods // 2))
    assert record.pair_energy == pytest.approx(energy, abs=2e-4)
