"""What the drives ask of a loaded model, and that a crack system has it."""

import numpy as np
import pytest

from qc.drive.loaded import Loaded
from tests.qc.brittle import brittle_sheet


def members(protocol: type) -> set[str]:
    return {name for name in (*vars(protocol), *protocol.__annotations__) if not name.startswith("_")}


def test_a_crack_system_is_a_loaded_model():
    system = brittle_sheet()
    assert members(Loaded) == {"model", "K_G", "imposed_displacement", "imposed_rate", "load", "start"}
    assert all(hasattr(system, name) for name in members(Loaded))
    once, twice = (system.imposed_displacement(K) for K in (0.5 * system.K_G, system.K_G))
    assert twice == pytest.approx(2 * once)
    q = system.start(system.K_G)
    assert q.array_r == pytest.approx(twice[: system.model.parts.layout.n_free].ravel())
    assert np.abs(once).max() > 0
