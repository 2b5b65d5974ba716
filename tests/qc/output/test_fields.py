"""Fields on the mesh: stress in cells and of atoms is Cauchy and Born's under a uniform deformation; the series and its readers."""

import gc
import weakref
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
from mpi4py import MPI

from fem.cauchy_born import GPA, VOIGT
from qc.output.fields import FieldSeries, read_fields
from qc.output.states import ordered_atoms
from tests.qc.models import deform, general, shared_model

comm = MPI.COMM_WORLD


def stress_of_cells(series):
    """(n, 3, 3) stress and (n,) bool where there is a continuum, of this rank's own cells, GPa."""
    n = series.model.domain.mesh.topology.index_map(2).size_local
    return series._stress.x.array.reshape(-1, 3, 3)[:n], series._there.x.array[:n] > 0


@pytest.mark.mpi
@pytest.mark.parametrize(
    ("material", "method"),
    [("morse", "bgfc"), ("iron", "bgrac"), ("iron", "bqcf"), ("stillinger-weber", "bgfc")],
)
def test_stress_of_a_uniform_deformation(shared_path, material, method):
    """Cells carry P F^T / det F, and atoms, in the handshake too, det F times as much, as a mean over a cell of the crystal."""
    m = shared_model(material, method)
    F = general(m.crystal)
    q = deform(m, F)
    series = FieldSeries(shared_path, m)
    series.write(q, 0)
    series.close()
    expected = GPA * m.material.stress(F[None])[0] @ F.T / np.linalg.det(F)
    assert np.abs(expected).max() > 1.0
    cells, there = stress_of_cells(series)
    assert cells[there] == pytest.approx(np.broadcast_to(expected, cells[there].shape), abs=1e-7)
    assert (cells[~there] == 0.0).all()
    frame = ordered_atoms(SimpleNamespace(model=m), q)
    whole = {name: np.concatenate(comm.allgather(frame[name])) for name in ("virial_stress", "weight", "species")}
    mixed = (whole["weight"] > 0) & (whole["weight"] < 1)
    assert mixed.any()
    assert np.isfinite(whole["virial_stress"][whole["weight"] > 0]).all()
    voigt = np.linalg.det(F) * np.array([expected[i, j] for i, j in VOIGT])
    kinds = range(len(m.crystal.species))
    for some in (mixed, whole["weight"] == 1):
        mean = np.mean([whole["virial_stress"][some & (whole["species"] == k)].mean(0) for k in kinds], axis=0)
        assert mean == pytest.approx(voigt, abs=1e-7)


@pytest.mark.mpi
def test_a_series_that_is_gone_on_with(shared_path):
    """States after the one that a resumed run begins with are dropped, one written again takes its place; pyvista reads the last one."""
    pyvista = pytest.importorskip("pyvista")
    m = shared_model("morse", "bgfc")
    F = general(m.crystal)
    series = FieldSeries(shared_path, m)
    for number in range(3):
        series.write(deform(m, np.eye(3) + number * (F - np.eye(3))), number)
    series.close()
    later = FieldSeries(shared_path, m)
    later.write(deform(m, np.eye(3)), 1)
    later.write(deform(m, F), 1)
    later.close()
    comm.barrier()
    entries = ElementTree.parse(shared_path / "fields.pvd").iter("DataSet")
    assert [entry.get("timestep") for entry in entries] == ["0", "1"]
    assert {p.name for p in shared_path.iterdir()} == {"fields", "fields.pvd", "fields.bp", "fields-00001.bp"}
    sizes = [(shared_path / name / "md.idx").stat().st_size for name in ("fields.bp", "fields-00001.bp")]
    assert sizes[0] > sizes[1] > 0
    reader = pyvista.get_reader(shared_path / "fields.pvd")
    reader.set_active_time_value(1.0)
    grid = reader.read()[0]
    kept = np.asarray(grid.cell_data["vtkGhostType"]) == 0  # the others are another rank's
    n = comm.allreduce(m.domain.mesh.topology.index_map(2).size_local)
    assert kept.sum() == n
    own = kept & (np.asarray(grid["continuum"]) > 0)
    there = grid.extract_cells(own)
    X = np.asarray(there.points)[:, :2]
    assert np.asarray(there["displacement"])[:, :2] == pytest.approx(X @ (F - np.eye(3))[:2, :2].T, abs=1e-6)
    back = read_fields(shared_path)  # the last one of the series, not the one that was dropped
    assert len(back["cells"]) == n
    assert back["stress"][back["continuum"] > 0] == pytest.approx(np.asarray(grid["stress"])[own], abs=1e-6)
    assert read_fields(shared_path, 0)["displacement"] == pytest.approx(0.0, abs=1e-12)
    assert read_fields(shared_path, 2) is None
    expected = GPA * m.material.stress(F[None])[0] @ F.T / np.linalg.det(F)
    assert np.asarray(grid["stress"])[own] == pytest.approx(np.tile(expected.ravel(), (own.sum(), 1)), abs=1e-6)


@pytest.mark.mpi
def test_garbage_collection_closes_no_file(shared_path):
    """Closing is collective: one rank would wait in it for the others, which collect their garbage at another time."""
    m = shared_model("morse", "bgfc")
    series = FieldSeries(shared_path, m)
    series.write(deform(m, general(m.crystal)), 0)
    file = weakref.ref(series._vtx)
    del series
    gc.collect()
    assert file() is not None
    file().close()


def test_no_mesh_no_fields(tmp_path):
    m = shared_model("morse", "atomistic")
    series = FieldSeries(tmp_path, m)
    series.write(deform(m, np.eye(3)), 0)
    series.close()
    assert not list(tmp_path.iterdir())
