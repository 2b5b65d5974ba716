"""An optimised BLAS for engines that bring the slow reference one: found, made usable, proved, then preloaded.

The dynamic loader gives a preloaded library's ``dgemm_`` to everybody who asks for that name, so nothing is built anew.
Libraries made for numpy and scipy carry the same routines under names with the prefix ``scipy_``: of these a copy is made
whose symbol table lacks the prefix.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import stat
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from atomistics.potentials.own_file import is_others

PREFIX = b"scipy_"
DEBIAN = ("openblas-pthread", "openblas-openmp", "openblas-serial", ".")
SYSTEM = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/local/lib")
NAMES = ("libopenblas.so.0", "libopenblasp.so.0", "libopenblas.so", "libblis.so.4", "libmkl_rt.so.2")
PROBE = """
import ctypes, sys
lib = ctypes.CDLL(None)
for name in ("dgemm_", "dsygvd_", "dsyevd_", "dpotrf_"):
    getattr(lib, name)
c, one = (ctypes.c_double * 4)(), ctypes.byref(ctypes.c_double(1.0))
a, two = (ctypes.c_double * 4)(1, 2, 3, 4), ctypes.byref(ctypes.c_int(2))
lib.dgemm_(b"N", b"N", two, two, two, one, a, two, a, two, ctypes.byref(ctypes.c_double(0.0)), c, two)
sys.exit(list(c) != [7.0, 10.0, 15.0, 22.0])
"""
"""Fails unless the routines that an engine needs are there under their plain names, with 32-bit integers."""


@dataclass(frozen=True)
class Blas:
    """A library to preload.

    Attributes
    ----------
    name : str
        Where it is from, for people.
    environment : dict
        Variables with which a program uses it.
    """

    name: str
    environment: dict[str, str]


def find_blas() -> Blas | None:
    """The first BLAS that works: ``$QC_BLAS``, scipy-openblas32, conda's, the system's, scipy's own; None: none does.

    Raises
    ------
    ValueError
        ``$QC_BLAS`` names a library that does not work ("none" asks for the engine's own).
    """
    if not sys.platform.startswith("linux") or os.environ.get("QC_BLAS") == "none":
        return None
    if named := os.environ.get("QC_BLAS"):
        if (blas := _usable(Path(named))) is None:
            raise ValueError(
                f"QC_BLAS = {named} is not usable: it must be a shared library with LAPACK and 32-bit integers, or none"
            )
        return blas
    return next((blas for path in _candidates() if path.is_file() and (blas := _usable(path))), None)


def _candidates() -> list[Path]:
    """Files that may be there, the best first."""
    wheel, scipy = _folder("scipy_openblas32"), _folder("scipy")
    paths = [] if wheel is None else sorted((wheel / "lib").glob("libscipy_openblas*.so"))
    conda = {os.environ.get("CONDA_PREFIX", ""), sys.prefix} - {""}
    folders = [Path(prefix) / "lib" for prefix in sorted(conda)]
    folders += [Path(folder) / variant for folder in SYSTEM for variant in DEBIAN]
    paths += [folder / name for folder in folders for name in NAMES]
    return paths + ([] if scipy is None else sorted((scipy.parent / "scipy.libs").glob("libscipy_openblas-*.so")))


def _folder(package: str) -> Path | None:
    """Where a package lies, without importing it."""
    spec = importlib.util.find_spec(package)
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def _usable(path: Path) -> Blas | None:
    """The library as it is or without the prefix of its names, if that passes the probe."""
    path = path.resolve()
    for file in (path, *_without_prefix(path)):
        folders = [str(path.parent)] if file != path else []  # a copy does not find the libraries beside the original
        found = os.pathsep.join([*folders, *filter(None, [os.environ.get("LD_LIBRARY_PATH")])])
        environment = {"LD_PRELOAD": str(file)} | ({"LD_LIBRARY_PATH": found} if folders else {})
        command = [sys.executable, "-I", "-S", "-c", PROBE]
        try:
            run = subprocess.run(
                command, env=os.environ | environment, capture_output=True, timeout=20, check=False, close_fds=True
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if run.returncode == 0 and b"cannot be preloaded" not in run.stderr:
            return Blas(str(path), environment)
    return None


def _without_prefix(path: Path) -> list[Path]:
    """A copy of a library of numpy's makers with the plain names, kept in a folder of the user's alone; none for other libraries."""
    if "scipy_openblas" not in path.name:
        return []
    try:
        made = path.stat()
        name = hashlib.sha256(f"{path} {made.st_size} {made.st_mtime_ns}".encode()).hexdigest()[:16]
        for folder in filter(_is_ours, _caches()):
            copy = folder / f"libopenblas-{name}.so"
            if not _is_our_file(copy):
                with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
                    file.write(strip_prefix(path.read_bytes()))
                os.replace(file.name, copy)
            return [copy]
    except (OSError, ValueError, IndexError, struct.error, StopIteration):
        pass
    return []


def _caches() -> list[Path]:
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return [Path(home) / "qc-fracture", Path(tempfile.gettempdir()) / f"qc-fracture-{os.getuid()}"]


def _is_ours(folder: Path) -> bool:
    """Whether a folder, made if it is not there, is this user's alone, so that nobody else chooses what is loaded from it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found, above = folder.lstat(), folder.parent.resolve()
        others = any(is_others(place.lstat()) for place in (above, *above.parents))
        if others or not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
            return False
        folder.chmod(0o700)
    except OSError:
        return False
    return True


def _is_our_file(path: Path) -> bool:
    """Whether it is a file of this user's that nobody else may change, and no link to one."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022


def strip_prefix(library: bytes, prefix: bytes = PREFIX) -> bytes:
    """An ELF64 library (little-endian) whose dynamic symbols lack the prefix.

    A symbol's name is an offset into a table of strings: moved past the prefix it is the plain name. The GNU hash table is
    rewritten in place with one bucket, so that the order of the symbols may stay.
    """
    out = bytearray(library)
    if out[:6] != b"\x7fELF\x02\x01":
        raise ValueError("not a 64-bit little-endian ELF library")
    strings, symbols, table = _dynamic(out, (5, 6, 0x6FFFFEF5))  # DT_STRTAB, DT_SYMTAB, DT_GNU_HASH
    n_buckets, first, n_words, shift = struct.unpack_from("<4I", out, table)
    bucket = table + 16 + 8 * n_words
    last = _last_symbol(out, bucket, n_buckets, first)
    words, hashes = [0] * n_words, []
    for k in range(last + 1):
        (name,) = struct.unpack_from("<I", out, symbols + 24 * k)
        if out.startswith(prefix, strings + name):
            name += len(prefix)
            struct.pack_into("<I", out, symbols + 24 * k, name)
        if k >= first:
            h = _gnu_hash(bytes(out[strings + name : out.index(0, strings + name)]))
            words[h // 64 % n_words] |= 1 << h % 64 | 1 << (h >> shift) % 64
            hashes.append(h & ~1)
    hashes[-1] |= 1  # end of the only chain
    struct.pack_into(f"<4I{n_words}Q", out, table, 1, first, n_words, shift, *words)
    struct.pack_into(f"<I{len(hashes)}I", out, bucket, first, *hashes)
    return bytes(out)


def _dynamic(elf: bytearray, wanted: tuple[int, ...]) -> list[int]:
    """File offsets of entries of the dynamic section."""
    (start,), (size, count) = struct.unpack_from("<Q", elf, 32), struct.unpack_from("<HH", elf, 54)
    segments = [struct.unpack_from("<IIQQQQQQ", elf, start + k * size) for k in range(count)]
    dynamic = next(s for s in segments if s[0] == 2)
    entry = dict(struct.unpack_from("<QQ", elf, dynamic[2] + 16 * k) for k in range(dynamic[5] // 16))
    if not set(wanted) <= set(entry):
        raise ValueError("the library has no GNU hash table")
    return [
        next(entry[w] - s[3] + s[2] for s in segments if s[0] == 1 and s[3] <= entry[w] < s[3] + s[5]) for w in wanted
    ]


def _last_symbol(elf: bytearray, bucket: int, n_buckets: int, first: int) -> int:
    """Number of the last symbol: the end of the chain that begins last."""
    last = max(struct.unpack_from(f"<{n_buckets}I", elf, bucket))
    while not elf[bucket + 4 * (n_buckets + last - first)] & 1:
        last += 1
    return last


def _gnu_hash(name: bytes) -> int:
    h = 5381
    for c in name:
        h = (h * 33 + c) & 0xFFFFFFFF
    return h
