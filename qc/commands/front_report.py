"""What ``qc front`` has found: as the document front.json, as a table, and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..crack.front_states import FrontRecord
from ..crack.front_theory import grip_energy, kink_energy, pair_interaction
from ..crack.straight_front import StraightFront, second_difference
from ..crack.system import CrackSystem
from ..output.files import write_steps_csv
from ..output.versions import versions
from ..stages import Stopwatch
from .report import material_entries
from .specimen import Specimen

COLUMNS = (
    *("advanced", "kept", "energy", "pair_energy", "corrected", "rice", "beside_rice", "beside_rice_even", "residual"),
    "robust_iterations",
)
"""Columns of ``front.csv``."""


def document(
    specimen: Specimen,
    level: float,
    straight: Sequence[StraightFront],
    ends: tuple[float, float],
    records: Sequence[FrontRecord],
    watch: Stopwatch,
) -> dict[str, Any]:
    """Contents of front.json: energies in eV, lengths in A, K in MPa m^1/2, G in J/m^2.

    Parameters
    ----------
    specimen : Specimen
    level : float
        K / K_G.
    straight : sequence of two or three StraightFront
        Before an advance, after it, and after another one.
    ends : (float, float)
        Energies of the straight fronts of all periods, before and after, eV.
    records : sequence of FrontRecord
    watch : Stopwatch
    """
    system, spec = specimen.system, specimen.system.spec
    energies = [one.energy for one in straight]
    curvature = second_difference(energies)
    step, G = float(system.lattice.vectors[0, 0]), system.energy_release_rate(level * system.K_G)
    states, fit = _beside_theory(records, system, G, curvature)
    return {
        "case": specimen.case.name,
        "method": spec.method,
        "front_periods": spec.front_periods,
        "cell_length": system.model.thickness,
        "step": step,
        "lattice_constant": system.crystal.a,
        "core_radius": spec.core,
        "blend_width": system.model.spec.width,
        "domain_radius": spec.radius,
        "n_atoms": specimen.n_atoms,
        "n_dofs": system.model.parts.layout.n_unknowns,
        "ranks": system.model.comm.size,
        "K": level * system.K_G,
        "K_over_KG": level,
        "K_G": system.K_G,
        "G": G,
        "straight": {"energies": energies, "advance": energies[1] - energies[0], "curvature": curvature, "all_periods": ends[1] - ends[0]},
        "kink_unit": kink_energy(G, step),
        **fit,
        "states": states,
        **material_entries(specimen),
        **watch.plain(),
        "settings": specimen.case.plain(),
        "versions": versions(),
    }


def _beside_theory(
    records: Sequence[FrontRecord], system: CrackSystem, G: float, curvature: float | None
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The fronts as plain data, single pairs of kinks with what Rice's theory says of them, and the energy of a kink alone.

    The constant that the theory leaves open is that of the pair nearest to half the front. To first order n periods ahead are as n
    periods behind: what is even in that, the mean of both, is what the theory speaks of.
    """
    periods, step = system.spec.front_periods, float(system.lattice.vectors[0, 0])
    length = system.model.thickness
    cut = length / periods
    states = [record.plain() | {"advanced": len(record.periods)} for record in records]
    pairs = [state for state in states if curvature is not None and state["kept"] and _neighbours(state["periods"])]
    for state in pairs:
        n = len(state["periods"])
        state["corrected"] = state["pair_energy"] + grip_energy(curvature or 0.0, periods, n)
        state["rice"] = pair_interaction(G, step, length, n * cut, cut)
    if not pairs:
        return states, {"kink": None, "reference": None}
    reference = min(pairs, key=lambda state: abs(len(state["periods"]) - 0.5 * periods))
    rest = reference["corrected"] - reference["rice"]
    for state in pairs:
        state["beside_rice"] = state["corrected"] - state["rice"] - rest
    beside = {len(state["periods"]): state["beside_rice"] for state in pairs}
    for n, state in ((len(state["periods"]), state) for state in pairs):
        if periods - n in beside:
            state["beside_rice_even"] = 0.5 * (beside[n] + beside[periods - n])
    return states, {"kink": 0.5 * rest, "reference": len(reference["periods"])}


def _neighbours(periods: Sequence[int]) -> bool:
    """Whether some periods are one stretch, between two kinks."""
    return bool(periods) and periods[-1] - periods[0] == len(periods) - 1


def write_tables(directory: Path, made: Mapping[str, Any]) -> None:
    """The fronts as ``front.csv``."""
    write_steps_csv(directory / "front.csv", made["states"], COLUMNS)


def line_of(record: FrontRecord) -> str:
    """A front in one line."""
    asked = f"periods {_in_words(record.periods)} advanced"
    if record.energy is None:
        return f"{asked}: no stable state found ({record.reason})"
    if record.pair_energy is None:
        return f"{asked}: energy {record.energy:.4f} eV, its kinks have run: columns advanced {' '.join(map(str, record.advance))}"
    return f"{asked}: energy {record.energy:.4f} eV, {record.pair_energy:.4f} eV above the chord"


def _in_words(periods: Sequence[int]) -> str:
    return f"{periods[0]} to {periods[-1]}" if len(periods) > 2 and _neighbours(periods) else ", ".join(map(str, periods))


def summary(made: Mapping[str, Any]) -> list[str]:
    """What was found, in a few lines for the terminal."""
    straight = made["straight"]
    lines = [
        f"K = {made['K_over_KG']:g} K_G ({made['K']:.4f} MPa m^1/2), front of {made['front_periods']} periods, "
        f"{made['cell_length']:.2f} A; {made['n_dofs']} unknowns",
        f"straight front: {straight['advance']:+.4f} eV a period and advance by {made['step']:.3f} A",
    ]
    for state in made["states"]:
        lines.append(line_of(FrontRecord.from_plain({name: state[name] for name in FrontRecord.__dataclass_fields__})))
    if made["kink"] is not None:
        lines.append(f"a kink alone: {made['kink']:.3f} eV (cut-off of a period); G h^2/pi = {made['kink_unit']:.3f} eV")
        for name, what in (("beside_rice", "pairs"), ("beside_rice_even", "pairs of n and all but n periods on average")):
            far = [abs(state[name]) for state in made["states"] if name in state]
            if far:
                lines.append(f"{what} within {max(far):.3f} eV of G h^2/pi ln[(L/pi c) sin(pi d/L)] against the one of {made['reference']}")
    return [*lines, *(f"warning: {sentence}" for sentence in made["warnings"])]
