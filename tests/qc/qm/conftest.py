"""Models and numbers that several tests of the room use, made once a session."""

import pytest

from atomistics import Crystal
from qc.qm.budget import engine_elasticity
from qc.qm.engine.spec import EngineSpec
from tests.qc.qm_models import Ball


@pytest.fixture(scope="session")
def ball():
    """A ball of silicon."""
    return Ball()


@pytest.fixture(scope="session")
def found():
    """Elasticity of a classical engine, Holland-Marder silicon."""
    engine = EngineSpec(engine="ase:tests.qc.site_engines.Stiff")
    return engine_elasticity(engine, Crystal.diamond("Si", 5.40), cells=1)
