"""Checkpoints: displacements by the name of the atom or node, readable on any number of ranks, replaced atomically."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from fem.collective import on_root
from fem.mesh.far_field import CoarseMesh

from ..terms.reconstruction import Reconstruction
from ..unknowns.lookup import lookup
from ..unknowns.prolongation import Prolongation
from .files import replace_text

FIELDS = 8
"""Numbers kept of an atom or node: is_atom, four integers of its name (exact in double precision), three displacements."""


def save(directory: Path, step: int, parts: Prolongation, u: np.ndarray, state: dict[str, Any]) -> None:
    """Write displacements u (n, components) of this rank's blocks and ``state``; the old checkpoint stays until the new is whole.

    All ranks write their part of one PETSc file; a JSON file that names it is then put in place in one move. Collective.
    """
    comm = parts.layout.comm
    name = f"state-{step:05d}.petsc"
    record = np.zeros((len(u), FIELDS))
    record[:, 0], record[:, 1:5], record[:, 5 : 5 + u.shape[1]] = parts.is_atom, parts.key, u
    _write_records(directory / name, comm, record)

    def put_in_place() -> None:
        replace_text(directory / "checkpoint.json", json.dumps(state | {"step": step, "displacements": name}, indent=1))
        for old in directory.glob("state-*.petsc*"):
            if not old.name.startswith(name):
                old.unlink()

    on_root(comm, put_in_place)


def read_state(directory: Path, comm: MPI.Comm) -> dict[str, Any] | None:
    """The JSON part of the checkpoint, None when there is none. Collective."""
    text = None
    if comm.rank == 0:
        path = directory / "checkpoint.json"
        text = path.read_text() if path.exists() else None
    text = comm.bcast(text)
    return None if text is None else json.loads(text)


def read_displacements(directory: Path, state: dict[str, Any], parts: Prolongation) -> np.ndarray:
    """(n, components) displacements of this rank's blocks, whatever ranks wrote them. Collective.

    Each rank reads a slice of the file; the owners ask for their blocks by name.
    """
    comm = parts.layout.comm
    record = _read_records(directory / state["displacements"], comm, FIELDS)
    u = lookup(comm, record[:, :5].astype(np.int64), record[:, 5:], np.column_stack([parts.is_atom, parts.key]))
    lost = comm.allreduce(int(np.isnan(u).any(1).sum()))
    if lost:
        raise ValueError(
            f"the checkpoint lacks {lost} atoms or nodes of this model: it was made with another case or mesh"
        )
    return u[:, : parts.layout.components]


def save_coarse(directory: Path, coarse: CoarseMesh) -> None:
    """Keep the far field, so that a resumed run has the same mesh whatever gmsh is installed then."""
    path = directory / "far_field.npz"
    temporary = directory / "far_field.tmp.npz"
    np.savez_compressed(temporary, points=coarse.points, cells=coarse.cells)
    os.replace(temporary, path)


def load_coarse(directory: Path) -> CoarseMesh | None:
    """The far field kept by `save_coarse`, None when there is none."""
    path = directory / "far_field.npz"
    if not path.exists():
        return None
    with np.load(path) as data:
        return CoarseMesh(data["points"], data["cells"])


def save_reconstruction(directory: Path, comm: MPI.Comm, r: Reconstruction) -> None:
    """Keep the multipliers of B-GRAC by atom name, so that a resumed run need not solve for them. Collective."""
    record = np.column_stack([r.key, r.lam])
    _write_records(directory / "reconstruction.petsc", comm, record)
    meta = {"stencil": r.R.tolist(), "pairs": r.lam.shape[1], "info": r.info}
    on_root(comm, lambda: replace_text(directory / "reconstruction.json", json.dumps(meta, indent=1)))


def load_reconstruction(directory: Path, comm: MPI.Comm) -> Reconstruction | None:
    """What `save_reconstruction` kept, None when it kept nothing. Collective."""
    path = directory / "reconstruction.json"
    text = on_root(comm, lambda: path.read_text() if path.exists() else None)
    if text is None:
        return None
    meta = json.loads(text)
    record = _read_records(directory / "reconstruction.petsc", comm, 4 + meta["pairs"])
    return Reconstruction(np.array(meta["stencil"]), record[:, :4].astype(np.int64), record[:, 4:].copy(), meta["info"])


def _write_records(path: Path, comm: MPI.Comm, record: np.ndarray) -> None:
    """All ranks write their rows of one PETSc file. Collective."""
    vec = PETSc.Vec().createMPI((record.size, PETSc.DETERMINE), comm=comm)
    vec.array[:] = record.ravel()
    viewer = PETSc.Viewer().createMPIIO(str(path), "w", comm=comm)
    vec.view(viewer)
    viewer.destroy()
    comm.barrier()


def _read_records(path: Path, comm: MPI.Comm, fields: int) -> np.ndarray:
    """(n, fields) this rank's slice of the rows of a PETSc file, whatever ranks wrote them. Collective."""
    vec = PETSc.Vec().create(comm)
    viewer = PETSc.Viewer().createMPIIO(str(path), "r", comm=comm)
    total = os.path.getsize(path) // (8 * fields)
    share = np.diff(np.linspace(0, total, comm.size + 1).astype(int))[comm.rank]
    vec.setSizes((int(share) * fields, PETSc.DETERMINE))
    vec.setType(PETSc.Vec.Type.STANDARD)
    vec.load(viewer)
    viewer.destroy()
    return vec.array_r.reshape(-1, fields)
