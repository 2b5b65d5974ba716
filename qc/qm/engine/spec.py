"""An engine's name and settings, and what it answers."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

BUILT_IN = ("gfn1-xtb", "gfn2-xtb", "pyscf", "gpaw")

SOCKET = "socket"
"""In the place of an engine's name: what a program behind a socket says."""
SOCKET_FORM = re.compile(r"unix:[A-Za-z0-9][A-Za-z0-9._-]*|[A-Za-z0-9][A-Za-z0-9.-]*:[0-9]{1,5}")
SOCKET_WORDS = '"unix:NAME" or "HOST:PORT"'

ACCURACY = {"accuracy": 0.001}
"""Of xTB unless the case says otherwise: the default 1 leaves 5e-5 eV/A in the forces, above Newton's tolerance."""


@dataclass(frozen=True, kw_only=True)
class EngineSpec:
    """Which engine, and how patiently it is asked.

    Attributes
    ----------
    engine : str
        One of `BUILT_IN`, "ase:module.Class", or `SOCKET`: a program that is asked through a socket.
    parameters : dict
        Keyword arguments of the ASE calculator.
    charge, spin : int
        Total charge, e, and number of unpaired electrons of the cluster.
    time_limit : float
        Longest time for one call, s.
    retries : int
        Further attempts after one that failed.
    threads : int
        Of the engine.
    start : {"fresh", "last"}
        Density that a call begins with: the atoms', so that the result is a function of the positions, or the last call's.
    python : tuple of str
        Command of the interpreter that runs the worker; empty: the one that runs us.
    socket : str
        Of a program that speaks i-PI's protocol: "unix:NAME" or "HOST:PORT".
    command : tuple of str
        Starts that program.
    directory : str
        Where it runs; empty: a folder of its own that is thrown away.
    alias : str
        The name by which the engine was asked for, if it is none of its own (`qc.qm.engine.aliases.named_engine`).
    """

    engine: str = "gfn1-xtb"
    parameters: dict[str, Any] = field(default_factory=dict)
    charge: int = 0
    spin: int = 0
    time_limit: float = 600.0
    retries: int = 3
    threads: int = 1
    start: str = "fresh"
    python: tuple[str, ...] = ()
    socket: str = ""
    command: tuple[str, ...] = ()
    directory: str = ""
    alias: str = ""

    def __post_init__(self) -> None:
        if self.engine != SOCKET:
            check_name(self.engine)
        elif not (SOCKET_FORM.fullmatch(self.socket) and self.command):
            raise ValueError(f"the socket {self.socket!r} is not usable: it must be {SOCKET_WORDS}, with the command of a program")
        if not (self.time_limit > 0 and self.retries >= 0 and self.threads >= 1 and self.spin >= 0):
            raise ValueError("the time limit must be > 0 s, retries and spin 0 or more, threads 1 or more")

    @property
    def name(self) -> str:
        """What people call the engine."""
        return self.alias or self.engine

    @property
    def is_fresh(self) -> bool:
        """Whether each call starts anew; a program behind a socket goes on, whatever it keeps of its last density."""
        return self.start == "fresh" and self.engine != SOCKET

    @property
    def is_xtb(self) -> bool:
        """Whether tblite computes."""
        return self.engine in ("gfn1-xtb", "gfn2-xtb")

    def keywords(self) -> dict[str, Any]:
        """Keyword arguments of the calculator, defaults of ours included."""
        return (ACCURACY if self.is_xtb else {}) | self.parameters

    def attempt(self, k: int) -> dict[str, Any]:
        """What attempt k changes in the parameters: nothing at first (a new start helps most), then mixing, then accuracy."""
        if k < 2 or not self.is_xtb:
            return {}
        changed: dict[str, Any] = {"mixer_damping": 0.1, "max_iterations": 1000}
        return changed if k == 2 else changed | {"accuracy": 10.0 * self.keywords()["accuracy"]}


def check_name(engine: str) -> None:
    """ValueError unless it is the name of an engine."""
    module, _, name = engine.removeprefix("ase:").rpartition(".")
    if engine not in BUILT_IN and not (engine.startswith("ase:") and module and name.isidentifier()):
        raise ValueError(
            f'the engine {engine!r} is not known: it must be "{'", "'.join(BUILT_IN)}" or "ase:module.Class"'
        )


@dataclass(frozen=True)
class Answer:
    """What an engine says of one structure.

    Attributes
    ----------
    energy : float
        eV.
    forces : (n, 3) ndarray
        eV/A.
    stress : (3, 3) ndarray or None
        eV/A^3.
    seconds : float
        Time the engine took.
    """

    energy: float
    forces: np.ndarray
    stress: np.ndarray | None
    seconds: float


def installed(engine: str) -> bool:
    """Whether the module of an engine is there for our own interpreter, without importing it."""
    check_name(engine)
    module = {"gpaw": "gpaw", "pyscf": "pyscf"}.get(engine, "tblite" if engine in BUILT_IN else engine.removeprefix("ase:").split(".")[0])
    return importlib.util.find_spec(module) is not None
