"""``qc check``: the model is built and drawn, nothing is run."""

import pytest

from qc.commands.check import check_case
from qc.errors import InputError
from tests.qc.commands.small import STEPS, case, read, tip_case


@pytest.mark.mpi
def test_check_builds_and_draws_the_model(whole, folder):
    sizes, result = check_case(case(), folder / "seen"), read(whole)
    assert (sizes["atoms"], sizes["unknowns"]) == (result["n_atoms"], result["n_dofs"])
    assert sizes["K_G (MPa m^1/2)"] == pytest.approx(result["K_G"], abs=1e-4)
    assert sizes["ladder steps at most"] == STEPS
    assert 0 < sizes["memory to expect (GiB)"] < 1
    assert [p.name for p in (folder / "seen").iterdir()] == ["model.png"]


@pytest.mark.mpi
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"model": {"front_periods": 1}}, r"front_periods = \d"),
        ({"model": {"method": "bgrac", "domain_radius": 60.0}, "radius": 8.0}, "handshake|core_radius"),
        ({"engine": "Capped", "caps": True, "charge": 1}, "odd|spin"),
    ],
)
def test_regions_that_do_not_fit(changes, says):
    """One sentence, before any work."""
    with pytest.raises(InputError, match=says):
        check_case(tip_case(**{"engine": "Stiff"} | changes))
