"""``qc check``: the model is built and drawn, nothing is run."""

import pytest

from atomistics.potentials.library import find_potential
from qc.case.case import Case
from qc.commands.check import check_case
from qc.commands.griffith import griffith_of_case
from qc.errors import InputError
from qc.material.griffith import griffith
from tests.qc.commands.small import SMALL, STEPS, case, comm, read, tip_case
from tests.qc.models import material


@pytest.mark.mpi
def test_check_builds_and_draws_the_model(whole, folder, capfd):
    """And says what it is at: it is not the first sign of life after seconds, or minutes of a large model."""
    sizes, result = check_case(case(), folder / "seen"), read(whole)
    shown = [line.partition("] ")[2] for line in capfd.readouterr().err.splitlines() if line.startswith("[0:")]
    wanted = ["Griffith load: surface energy, elastic constants", "mesh, atoms and couplings of the model"]
    wanted.append("the Hessian, once, for the time of a step")
    assert [line for line in shown if line in wanted] == (wanted if comm.rank == 0 else [])
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


@pytest.mark.parametrize("tip", [[0.0, 0.5], [0.0, -0.5]])
def test_a_tip_beside_the_gap_is_refused(tip):
    """The check said nothing, and the run cut another row than the one under load."""
    with pytest.raises(InputError, match=r"crack.tip = \[0, -?0.5\] does not lie in the gap that is opened"):
        check_case(Case.from_dict(SMALL | {"crack": {"tip": tip}}))


def test_a_species_that_is_no_chemical_symbol_is_checked_like_any(tmp_path):
    """A setfl whose fourth line calls its iron FeA: check and griffith find the iron that it is."""
    lines = find_potential("Fe_mm.eam.fs").read_text().splitlines()
    assert lines[3].split() == ["1", "Fe"]
    renamed = tmp_path / "renamed.eam.fs"
    renamed.write_text("\n".join([*lines[:3], "1 FeA", *lines[4:]]) + "\n")
    data = {
        "crystal": {"structure": "bcc", "element": "FeA", "a": 2.855325},
        "potential": {"file": str(renamed)},
        "model": {"method": "atomistic", "core_radius": 8.0, "domain_radius": 10.0},
        "crack": {"plane": [1, 1, 0], "front": [0, 0, 1]},
    }
    sizes = check_case(Case.from_dict(data))
    assert any("files for ASE show FeA as Fe" in text for text in sizes["warnings"])
    report = griffith_of_case(Case.from_dict(data), ["(1 1 2) 1/2[1 1 -1]"])
    crystal, potential = material("iron")
    assert report["K_G"] == pytest.approx(griffith(crystal, potential).K_G)
    assert sizes["K_G (MPa m^1/2)"] == pytest.approx(report["K_G"], abs=1e-4)
