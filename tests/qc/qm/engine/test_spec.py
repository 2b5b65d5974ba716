"""Settings and names of engines."""

import pytest

from qc.qm.engine.spec import EngineSpec, installed


def test_retries_change_mixing_then_accuracy_but_only_of_xtb():
    xtb, other = EngineSpec(engine="gfn1-xtb", parameters={"accuracy": 0.5}), EngineSpec(engine="gpaw")
    assert [xtb.attempt(k) for k in (0, 1)] == [{}, {}]
    assert "mixer_damping" in xtb.attempt(2)
    assert xtb.attempt(3)["accuracy"] == 5.0
    assert other.attempt(3) == {}


def test_installed_tells_without_importing():
    assert installed("ase:tests.qc.site_engines.SW")
    assert not installed("ase:nowhere.Class")


@pytest.mark.parametrize("name", ["dftb", "ase:Class", "ase:", "gfn0-xtb"])
def test_names_of_engines(name):
    with pytest.raises(ValueError, match="is not known"):
        EngineSpec(engine=name)
