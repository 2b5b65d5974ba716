"""A window on a state, drawn off the screen."""

from types import SimpleNamespace

import matplotlib.image
import numpy as np
import pytest

from qc.crack.records import StepRecord
from qc.errors import InputError
from qc.output.fields import FieldSeries
from qc.output.files import write_json
from qc.output.states import write_frame
from qc.report.scenes import scenes
from qc.report.source import read_source
from qc.report.window import show
from tests.qc.models import deform, general, shared_model

RECORD = StepRecord(K=0.5, K_over_KG=1.0, branch="load", tip_position=0.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One state of a sheet under strain, as a run leaves it."""
    path = tmp_path_factory.mktemp("state")
    m = shared_model("morse", "bgfc")
    q = deform(m, general(m.crystal))
    series = FieldSeries(path, m)
    series.write(q, 0)
    series.close()
    system = SimpleNamespace(model=m, crystal=m.crystal)
    ladder = SimpleNamespace(system=system, q=q, state=SimpleNamespace(offset=0.0, steps=[RECORD]))
    write_frame(path, ladder, RECORD)
    write_json(path / "result.json", {"case": "sheet", "steps": [RECORD.plain()], "lattice_constant": 1.0})
    return path


def test_mesh_and_atoms_are_drawn(folder, tmp_path):
    pytest.importorskip("pyvista")
    show(folder, picture=tmp_path / "view.png")
    image = matplotlib.image.imread(tmp_path / "view.png")[..., :3]
    for half in (image[:, :800], image[:, 800:]):
        assert np.ptp(half.std(2)) > 0.05  # coloured
    with pytest.raises(InputError, match=r"has no state 3: the states are numbered from 0 to 0"):
        show(folder, number=3, picture=tmp_path / "none.png")


def test_scenes_hold_the_stress_of_the_files(folder):
    """The mean of the mesh is the uniform stress, that of atoms det F times as much; all coordinates are finite."""
    m = shared_model("morse", "bgfc")
    F = general(m.crystal)
    expected = 160.21766208 * (m.material.stress(F[None])[0] @ F.T)[1, 1] / np.linalg.det(F)
    atoms, mesh = scenes(read_source(folder))
    assert mesh["data"][0]["intensity"] == pytest.approx([expected] * len(mesh["data"][0]["i"]), abs=1e-3)
    known = np.array([c for c in atoms["data"][0]["marker"]["color"] if c is not None])
    assert np.median(known) == pytest.approx(expected * np.linalg.det(F), abs=1e-3)
    corners = np.array([mesh["data"][0][name] for name in "ijk"])
    assert corners.max() < len(mesh["data"][0]["x"])
