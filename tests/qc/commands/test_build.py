"""From a case to crystal, sizes and model: what is left out is filled in."""

import logging

import pytest
from mpi4py import MPI

from qc.case.case import Case
from qc.commands import build
from qc.commands.build import crack_spec, make_crystal, make_system
from qc.commands.potential import load_potential_of
from qc.errors import InputError
from qc.terms.reconstruction import ReconstructionError
from tests.qc.commands.small import SMALL, case
from tests.qc.crack.test_user_mesh import DISC
from tests.qc.crack.test_user_mesh import case as iron_on_a_mesh

SILICON = {
    "crystal": {"structure": "diamond", "element": "Si"},
    "potential": {"file": "holland-marder"},
    "model": {"core_radius": 15.0, "domain_radius": 60.0},
    "crack": {"plane": [1, 1, 1], "front": [1, -1, 0]},
}


def spec_of(data):
    case = Case.from_dict(data)
    potential = load_potential_of(case)
    crystal = make_crystal(case, potential)
    return crystal, crack_spec(case, crystal, potential)


def test_what_is_left_out_depends_on_the_crystal():
    crystal, spec = spec_of(SILICON)
    assert crystal.a == pytest.approx(5.4310, abs=1e-3)  # at rest
    assert spec.blend_width == pytest.approx(8.0 * crystal.nearest_neighbour_distance)
    assert spec.face_strip > 0
    assert spec_of(SILICON | {"model": SILICON["model"] | {"face_strip": False}})[1].face_strip == 0.0
    assert spec_of(SILICON | {"model": SILICON["model"] | {"method": "continuum"}})[1].face_strip == 0.0


def test_the_default_method_reconstructs_where_that_can_be_expected():
    assert spec_of(SILICON)[1].method == "bgrac"
    compound = {"crystal": {"structure": "zincblende", "elements": ["Si", "C"]}, "potential": {"file": "tersoff-t3"}}
    assert spec_of(SILICON | compound)[1].method == "bgfc"  # no inversion symmetry
    assert (
        spec_of(SILICON | compound | {"model": SILICON["model"] | {"method": "bgrac"}})[1].method == "bgrac"
    )  # as asked for


def test_an_unknown_cut_is_an_error_of_the_case():
    with pytest.raises(InputError, match=r"crack\.cut = 2 is not a gap"):
        make_system(Case.from_dict(SILICON | {"crack": SILICON["crack"] | {"cut": 2}}), MPI.COMM_SELF)


def test_a_case_whose_mesh_is_closed_is_refused():
    with pytest.raises(InputError, match="joins the two faces of the crack"):
        make_system(iron_on_a_mesh(DISC), MPI.COMM_WORLD)


def test_the_default_gives_way_where_there_is_no_reconstruction(monkeypatch, caplog):
    """A default becomes bgfc with a warning; what is asked for by name fails."""
    real = build.CrackSystem

    def refusing(crystal, potential, spec, **more):
        if spec.method == "bgrac":
            raise ReconstructionError("no multipliers")
        return real(crystal, potential, spec, **more)

    monkeypatch.setattr(build, "CrackSystem", refusing)
    with caplog.at_level(logging.WARNING, "qc"):
        assert make_system(case(), MPI.COMM_SELF).spec.method == "bgfc"
    assert "model.method is bgfc: no multipliers" in caplog.text
    with pytest.raises((InputError, ReconstructionError), match="no multipliers"):
        make_system(Case.from_dict(SMALL | {"model": SMALL["model"] | {"method": "bgrac"}}), MPI.COMM_SELF)
