"""Trajectories: extxyz frames that all ranks write, and read, at their own offsets."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from mpi4py import MPI

from atomistics.species import LABEL, atomic_mass, chemical_symbol
from atomistics.units import AMU
from fem.collective import on_root, together

from .frame_index import add_to_index, end_before, frame_ends, write_index
from .rows import write_at

log = logging.getLogger(__name__)

CHUNK = 50_000
"""Atoms of a frame that are read at a time."""


def append_frame(
    path: str | os.PathLike[str],
    frame_index: int,
    *,
    comm: MPI.Comm = MPI.COMM_SELF,
    positions: np.ndarray,
    reference: np.ndarray,
    weight: np.ndarray,
    site_energy: np.ndarray,
    free: np.ndarray,
    symbols: str | Sequence[str],
    virial_stress: np.ndarray | None = None,
    velocity: np.ndarray | None = None,
    cell: np.ndarray | None = None,
    cell_z: float | None = None,
    pbc: Sequence[bool] | None = None,
    info: Mapping[str, Any] | None = None,
) -> None:
    """Write frame k of an extended-XYZ trajectory; the file then holds the frames up to k, nothing else.

    Frames from k on are cut off first (a resumed run repeats them), and so is a last frame torn by a kill.
    Where the frames end is kept in a small file beside the trajectory (``.<name>.index``); if that is lost or
    does not fit, the trajectory is read through once. Collective: all ranks write their rows, one behind the other.

    Parameters
    ----------
    frame_index : int
        k, counted from 0; written as ``frame=k``.
    comm : mpi4py.MPI.Comm, optional
        Ranks that bring n atoms each, in the order in which they are to stand in the file.
    positions, reference : (n, 3) array
        Deformed and reference positions, A.
    weight : (n,) array
        What the site energy counts with, 1 - beta.
    site_energy : (n,) array
        Unweighted, eV; NaN where not evaluated.
    free : (n,) bool array
        Whether the atom has unknowns of its own.
    symbols : str or sequence of str
        Species of all atoms or of each, as the potential names them. Written are chemical symbols, and the names in a
        column ``species_label`` where they are others.
    virial_stress : (n, 6) array, optional
        xx yy zz yz xz xy, GPa; NaN where not evaluated.
    velocity : (n, 3) array, optional
        A/ps; written as ``momenta`` in the units of ASE, whose `Atoms.get_velocities` gives them back. With the stress only.
    cell : (3, 3) array, optional
        Cell vectors as rows, A.
    cell_z : float, optional
        Instead of `cell`: period along z, A; the box around the reference atoms is used for x and y.
    pbc : sequence of three bool, optional
        Default: periodic along z if `cell_z` is given, otherwise not at all.
    info : mapping, optional
        Further entries of the comment line; None is left out.
    """
    path = Path(path)
    if frame_index < 0:
        raise ValueError(f"frame_index is {frame_index}, expected a number counted from 0")
    if cell is not None and cell_z is not None:
        raise ValueError("cell and cell_z are both given, expected one of them")
    columns = together(comm, lambda: _columns(positions, reference, weight, site_energy, free, symbols))
    stress = together(comm, lambda: _stress(virial_stress, len(columns[0])))
    moving = velocity is not None and stress is not None
    if velocity is not None and stress is not None:
        stress = np.concatenate([stress, _momenta(columns[0], np.asarray(velocity, dtype=float))], axis=1)
    n = comm.allreduce(len(columns[0]))
    named = bool(comm.allreduce(int(any(chemical_symbol(name) != name for name in set(columns[0])))))
    rows = _rows(*columns, stress, named).encode()
    box, origin = _box(comm, columns[2], cell, cell_z)
    periodic = pbc if pbc is not None else (False, False, cell_z is not None)
    more = ":virial_stress:R:6" * (stress is not None) + ":momenta:R:3" * moving + f":{LABEL}:S:1" * named
    head = f"{n}\n{_comment(frame_index, box, origin, periodic, info or {}, more)}\n".encode()
    start = on_root(comm, lambda: _open_frame(path, frame_index, head))
    end = start + comm.scan(len(rows))  # type: ignore[attr-defined]  # any but an intercommunicator has it
    write_at(comm, path, end - len(rows), rows)
    end = comm.bcast(end, root=comm.size - 1)
    on_root(comm, lambda: add_to_index(path, frame_index, end))


def _open_frame(path: Path, frame_index: int, head: bytes) -> int:
    """Cut the file behind the last whole frame before this one and write its head: where the rows begin."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "r+b" if path.exists() else "w+b") as file:
        start = end_before(path, file, frame_index)
        if start is None:
            start = _cut(path, file, frame_index)
        file.truncate(start)
        file.seek(start)
        file.write(head)
    return start + len(head)


