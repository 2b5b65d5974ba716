"""Four cracks under rising load, by all ranks and by one alone: what a run says, displacements and forces by name, to 1e-10.

``make mpi`` takes three ranks and two; five and eight are behind ``slow``.
"""

import subprocess
import sys

import numpy as np
import pytest
from mpi4py import MPI

from qc.case.case import Case
from qc.commands.specimen import make_specimen
from qc.commands.specs import ladder_spec, qm_tip_spec
from qc.crack.ladder import Ladder
from qc.crack.qm_tip import QMSession
from qc.solve.options import SolverOptions
from tests.fuzz.whole import text_of
from tests.programs import ROOT, environment, mpirun
from tests.qc.commands.small import tip_case
from tests.qc.models import wave
from tests.ranks import together_and_alone

SHARP = SolverOptions(force_tolerance=1e-9)
"""Behind a snap displacements agree as far as the state is solved: to 1e-9 A by default."""
TOY = "toy.eam.alloy"
SILICON = {"crystal": {"structure": "diamond", "element": "Si"}, "crack": {"plane": (1, 1, 1), "front": (1, -1, 0)}}
CASES = {
    "sheet, bgfc beside a slit": {
        "crystal": {"structure": "hexagonal", "element": "X"},
        "potential": {"file": "morse", "parameters": {"alpha": 4.0, "cutoff": 1.7, "switch_on": 1.1}},
        "model": {"method": "bgfc", "dimension": 2, "core_radius": 8.0, "blend_width": 4.0, "domain_radius": 22.0, "face_strip": False},
        "load": {"K_start": 1.06, "K_stop": 1.2, "K_step": 0.03, "J_tolerance": 1.0},
    },
    "fcc of a pair functional, bgrac beside strips": {
        "crystal": {"structure": "fcc", "element": "Xx"},
        "potential": {"file": TOY},
        "model": {"method": "bgrac", "core_radius": 11.0, "blend_width": 6.0, "domain_radius": 32.0, "face_strip": True},
        "crack": {"plane": (1, 1, 1), "front": (1, -1, 0)},
        "load": {"K_start": 1.05, "K_stop": 1.07, "K_step": 0.02, "J_tolerance": 1.0},
    },
    "silicon with inner shifts, bgrac beside a slit": SILICON | {
        "potential": {"file": "holland-marder"},
        "model": {"method": "bgrac", "core_radius": 9.0, "blend_width": 6.0, "domain_radius": 32.0, "face_strip": False},
        "load": {"K_start": 1.3, "K_stop": 1.6, "K_step": 0.1, "J_tolerance": 1.0},
    },
}  # fmt: skip
QM = "silicon with a QM tip"
ADVANCES = {*CASES, QM} - {"fcc of a pair functional, bgrac beside strips"}
"""The other is ductile: beyond its two states it breaks down."""


def climbed(case, comm):
    """What a run of a case says, and by name displacements at its end (A) and forces beside it (eV/A)."""
    system, region = make_specimen(case, comm).system, qm_tip_spec(case)
    qm = None if region is None else QMSession(system, region)
    ladder = Ladder(system, ladder_spec(case), SHARP, guide=qm and qm.guide)
    try:
        state, model = ladder.run(), system.model
        said = {name: [getattr(step, name) for step in state.steps] for name in ("K", "energy", "tip_position", "newton_iterations")}
        said["bracket"] = state.K_plus_bracket or ()
        u, q = model.coupling.displacement(ladder.q), ladder.q.copy()
        q.axpy(0.02, wave(model, 3))
        g = q.duplicate()
        model.coupling.energy_gradient(q, g)
    finally:
        if qm is not None:
            qm.close()
    forces = g.array_r.reshape(-1, u.shape[1])
    return said, by_name(comm, model.parts.key, u), by_name(comm, model.parts.key[: len(forces)], forces)


def by_name(comm, key, values):
    """Names and values of the blocks of all ranks, in the order of the names."""
    rows = [np.concatenate(parts) for parts in zip(*comm.allgather((key, values)), strict=True)]
    order = np.lexsort(rows[0].T)
    return rows[0][order], rows[1][order]


@pytest.mark.mpi(min_size=2, also=2)
@pytest.mark.parametrize("name", [*CASES, QM])
def test_a_ladder_does_not_depend_on_the_ranks(name, shared_path, monkeypatch):
    monkeypatch.chdir(shared_path)
    if MPI.COMM_WORLD.rank == 0:
        (shared_path / TOY).write_bytes(text_of("setfl"))
    MPI.COMM_WORLD.barrier()
    case = tip_case("SW", {"K_step": 0.12}) if name == QM else Case.from_dict(CASES[name], name="ranks")
    (many, *fields), (alone, *fields_alone) = together_and_alone(lambda comm: climbed(case, comm))
    assert len(many["K"]) >= 2
    assert bool(many["bracket"]) == (name in ADVANCES)
    for said, expected in alone.items():
        assert many[said] == pytest.approx(expected, rel=1e-10), said
    for (names, values), (names_alone, expected) in zip(fields, fields_alone, strict=True):
        assert (names == names_alone).all()
        assert np.abs(values - expected).max() <= 1e-10 * np.abs(expected).max()


@pytest.mark.slow
@pytest.mark.skipif(MPI.COMM_WORLD.size > 1, reason="starts ranks of its own")
@pytest.mark.parametrize("ranks", [5, 8])
def test_nor_on_many(ranks):
    words = [sys.executable, "tools/mpi_pytest.py", "-q", "-m", "mpi", "tests/qc/commands/test_ranks.py"]
    done = subprocess.run([*mpirun(ranks), *words], cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=3600)
    assert done.returncode == 0, done.stdout
    assert f"{len(CASES) + 1} passed" in done.stdout
