"""What a resumed run has back: displacements by the name of the atom or node, the far field, the multipliers of B-GRAC."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
from mpi4py import MPI

from fem.mesh.far_field import CoarseMesh

from ..errors import InputError
from ..terms.reconstruction import Reconstruction
from ..unknowns.lookup import lookup
from ..unknowns.prolongation import Prolongation
from .files import replace_bytes
from .rows import read_rows, write_rows
from .sealed import Damage

NAME, VECTOR = 5, 3
"""Numbers kept of an atom or node: is_atom and four integers of its name (exact in double precision); three of each field."""
FAR_FIELD, MULTIPLIERS = "far_field.npz", "reconstruction.npy"
"""Names of the files that are written once for each model of a run: those of its first."""


def numbered(name: str, number: int) -> str:
    """The name of a file of the model with a number, of which 0 is the first of the run."""
    stem, dot, ending = name.partition(".")
    return name if number == 0 else f"{stem}-{number}{dot}{ending}"


def write_displacements(path: Path, parts: Prolongation, *fields: np.ndarray) -> None:
    """Write fields (n, components) on this rank's blocks, as displacements. Collective."""
    record = np.zeros((len(parts.key), NAME + VECTOR * len(fields)))
    record[:, 0], record[:, 1:NAME] = parts.is_atom, parts.key
    for k, u in enumerate(fields):
        record[:, NAME + VECTOR * k :][:, : u.shape[1]] = u
    write_rows(path, parts.layout.comm, record)


def read_fields(path: Path, parts: Prolongation, count: int) -> np.ndarray:
    """(count, n, components) fields that `write_displacements` wrote, on this rank's blocks, whatever ranks wrote them. Collective.

    Each rank reads a slice of the file; the owners ask for their blocks by name.
    """
    comm = parts.layout.comm
    record = read_rows(path, comm)
    if record.shape[1] != NAME + VECTOR * count:
        raise Damage(f"{path.name} holds no displacements")
    u = lookup(comm, record[:, :NAME].astype(np.int64), record[:, NAME:], np.column_stack([parts.is_atom, parts.key]))
    lost = comm.allreduce(int((~np.isfinite(u)).any(1).sum()))
    if lost:
        raise InputError(
            f"the checkpoint lacks {lost} atoms or nodes of this model: it was made with another case or mesh"
        )
    return u.reshape(len(u), count, VECTOR).transpose(1, 0, 2)[:, :, : parts.layout.components]


def write_unknowns(path: Path, parts: Prolongation, *vectors: np.ndarray) -> None:
    """Write this rank's parts of vectors of unknowns, by name; what is prescribed is zero there. Collective."""
    layout = parts.layout
    fields = np.zeros((len(vectors), len(parts.key), layout.components))
    for field, q in zip(fields, vectors, strict=True):
        field[: layout.n_free] = q.reshape(-1, layout.components)
    write_displacements(path, parts, *fields)


def read_unknowns(path: Path, parts: Prolongation, count: int) -> list[np.ndarray]:
    """This rank's parts of ``count`` vectors of unknowns, whatever ranks wrote them. Collective."""
    return [u[: parts.layout.n_free].ravel() for u in read_fields(path, parts, count)]


def read_numbers(path: Path, comm: MPI.Comm) -> np.ndarray:
    """All rows of a file of numbers on rank 0, none on the others. Collective."""
    parts = comm.gather(read_rows(path, comm))
    return np.empty((0, 0)) if parts is None else np.concatenate(parts)


def write_coarse(path: Path, coarse: CoarseMesh) -> None:
    """Keep the far field, so that a resumed run has the same mesh whatever gmsh is installed then."""
    data = io.BytesIO()
    np.savez_compressed(data, points=coarse.points, cells=coarse.cells)
    replace_bytes(path, data.getvalue())


def read_coarse(path: Path) -> CoarseMesh:
    """The far field that `write_coarse` kept."""
    try:
        with np.load(path) as data:
            return CoarseMesh(data["points"], data["cells"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise Damage(f"{path.name} holds no mesh ({error})") from None


def write_multipliers(path: Path, comm: MPI.Comm, r: Reconstruction) -> None:
    """Keep the multipliers of B-GRAC by atom name, so that a resumed run need not solve for them. Collective."""
    write_rows(path, comm, np.column_stack([r.key, r.lam]))


def read_multipliers(path: Path, comm: MPI.Comm, told: dict) -> Reconstruction:
    """The multipliers that `write_multipliers` kept, with what `plain_of` told of them. Collective."""
    record = read_rows(path, comm)
    return Reconstruction(np.array(told["stencil"]), record[:, :4].astype(np.int64), record[:, 4:], told["info"])


def plain_of(r: Reconstruction) -> dict:
    """What is kept of a reconstruction beside its multipliers, as plain data."""
    return {"stencil": r.R.tolist(), "info": r.info}