def _cut(path: Path, file: BinaryIO, frame_index: int) -> int:
    """Where the whole frames before this one end, and an index of them alone."""
    kept = [(k, end) for k, end in frame_ends(path, file, frame_index) if k < frame_index]
    if len(kept) < frame_index:
        log.warning("%s lacks %d frames before frame %d", path.name, frame_index - len(kept), frame_index)
    write_index(path, kept)
    return kept[-1][1] if kept else 0


def read_frame(
    path: str | os.PathLike[str], frame_index: int, keep: Callable[[np.ndarray], np.ndarray] | None = None
) -> dict[str, np.ndarray] | None:
    """Columns of frame k as `append_frame` takes them; None if the trajectory does not have it.

    With ``keep`` only those atoms are held whose reference positions (n, 3) it wants. A damaged frame counts as none.
    """
    path = Path(path)
    if not path.exists():
        return None
    try:
        with open(path, "rb") as file:
            ends = dict(frame_ends(path, file, frame_index + 1))
            if frame_index not in ends:
                return None
            file.seek(max((end for k, end in ends.items() if k < frame_index), default=0))
            n = int(file.readline())
            head = file.readline()
            width = 9 + 6 * (b":virial_stress:" in head) + 3 * (b":momenta:" in head)
            pieces = [_read_rows(file, min(CHUNK, n - done), width, keep) for done in range(0, n, CHUNK)]
            pieces = pieces or [_read_rows(file, 0, width, None)]
    except (ValueError, IndexError):
        log.warning("frame %d of %s is damaged: nothing is taken from it", frame_index, path)
        return None
    symbols, values = (np.concatenate(part) for part in zip(*pieces, strict=True))
    columns = {"positions": values[:, :3], "reference": values[:, 3:6], "weight": values[:, 6]}
    columns |= {"site_energy": values[:, 7], "free": values[:, 8] > 0, "symbols": symbols}
    return columns | ({"virial_stress": values[:, 9:15]} if values.shape[1] > 9 else {})


def cut_frames(path: Path, n: int) -> None:
    """Cut a trajectory behind frame n - 1; one that is damaged before that is set aside whole, and a new one begins with frame n.

    On one rank.
    """
    if not path.exists():
        return
    with open(path, "r+b") as file:
        kept = [(k, end) for k, end in frame_ends(path, file, n) if k < n]
        last, end = kept[-1] if kept else (-1, 0)
        if last == n - 1:
            file.truncate(end)
    if last == n - 1:
        return write_index(path, kept)
    names = (path.with_name(f"{path.stem}.damaged{i}{path.suffix}") for i in ("", *range(2, 1000)))
    aside = next(name for name in names if not name.exists())
    os.rename(path, aside)
    told = "%s is damaged, its frame %d is not whole: it is kept as %s, and frame %d is the first of a new one"
    log.warning(told, path, last + 1, aside.name, n)
    return None


