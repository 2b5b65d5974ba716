"""Table [qm] of the case file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import model_validator

from .explain import toml_text
from .table import COUNT, LENGTH, LONGEST, MOST, Table, key, required
from .tables import MODEL_NAME

ENGINES = ("gfn1-xtb", "gfn2-xtb", "pyscf", "gpaw")
"""Engines by name; a test compares them with those that `qc.qm.engine` knows."""


PROGRAM = re.compile(
    r"command|cmd|executable|binary|socket|interpreter|(^|_)(exe|bin|program|shell|script|launch\w*|profile|python|mpi\w*|env\w*|hook|callback)($|_)"
    r"|^(host|port|address)$",
    re.IGNORECASE,
)
"""Names of parameters by which calculators of ASE are told what to start or where to listen, or are handed lines of a script (LAMMPS)."""
FILE = re.compile(
    r"(^|_)(txt|log\w*|label|directory|restart\w*|trajectory|outdir|tmp_?dir|scratch\w*|work_?dir|prefix|header|amendments)($|_)",
    re.IGNORECASE,
)
"""Names of parameters by which they are told where to write, what to read back, or what stands in an input file as it is."""


LAMMPS = (
    "pair_style",
    "pair_coeff",
    "pair_modify",
    "kspace_style",
    "kspace_modify",
    "dielectric",
    "neighbor",
    "neigh_modify",
)
"""Commands by which a potential is described to LAMMPS: others start programs (shell, python, plugin) or write files."""
NOT_IN_LAMMPS = re.compile(r"[$&\"'\\`]|\b(python|mliap\w*|unified|kim)\b", re.IGNORECASE)
"""Variables, quotes and lines that go on; styles that load code or pickles."""


ALIAS = (
    "a name of letters, digits, -, + and _, which --engine NAME=COMMAND, your own ~/.config/qc/engines.toml or an installed package "
    "explains (no interpreter, no command and no socket: a case file starts no program)"
)


def is_engine(name: str) -> bool:
    """Whether it is one of `ENGINES`, has the form ``ase:module.Class``, or may be a name that is explained elsewhere."""
    module, _, cls = name.removeprefix("ase:").rpartition(".")
    return bool(re.fullmatch(MODEL_NAME, name)) or bool(name.startswith("ase:") and module and cls.isidentifier())


def _check_lammps(path: str, lines: Any) -> None:
    """ValueError for a line that does not describe a potential."""
    for line in lines if isinstance(lines, list | tuple) else [lines]:
        if not isinstance(line, str) or not line.split() or line.split()[0] not in LAMMPS or NOT_IN_LAMMPS.search(line):
            raise ValueError(
                f"{path} has {toml_text(line)}, which is not allowed: a case file may give LAMMPS lines that begin with "
                f"{', '.join(LAMMPS)}, without variables, quotes and styles that load code (docs/security.md)"
            )


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """All values inside of tables and lists, with the keys that lead there; lists and tables themselves too."""
    inside = (
        value.items()
        if isinstance(value, dict)
        else ((None, part) for part in value)
        if isinstance(value, list | tuple)
        else ()
    )
    yield path, value
    for name, part in inside:
        yield from _leaves(path if name is None else f"{path}.{name if name.isidentifier() else toml_text(name)}", part)


class QMTable(Table):
    """Table [qm]: a region of quantum mechanics round the tip. Without the table there is none."""

    engine: str = key(
        "gfn1-xtb",
        f'"{'", "'.join(ENGINES)}", "ase:module.Class", or {ALIAS}',
        "what computes the region: tblite or PySCF (extra qm), GPAW, any ASE calculator by module and class, or an engine of your own "
        "by its name",
    )
    mode: Literal["energy", "force"] = key(
        "energy",
        '"energy" or "force"',
        "energy: one conserved energy, E_QM - E_MM of the cluster less its dead load at the reference crystal; force: the engine's "
        "forces on the atoms within the radius, no energy",
    )
    radius: float = required(
        LENGTH,
        "QM atoms lie within it of the tip in the reference crystal, A; cleavage bonds and shared hosts are completed",
        gt=0,
    )
    buffer: float = key(
        6.0, LENGTH, 'mode "force": further atoms in the engine\'s cluster, whose forces are thrown away, A', gt=0, le=LONGEST
    )
    follow_tip: bool = key(
        True, "true or false", "the region moves with the tip; its new topology gets a reference of its own"
    )
    centre: tuple[float, float] | None = key(
        None,
        "two numbers in A",
        "centre of the region, A; left out: crack.tip, and the tip where the region follows it",
    )
    caps: bool = key(True, "true or false", "link atoms (hydrogen) on cut bonds")
    hessian: Literal["sr1", "psb", "mm"] = key(
        "sr1",
        '"sr1", "psb" or "mm"',
        "what Newton's method knows of the engine: symmetric secant updates from its forces, or only the potential's stiffness",
    )
    parameters: dict[str, Any] = key({}, "a table", "keyword arguments of the engine's ASE calculator")
    charge: int = key(0, "a whole number", "total charge of the cluster, e")
    spin: int = key(0, "a whole number of at least 0", "unpaired electrons of the cluster", ge=0)
    time_limit: float = key(600.0, "a number > 0 in s", "longest time for one call of the engine, s", gt=0)
    retries: int = key(
        3, "a whole number of at least 0", "further attempts: new start, slower mixing, lower accuracy (xTB)", ge=0
    )
    threads: int = key(1, COUNT, "threads of the engine, which runs on one rank while the others sleep", ge=1, le=MOST)
    start: Literal["fresh", "last"] = key(
        "fresh",
        '"fresh" or "last"',
        "density each call begins with: fresh makes the result a function of the positions, last saves iterations (GPAW)",
    )

    @model_validator(mode="after")
    def _check_engine(self) -> QMTable:
        if not is_engine(self.engine):
            names = '", "'.join(ENGINES)
            raise ValueError(f'qm.engine = {toml_text(self.engine)} is not allowed: it must be "{names}", "ase:module.Class", or {ALIAS}')
        return self

    @model_validator(mode="after")
    def _check_parameters(self) -> QMTable:
        """A case file starts no program and writes no file by way of an engine's parameters."""
        for path, value in _leaves("qm.parameters", self.parameters):
            name = path.rpartition(".")[2]
            if name == "lmpcmds":
                _check_lammps(path, value)
            elif value is not None and (PROGRAM.search(name) or (FILE.search(name) and value != "-")):
                what = "starts a program or listens" if PROGRAM.search(name) else "writes or reads a file"
                raise ValueError(
                    f"{path} = {toml_text(value)} is not allowed: what {what} is set by an engine of your own (--engine, "
                    "~/.config/qc/engines.toml), by ASE's own configuration or by a class of yours (ase:module.Class), and not by a case "
                    "file (docs/security.md)"
                )
            if isinstance(value, str) and not value.isprintable():
                raise ValueError(
                    f"{path} = {ascii(value)[:60]} is not allowed: text for an engine must be a single line without control characters"
                )
        return self
