"""An ASE calculator that answers requests on the pipes of its process.

It imports nothing of ours but its own room: neither MPI nor PETSc may live here. What the engine's libraries print goes to the error
stream.
"""

from __future__ import annotations

import ctypes
import importlib
import sys
import time
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators import calculator
from ase.data import chemical_symbols

from .messages import Message, RefusedError, read_message, taken_pipes, write_message
from .modules import is_of_python
from .programs import Program

XTB = {"gfn1-xtb": "GFN1-xTB", "gfn2-xtb": "GFN2-xTB"}
MISSING = {"gfn1-xtb": "pip install tblite", "gfn2-xtb": "pip install tblite", "gpaw": "see gpaw.readthedocs.io"}
MISSING["pyscf"] = "pip install pyscf"


CALCULATOR = getattr(calculator, "BaseCalculator", calculator.Calculator)
"""What every calculator of ASE derives from; the base has a name since ASE 3.23."""


class Engine:
    """A calculator with one structure; only positions change between calls, so that each starts from the last density."""

    def __init__(self, hello: Message) -> None:
        self.hello, self.name, self.parameters = hello, hello["engine"], hello["parameters"]
        self.kind = Program if self.name == "socket" else engine_class(self.name)
        lacking = sorted(set(hello["symbols"]) - elements_of(self.name, self.kind, self.parameters))
        if lacking:
            raise RefusedError(f"the engine {hello['name']} has no parameters for {', '.join(lacking)}")
        self._atoms: Any = None
        self._settings: Message | None = None

    def compute(self, request: Message) -> Message:
        """Energy (eV), forces (eV/A) and, if asked for, stress (3, 3) in eV/A^3 at ``positions``."""
        ended = self._atoms is None or getattr(self._atoms.calc, "has_ended", False)
        if ended or request["settings"] != self._settings or request["fresh"]:
            self._create(request)
        atoms, began, cpu = self._atoms, time.perf_counter(), time.process_time()
        if request["cell"] is not None:
            atoms.set_cell(request["cell"])
        atoms.set_positions(np.array(request["positions"]) + self._shift)
        energy, forces = float(atoms.get_potential_energy()), np.array(atoms.get_forces(), dtype=float)
        if not (np.isfinite(energy) and np.isfinite(forces).all()):
            raise ArithmeticError("the engine returned nan or inf")
        out: Message = {"energy": energy, "forces": forces.tolist()}
        if request["stress"]:
            out["stress"] = np.array(atoms.get_stress(voigt=False), dtype=float).tolist()
        return out | {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}

    def close(self) -> None:
        """End what the calculator has started."""
        if isinstance(getattr(self._atoms, "calc", None), Program):
            self._atoms.calc.close()

    def _create(self, request: Message) -> None:
        cell = request["cell"]
        atoms = Atoms(request["symbols"], positions=request["positions"], cell=cell, pbc=cell is not None)
        spin, settings = int(request["spin"]), self.parameters | request["settings"]
        if spin:
            atoms.set_initial_magnetic_moments(np.full(len(atoms), spin / len(atoms)))
        vacuum = settings.pop("vacuum", 4.0 if self.name == "gpaw" else None)
        if (
            cell is None and vacuum is not None
        ):  # engines with a box: it stays while the atoms move, so does a grid in it
            atoms.center(vacuum=vacuum)
        if self.name in XTB:
            given = {"method": XTB[self.name], "verbosity": 0, "charge": request["charge"], "multiplicity": spin + 1}
            settings = given | settings
        elif self.name == "pyscf":
            settings = {"charge": request["charge"], "spin": spin} | settings
        elif self.name == "gpaw":
            given = {"mode": "lcao", "basis": "dzp", "xc": "PBE", "txt": None, "charge": request["charge"]}
            settings = given | {"spinpol": bool(spin)} | settings
        elif self.name == "socket":
            settings = {"hello": self.hello} | settings
        self._shift = atoms.positions[0] - request["positions"][0]
        self.close()
        try:
            atoms.calc = self.kind(**settings)
        except (TypeError, KeyError) as error:
            raise RefusedError(f"qm.parameters = {self.parameters} are not those of {self.hello['name']}: {error}") from error
        self._atoms, self._settings = atoms, request["settings"]


def engine_class(engine: str) -> Any:
    """The class behind an engine's name."""
    if engine in XTB:
        return load(engine, "tblite.ase", "TBLite")
    if engine == "gpaw":
        return load(engine, "gpaw", "GPAW")
    if engine == "pyscf":
        return load(engine, ".density_functional", "PySCF")
    module, _, name = engine.removeprefix("ase:").rpartition(".")
    if is_of_python(module.split(".")[0]):
        raise RefusedError(f"the engine {engine} is not allowed: {module} is a module of Python itself, which has no calculators of ASE")
    kind = load(engine, module, name)
    if not (isinstance(kind, type) and issubclass(kind, CALCULATOR)):
        raise RefusedError(
            f"the engine {engine} is not allowed: it must be a class derived from ase.calculators.calculator.Calculator"
        )
    return kind


def elements_of(engine: str, kind: Any, parameters: Message) -> set[str]:
    """Elements that an engine has, all where it does not say: xTB ends at radon, potentials name theirs."""
    if engine in XTB:
        return set(chemical_symbols[1:87])
    if engine == "gpaw":
        return set(chemical_symbols)
    named = getattr(kind, "elements", None) or parameters.get("elements")
    return set(named) if isinstance(named, (list, tuple, set)) else set(chemical_symbols)


def load(engine: str, module: str, name: str) -> Any:
    """A class of a module; RefusedError says what is missing."""
    try:
        return getattr(importlib.import_module(module, __package__), name)
    except ImportError as error:
        how = MISSING.get(
            engine, f"it must be a class of a module that Python finds, such as ase:{module or 'module'}.Class"
        )
        raise RefusedError(f"the engine {engine} is not installed ({error}): {how}") from error
    except AttributeError as error:
        raise RefusedError(f"the engine {engine} does not exist: the module {module} has no {name}") from error


def blas_in_use() -> str:
    """File of the ``dgemm_`` that every library of this process calls; empty: each its own."""

    class Info(ctypes.Structure):
        _fields_ = [
            ("file", ctypes.c_char_p),
            ("base", ctypes.c_void_p),
            ("name", ctypes.c_char_p),
            ("at", ctypes.c_void_p),
        ]

    try:
        everybody, info = ctypes.CDLL(None), Info()
        everybody.dladdr(ctypes.cast(everybody.dgemm_, ctypes.c_void_p), ctypes.byref(info))
        return (info.file or b"").decode()
    except (AttributeError, OSError, TypeError):
        return ""


def answer(engine: Engine | None, request: Message) -> tuple[Engine | None, Message]:
    """The engine, and what is sent back for a request, failures included."""
    try:
        if engine is None:
            return Engine(request), {"ok": True, "blas": blas_in_use()}
        return engine, {"ok": True} | engine.compute(request)
    except RefusedError as error:
        return engine, {"ok": False, "refused": True, "message": str(error)}
    except Exception as error:
        words = " ".join(str(error).split()) or type(error).__name__
        return engine, {"ok": False, "refused": False, "message": f"{type(error).__name__}: {words}"}


def main() -> None:
    """Answer until the other side closes the pipe."""
    replies = taken_pipes()
    engine: Engine | None = None
    while (request := read_message(sys.stdin.buffer)) is not None:
        engine, reply = answer(engine, request)
        write_message(replies, reply)
    if engine is not None:
        engine.close()
