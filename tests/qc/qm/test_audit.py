"""The audit of an engine: passed by potentials in its place, failed by one that returns zero."""

import numpy as np
import pytest

from qc.qm.audit import audit_engine
from tests.qc.qm.test_region import region


@pytest.mark.mpi
def test_an_engine_that_always_returns_zero_fails_the_audit(ball):
    shift = np.array([0.0, 0.0, ball.step])
    for name, allowed in (("Zero", False), ("Stiff", True), ("Capped", True)):
        qm = region(ball, name)
        if qm.evaluation is None:
            continue
        checks = audit_engine(qm.evaluation, shift)
        failed = [str(check) for check in checks if not check.passed]
        assert (not failed) == allowed, failed
        if name == "Zero":
            assert len(failed) >= 3
