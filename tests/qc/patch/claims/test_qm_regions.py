"""QM regions of the claims: made once a test and radius, in a core that holds them."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.commands.patch import PatchOptions, plan
from qc.patch.claims.qm_regions import SMALL, capped_region, measured, model_round
from qc.patch.model import PatchTest


@pytest.fixture(scope="module")
def silicon_test():
    words = PatchOptions(methods=["bgfc"], crystals=["diamond:Si"], potentials=["stillinger-weber"], dimensions=["2.5"])
    setup = next(job.setup for job in plan(MPI.COMM_WORLD, words) if job.setup.shifts == "relaxed")
    return PatchTest(setup, "bgfc", comm=MPI.COMM_WORLD)


@pytest.mark.mpi
def test_a_region_is_kept(silicon_test):
    qm = capped_region(silicon_test, SMALL, zero=True)
    assert qm is capped_region(silicon_test, SMALL, zero=True)
    assert qm.cluster.formula == "Si16H24"
    found = measured(qm, lambda evaluation: evaluation(evaluation.cluster.X).E_qm)
    assert found == (None if qm.evaluation is None else 0.0)


@pytest.mark.mpi
def test_the_core_holds_the_region_and_the_front_is_longer(silicon_test):
    setup = silicon_test.setup
    model = model_round(silicon_test, np.eye(3), SMALL, caps=True)
    assert model.spec.core.radius >= (SMALL + 1.0) * setup.nn
    assert model.thickness >= 2 * SMALL * setup.nn
