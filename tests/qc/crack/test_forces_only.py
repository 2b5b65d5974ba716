"""Ladders of a crack with the forces of a calculator: how many calls they take, and the native potential's states."""

import importlib.util

import numpy as np
import pytest

from atomistics import Crystal, ForcesOnly, equilibrium_lattice_constant, load_potential
from atomistics.potentials.library import find_potential
from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from qc.material.twin import matched_twin
from qc.solve.options import SolverOptions
from tests.lammps_engine import LammpsCalculator, needs_lammps
from tests.qc.forces_only import sheet

MOST = 60
"""Calls that a ladder of ten steps may take."""


def ladder(crystal, potential, sizes, **load):
    spec = CrackSpec(method="bqcf", face_strip=0.0, order=1, **sizes)
    system = CrackSystem(crystal, potential, spec, K_check=load["K_start"])
    found = LadderSpec(J_tolerance=1.0, stop_at="K_stop", K_tolerance=None, **load)
    return Ladder(system, found, SolverOptions(force_tolerance=1e-5))


def test_ten_steps_take_few_calls_and_lead_to_the_native_states():
    """The opening of the tip bond, by a tenth of its length, to 3e-3; the continuum is a table beside the exact one."""
    crystal, real, potential = sheet()
    sizes = {"core_radius": 5.0, "blend_width": 3.0, "domain_radius": 13.0}
    load = {"K_start": 1.04, "K_stop": 1.0601, "K_step": 0.002}
    states = [ladder(crystal, p, sizes, **load).run() for p in (real, potential)]
    native, found = ([step.tip_stretch for step in state.steps] for state in states)
    assert len(found) == len(native) == 11
    np.testing.assert_allclose(found, native, atol=3e-3)
    assert potential.calls.atoms <= MOST


def molybdenum(potential):
    crystal = Crystal.bcc("Mo", 3.16)
    return crystal.with_lattice_constant(equilibrium_lattice_constant(crystal, potential)).oriented((1, 0, 0), (0, 0, 1))


@pytest.mark.slow
@needs_lammps
def test_snap_by_lammps_takes_few_calls():
    """A machine-learned potential with a twin made by `qc match`: ten steps beyond the first state, which is found from the bare field."""
    native = load_potential("Mo_Chen_PRM2017.snap")
    script = str(find_potential("Mo_Chen_PRM2017.snap"))
    outside = ForcesOnly(LammpsCalculator("include", script, ["Mo"]), ("Mo",), 2 * native.cutoff)
    outside.twin = _twin(outside)
    sizes = {"core_radius": 12.0, "blend_width": 10.0, "domain_radius": 60.0}
    walk, calls = ladder(molybdenum(native), outside, sizes, K_start=0.9, K_stop=0.9501, K_step=0.005), list[int]()
    steps = walk.run(lambda ladder, record: calls.append(outside.calls.atoms)).steps
    assert len(steps) == 11
    assert calls[-1] - calls[0] <= MOST
    assert all(step.residual < 1e-5 for step in steps)


def _twin(outside):
    from atomistics import SnapPotential

    return SnapPotential(matched_twin(outside, Crystal.bcc("Mo", 3.16)).file)


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("chgnet") is None, reason="chgnet (with torch) is not installed: it is in no lock file")
def test_a_message_passing_network_has_no_ghost_force_and_takes_few_calls():
    """CHGNet's own weights, iron without spin polarisation: forces of single precision."""
    from chgnet.model.dynamics import CHGNetCalculator

    reach = 2 * 4 * 6.0
    outside = ForcesOnly(CHGNetCalculator(use_device="cpu"), ("Al",), reach, precision=1e-4)
    outside.twin = _twin_of_aluminium(outside)
    crystal = Crystal.fcc("Al", 4.04)
    crystal = crystal.with_lattice_constant(equilibrium_lattice_constant(crystal, outside)).oriented((1, 1, 1), (1, 1, -2))
    sizes = {"core_radius": 10.0, "blend_width": 25.0, "domain_radius": 120.0}
    walk = ladder(crystal, outside, sizes, K_start=0.6, K_stop=0.7001, K_step=0.01)
    walk.solver.options = SolverOptions(force_tolerance=5e-4)
    assert len(walk.run().steps) == 11
    assert outside.calls.atoms <= MOST


def _twin_of_aluminium(outside):
    from atomistics import SnapPotential

    return SnapPotential(matched_twin(outside, Crystal.fcc("Al", 4.04)).file)
