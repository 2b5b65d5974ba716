"""Potentials matched to an engine's constants."""

import numpy as np
import pytest

from atomistics import Crystal, load_potential
from atomistics.potentials.stillinger_weber import COSTHETA0, LAMBDA
from qc.errors import InputError
from qc.qm.budget import Elasticity, engine_elasticity, potential_elasticity
from qc.qm.engine.spec import EngineSpec
from qc.qm.match import matched_stillinger_weber, sw_text


def written(values, path, element="Si"):
    path.write_text(sw_text(element, values))
    return potential_elasticity(Crystal.diamond(element), load_potential(path))


def test_matching_finds_a_potential_of_the_same_form(found, tmp_path):
    """Holland-Marder silicon is Stillinger-Weber with lambda = 42 at the same angle."""
    exact = potential_elasticity(Crystal.diamond("Si"), load_potential("holland-marder"))
    values = matched_stillinger_weber(exact)
    assert values[LAMBDA] == pytest.approx(42.0, rel=1e-6)
    assert values[COSTHETA0] == pytest.approx(-1 / 3, abs=1e-6)
    matched = written(matched_stillinger_weber(found), tmp_path / "matched.sw")
    for name in ("a0", "C11", "C12", "C44"):
        assert getattr(matched, name) == pytest.approx(getattr(found, name), rel=1e-6), name


@pytest.mark.parametrize(
    "target",
    [
        Elasticity(a0=5.622, C11=118.2, C12=57.4, C44=60.0, C44_clamped=np.nan),  # GFN1-xTB
        Elasticity(a0=5.431, C11=165.7, C12=63.9, C44=79.6, C44_clamped=np.nan),  # silicon
        Elasticity(a0=5.658, C11=128.4, C12=48.2, C44=66.7, C44_clamped=np.nan),  # germanium
        Elasticity(a0=5.6, C11=120.0, C12=40.0, C44=30.0, C44_clamped=np.nan),  # weak in shear
    ],
)
def test_the_full_elastic_tensor_is_matched(target, tmp_path):
    matched = written(matched_stillinger_weber(target), tmp_path / "matched.sw")
    for name in ("a0", "C11", "C12", "C44"):
        assert getattr(matched, name) == pytest.approx(getattr(target, name), rel=1e-6), name


def test_constants_out_of_reach_of_the_form_are_refused():
    with pytest.raises(
        InputError, match=r"no potential of Stillinger and Weber's form has a0 = 5\.4 A, C = 100 / 50 / 200 GPa"
    ):
        matched_stillinger_weber(Elasticity(a0=5.4, C11=100.0, C12=50.0, C44=200.0, C44_clamped=np.nan))


def test_other_crystals_are_refused():
    with pytest.raises(InputError, match="cubic crystals"):
        engine_elasticity(EngineSpec(engine="ase:tests.qc.site_engines.Stiff"), Crystal.hcp("Si", 3.0))
