"""The three layers in one picture."""

import pytest
from mpi4py import MPI

from qc.commands.build import make_system
from qc.commands.specs import qm_tip_spec
from qc.crack.qm_tip import QMSession
from qc.output.qm_layers import draw_layers
from tests.qc.commands.small import tip_case


@pytest.mark.mpi
def test_the_cluster_is_drawn_in_its_surroundings(shared_path):
    case = tip_case("Stiff")
    system = make_system(case, MPI.COMM_WORLD)
    session = QMSession(system, qm_tip_spec(case))
    try:
        draw_layers(shared_path / "qm.png", system, session.qm, "tip")
    finally:
        session.close()
    MPI.COMM_WORLD.barrier()
    assert (shared_path / "qm.png").stat().st_size > 20_000
