"""Versions of case files: an old one keeps its defaults and is told so, a new one has those of today."""

import pytest

from qc.case.case import Case
from qc.case.version import K_STEP, K_TOLERANCE, NEWEST, ORDER
from qc.errors import InputError

TABLES = {
    "crystal": {"structure": "bcc", "element": "Fe"},
    "potential": {"file": "Fe_mm.eam.fs"},
    "model": {"core_radius": 20.0, "domain_radius": 80.0},
    "crack": {"plane": (1, 1, 0), "front": (0, 0, 1)},
}


def test_a_file_without_a_version_keeps_its_defaults_and_is_told():
    case = Case.from_dict(TABLES)
    assert (case.version, case.model.order, case.model.face_strip) == (1, 1, True)
    assert (case.load.K_step, case.load.K_tolerance, case.load.error_budget) == (0.01, None, False)
    assert case.notice.startswith("the case is of version 1 and leaves model.order, model.face_strip, ")
    assert "load.error_budget, model.blend_width to the defaults" in case.notice
    assert f"version = {NEWEST}" in case.notice


def test_one_that_leaves_nothing_to_them_is_told_nothing():
    load = {"K_start": 1.0, "K_step": 0.02, "K_tolerance": 1e-3, "error_budget": False}
    model = TABLES["model"] | {"order": 2, "face_strip": False, "blend_width": 10.0}
    assert Case.from_dict(TABLES | {"model": model, "load": load}).notice is None


def test_the_newest_has_the_defaults_of_today():
    case = Case.from_dict({"version": NEWEST} | TABLES | {"model": {}})
    assert (case.model.order, case.model.face_strip, case.model.core_radius) == (ORDER, False, None)
    assert (case.load.K_step, case.load.K_tolerance, case.load.error_budget) == (K_STEP, K_TOLERANCE, True)
    assert case.notice is None


@pytest.mark.parametrize("version", [3, True, "2", 2.0, None])
def test_other_versions_are_refused(version):
    with pytest.raises(InputError, match=r"version = .* is not allowed: it must be 1 or 2") as error:
        Case.from_dict({"version": version} | TABLES)
    assert "\n" not in str(error.value)


def test_an_old_file_names_its_sizes():
    with pytest.raises(InputError, match=r"model.core_radius is missing: .* version = 2"):
        Case.from_dict(TABLES | {"model": {"domain_radius": 80.0}})
