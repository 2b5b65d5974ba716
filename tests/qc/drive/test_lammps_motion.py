"""A disc of atoms in motion against LAMMPS' NVE, atom by atom."""

import pytest

from benchmarks import trajectory
from tests.lammps_engine import needs_lammps


@needs_lammps
@pytest.mark.parametrize("subject", trajectory.SUBJECTS[::2], ids=lambda subject: subject.name)
def test_the_trajectory_is_that_of_lammps(subject):
    """After 200 steps from displacements of 0.1 A a component: positions to 1e-6 A, energies to 1e-6 eV."""
    (seen,) = trajectory.compared(subject, trajectory.started(subject), (200,))
    assert seen.moved > 0.1
    assert seen.kinetic[0] > 0.1
    assert seen.difference < 1e-6
    assert seen.kinetic[0] == pytest.approx(seen.kinetic[1], abs=1e-6)
    assert seen.potential[0] == pytest.approx(seen.potential[1], abs=1e-6)