def _read_rows(
    file: BinaryIO, n: int, width: int, keep: Callable[[np.ndarray], np.ndarray] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Species and numbers (m, width) of those of the next n atoms that are wanted."""
    words = [file.readline().split() for _ in range(n)]
    values = np.array([w[1 : width + 1] for w in words], dtype=float).reshape(n, width)
    symbols = np.array([(w[width + 1] if len(w) > width + 1 else w[0]).decode() for w in words], dtype=str)
    chosen = slice(None) if keep is None else keep(values[:, 3:6])
    return symbols[chosen], values[chosen]


def _columns(
    positions: np.ndarray,
    reference: np.ndarray,
    weight: np.ndarray,
    site_energy: np.ndarray,
    free: np.ndarray,
    symbols: str | Sequence[str],
) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Species, positions, reference, weight, energy, free; all with one row an atom."""
    y, X = np.asarray(positions, dtype=float), np.asarray(reference, dtype=float)
    n = len(y)
    names = [symbols] * n if isinstance(symbols, str) else [str(s) for s in symbols]
    w, V = np.asarray(weight, dtype=float), np.asarray(site_energy, dtype=float)
    f = np.asarray(free, dtype=bool)
    shapes = {"positions": (y.shape, (n, 3)), "reference": (X.shape, (n, 3)), "weight": (w.shape, (n,))}
    shapes |= {"site_energy": (V.shape, (n,)), "free": (f.shape, (n,)), "symbols": ((len(names),), (n,))}
    for name, (shape, wanted) in shapes.items():
        if shape != wanted:
            raise ValueError(f"{name} has shape {shape}, expected {wanted}")
    return names, y, X, w, V, f


def _box(
    comm: MPI.Comm, X: np.ndarray, cell: np.ndarray | None, cell_z: float | None
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Cell vectors as rows and the corner they start from, A. Collective."""
    if cell is not None:
        box = np.asarray(cell, dtype=float)
        if box.shape != (3, 3):
            raise ValueError(f"cell has shape {box.shape}, expected (3, 3)")
        return box, None
    extremes = np.concatenate([X, -X], axis=1).max(0, initial=-np.inf)
    comm.Allreduce(MPI.IN_PLACE, extremes, op=MPI.MAX)
    if cell_z is None or not np.isfinite(extremes).all():
        return None, None
    margin = 2.0  # so that surface atoms are drawn inside the box
    low, high = -extremes[3:] - margin, extremes[:3] + margin
    return np.diag([high[0] - low[0], high[1] - low[1], cell_z]), np.array([low[0], low[1], 0.0])


def _comment(
    k: int,
    box: np.ndarray | None,
    origin: np.ndarray | None,
    pbc: Sequence[bool],
    info: Mapping[str, Any],
    more: str,
) -> str:
    parts = []
    if box is not None:
        parts.append(f'Lattice="{_numbers(box)}"')
    if origin is not None:
        parts.append(f'Origin="{_numbers(origin)}"')
    columns = "species:S:1:pos:R:3:reference:R:3:weight:R:1:site_energy:R:1:free:I:1"
    parts.append(f"Properties={columns}{more}")
    parts.append('pbc="' + " ".join("T" if p else "F" for p in pbc) + '"')
    parts.append(f"frame={k}")
    parts += [f"{key}={_entry(value)}" for key, value in info.items() if value is not None and key != "frame"]
    return " ".join(parts)


def _entry(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "T" if value else "F"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        return repr(float(value))
    if isinstance(value, np.ndarray | list | tuple):
        return f'"{_numbers(np.asarray(value, dtype=float))}"'
    text = " ".join(str(value).replace('"', "'").split())
    return text if re.fullmatch(r"[\w.+-]+", text) else f'"{text}"'


def _numbers(values: np.ndarray) -> str:
    return " ".join(repr(v) for v in values.ravel().tolist())


def _stress(values: np.ndarray | None, n: int) -> np.ndarray | None:
    if values is None:
        return None
    stress = np.asarray(values, dtype=float)
    if stress.shape != (n, 6):
        raise ValueError(f"virial_stress has shape {stress.shape}, expected {(n, 6)}")
    return stress


def _momenta(names: Sequence[str], velocity: np.ndarray) -> np.ndarray:
    """(n, 3) momenta in ASE's units, sqrt(amu eV), of velocities in A/ps."""
    mass = {name: atomic_mass(name) for name in set(names)}
    return np.sqrt(AMU) * np.array([mass[name] for name in names]).reshape(-1, 1) * velocity


def _rows(
    names: list[str],
    y: np.ndarray,
    X: np.ndarray,
    w: np.ndarray,
    V: np.ndarray,
    free: np.ndarray,
    stress: np.ndarray | None,
    named: bool,
) -> str:
    line = "%-2s" + " %15.9f" * 6 + " %.8g %.10g %d"
    symbols = [chemical_symbol(name) for name in names]
    columns = [symbols, *y.T.tolist(), *X.T.tolist(), w.tolist(), V.tolist(), free.astype(int).tolist()]
    if stress is not None:
        line, columns = line + " %.6g" * stress.shape[1], [*columns, *stress.T.tolist()]
    line, columns = line + " %s" * named + "\n", [*columns, *[names] * named]
    return "".join([line % row for row in zip(*columns, strict=True)])
