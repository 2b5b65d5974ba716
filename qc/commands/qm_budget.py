"""``qc qm-budget``: elastic constants of an engine beside those of the potential."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI

from atomistics import load_potential

from ..case.case import Case
from ..errors import InputError
from ..output.files import replace_text
from ..qm.budget import budget_table, engine_elasticity, potential_elasticity
from ..qm.match import matched_stillinger_weber, sw_text
from .build import make_crystal
from .checks import check_engine
from .potential import load_potential_of
from .specs import engine_spec
from .terminal import display


def budget_of_case(case: Case, cells: int, match: Path | None) -> dict[str, Any]:
    """Engine and potential of a case as crystals; with ``match`` a potential that agrees, written there. Not collective.

    Returns
    -------
    dict
        ``engine``, ``potential`` and with ``match`` also ``matched``: `Elasticity` as dicts; ``table``, ``matched_table``: plain text.

    Raises
    ------
    InputError
        For crystals that are not cubic, and for a match of anything but a diamond crystal.
    """
    if case.qm is None:
        raise InputError(f"{case.name} has no table [qm]: qc qm-budget needs one, as [qm] with radius = 6.0")
    check_engine(case.qm)
    potential = load_potential_of(case)
    crystal = replace(make_crystal(case, potential), rotation=np.eye(3))
    if match is not None and crystal.structure != "diamond":
        raise InputError(
            f'--match is for crystal.structure = "diamond", whose potential of Stillinger and Weber\'s form can be fitted, '
            f'not for "{crystal.structure}"'
        )
    with display(MPI.COMM_SELF, "call") as shown:
        shown.phase(f"starting {case.qm.engine}: 6 to 18 calls, for its lattice constant and then its stiffness")
        shown.begin(None)
        calls = 0

        def called(line: str) -> None:
            nonlocal calls
            calls += 1
            shown.step(calls, line)

        engine = engine_elasticity(replace(engine_spec(case.qm), charge=0, spin=0), crystal, cells, called)
    own = potential_elasticity(crystal, potential)
    found: dict[str, Any] = {"engine": asdict(engine), "potential": asdict(own), "table": budget_table(engine, own)}
    if match is not None:
        values = matched_stillinger_weber(engine, crystal.species[0])
        replace_text(match, sw_text(crystal.species[0], values))
        new = potential_elasticity(crystal.with_lattice_constant(engine.a0), load_potential(match))
        found |= {"matched": asdict(new), "matched_table": budget_table(engine, new)}
    return found
