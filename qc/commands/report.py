"""What a ladder has come to: as the document result.json, and in words."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from atomistics import ForcesOnly
from fem.cauchy_born import GPA

from ..crack.ladder_state import LadderState
from ..crack.records import Event, StepRecord
from ..crack.start import Trial
from ..crack.system import CrackSystem
from ..output.versions import versions
from ..stages import Stopwatch
from .specimen import Specimen

NO_ENERGY = (
    "forces only: there is no energy, therefore no barrier, no fold and no count of negative eigenvalues; a state is taken for stable "
    "where the forces lead to it"
)


def document(
    specimen: Specimen,
    state: LadderState,
    watch: Stopwatch,
    qm: dict[str, Any] | None,
    error: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Contents of result.json: K in MPa m^1/2, energies in eV per cell minus the perfect crystal, A, J/m^2, GPa.

    ``qm`` is the report of the QM tip, None without one; ``error`` that of `KPlusError`, in K_G, None if it was not measured.
    """
    s, model = specimen.system, specimen.system.model
    return {
        "case": specimen.case.name,
        "method": s.spec.method,
        "reference": s.reference,
        "reconstruction": None if model.reconstruction is None else model.reconstruction.info,
        "dimension": specimen.case.model.dimension,
        "front_periods": s.spec.front_periods,
        "cell_length": model.thickness,
        "ranks": model.comm.size,
        "n_atoms": specimen.n_atoms,
        "n_free_atoms": specimen.n_free_atoms,
        "n_dofs": model.parts.layout.n_unknowns,
        "core_radius": s.spec.core,
        "arms": [asdict(arm) for arm in s.spec.arms],
        "arms_laid": [arm.plain() for arm in state.arms],
        "blend_width": model.spec.width,
        "face_strip": s.spec.strip,
        "domain_radius": s.spec.radius,
        "ladder_start": state.steps[0].K_over_KG if state.steps else None,
        "lattice_constant": s.crystal.a,
        "T_stress": s.T_stress,
        "K_G": s.K_G,
        "gamma": s.griffith.gamma,
        "elastic_constants": s.griffith.elastic_constants | {"relaxed": s.griffith.relaxed},
        "griffith": s.griffith.as_dict(),
        "cut": s.griffith.cut,
        **material_entries(specimen),
        **ladder_entries(state, s, weighed=error is not None),
        "K_plus_error": error,
        "notes": notes(s),
        "n_qm_calls": 0 if qm is None else qm["calls"],
        "qm": qm,
        "calculator": calculator_report(specimen),
        **closing_entries(specimen, watch, state.finished),
    }


def material_entries(specimen: Specimen) -> dict[str, Any]:
    """The entries of a document on the material and what it is not good for."""
    kind, why = specimen.material
    return {"material": kind, "material_note": why, "warnings": specimen.warnings}


def ladder_entries(state: LadderState, system: CrackSystem, weighed: bool = False) -> dict[str, Any]:
    """The entries of result.json that the ladder has found.

    ``K_plus``, ``K_minus``, their brackets and K_G are in MPa m^1/2, with ``_over_KG`` they are in K_G, as on the screen.
    """
    K_G = system.K_G
    found: dict[str, Any] = {
        "verdict": verdict(state, K_G, weighed),
        "start": {
            "judged": None if state.start is None else judged_by(state.start),
            "no_start": state.no_start,
            "trials": [trial.plain() for trial in state.trials],
        },
        "steps": [step.plain() | {"G_over_2gamma": over_griffith(system, step.K)} for step in state.steps],
        "events": [event.plain() for event in state.events],
    }
    first = state.first_event
    found["first_event"] = None if first is None else _in_brief(first, K_G)
    for name, bracket in (("K_plus", state.K_plus_bracket), ("K_minus", state.K_minus_bracket)):
        K = middle(bracket)
        found |= {name: K, f"{name}_bracket": bracket}
        found[f"{name}_over_KG"] = None if K is None else K / K_G
        found[f"{name}_bracket_over_KG"] = None if bracket is None else [end / K_G for end in bracket]
    return found


def _in_brief(event: Event, K_G: float) -> dict[str, Any]:
    """The entry ``first_event``: what came first, and when; the slips are those of ``named`` in the event itself."""
    named = event.named
    return {
        "kind": event.kind if named is None else named.kind,
        "sentence": None if named is None else named.sentence,
        "slips": [] if named is None else [asdict(slip) for slip in named.slips],
        "bracket": event.bracket,
        "bracket_over_KG": [K / K_G for K in event.bracket],
    }


def over_griffith(system: CrackSystem, K: float) -> float:
    """G / (2 gamma) of the near-tip field at load K (MPa m^1/2): in mixed mode K / K_G does not tell."""
    return float(system.energy_release_rate(K) / (2 * system.griffith.gamma))


def notes(system: CrackSystem) -> list[str]:
    """What the numbers of a ladder are not: sentences."""
    found = [
        "at one load several stable states may exist: the tip at any bond that lattice trapping holds, and other shapes of it; the "
        "ladder follows the one that the near-tip field relaxes to"
    ]
    if system.reference == "predictor":
        found.append(
            f"energies of {system.spec.method} under different K are not comparable: its dead load is taken in the near-tip field and "
            "changes with K"
        )
    if any(system.mode[1:]):
        found.append(
            f"loads are in units of K_G of mode I; in this mode G/(2 gamma) is {over_griffith(system, system.K_G):.4f} at K = K_G and "
            "grows as K^2"
        )
    return found


def closing_entries(specimen: Specimen, watch: Stopwatch, finished: bool) -> dict[str, Any]:
    """The last entries of a document: work done, seconds by stage, settings and versions."""
    return {
        "evaluations": specimen.system.model.coupling.evaluations,
        **watch.plain(),
        "finished": finished,
        "settings": specimen.case.plain(),
        "versions": versions(),
    }


def middle(bracket: list[float] | None) -> float | None:
    """The middle of a bracket, None without one."""
    return None if bracket is None else 0.5 * (bracket[0] + bracket[1])


def verdict(state: LadderState, K_G: float, weighed: bool = False) -> str | None:
    """What the crack has done under rising load and how far to trust it, in one sentence; None while nothing has happened and may yet.

    ``weighed``: the error of K+ is known, and told elsewhere.
    """
    done = state.no_start or _done(state, K_G)
    if done is None or state.no_start is not None:
        return done
    slip = next((event.sentence for event in state.events if event.kind == "slip_outside"), None)
    step = "the bracket is that of the load step alone" if state.K_plus_bracket is not None and not weighed else None
    return "; ".join(part for part in (done, slip, _branch(state, K_G), judged_by(state.start), step) if part is not None)


def _branch(state: LadderState, K_G: float) -> str | None:
    """What jumps that moved no tip leave open of K+: other steps of the load may lead to another of the states there are."""
    found = state.K_plus_bracket
    jumps = [] if found is None else [e for e in state.events if e.kind == "rearrangement" and e.bracket[1] <= found[1]]
    if not jumps:
        return None
    times = "once" if len(jumps) == 1 else f"{len(jumps)} times, first"
    return (
        f"before it the state jumped {times} {between(jumps[0].bracket, K_G)}, without a move of the tip: a smaller load.K_step "
        "may lead to another of the states there are, and to another K+"
    )


def judged_by(start: Trial | None) -> str:
    """What has judged the first state, with its numbers."""
    if start is None:
        return "the first state was not judged"
    if start.found == "unjudged":
        return "the first state cannot be judged: no tip is to be seen without atoms, or without K_I"
    tip = f"first state at {start.K_over_KG:.4f} K_G judged by its tip, {start.tip_position:.3f} A"
    return f"{tip}, alone (no rings for J)" if start.J_over_G is None else f"{tip}, and J/G {start.J_over_G:.3f}"


def _done(state: LadderState, K_G: float) -> str | None:
    """What the crack has done under rising load; None while it has done nothing and may yet."""
    dislocation, blunting = state.dislocation, state.blunting
    if dislocation is not None and dislocation.named is not None:
        return f"did not cleave: {dislocation.named.sentence}, {between(dislocation.bracket, K_G)}"
    if blunting is not None:
        return (
            f"did not cleave: the tip blunted {between(blunting.bracket, K_G)}, with {blunting.off_plane_broken} bonds "
            f"broken off the plane and {blunting.new_neighbours} new neighbours"
        )
    if state.K_plus_bracket is not None:
        return f"cleaved: clean first advance {between(state.K_plus_bracket, K_G)}"
    loads = [step for step in state.steps if step.branch == "load"]
    if not loads or not state.finished:
        return None
    top = loads[-1]
    broken, joined = top.off_plane_broken or 0, top.new_neighbours or 0
    found = f"{broken} bonds broken off the plane and {joined} new neighbours"
    return f"did not cleave up to {top.K_over_KG:.3f} K_G: {found if broken or joined else 'no advance of the tip'}"


def between(bracket: list[float], K_G: float) -> str:
    """A bracket of loads (MPa m^1/2) in words, in K_G."""
    low, high = (K / K_G for K in bracket)
    return f"between {low:.4f} and {high:.4f} K_G"


def model_line(specimen: Specimen) -> str:
    """What has been built, in a few words."""
    s = specimen.system
    unknowns = s.model.parts.layout.n_unknowns
    return f"{s.spec.method}, {specimen.n_atoms} atoms, {unknowns} unknowns, K_G = {s.K_G:.4f} MPa m^1/2"


def step_line(record: StepRecord) -> str:
    """An accepted state in one line, for the screen and ``run.log``."""
    parts = [f"K = {record.K_over_KG:.5f} K_G ({record.K:.5f} MPa m^1/2)"]
    parts += [] if record.tip_position is None else [f"tip {record.tip_position:.3f} A"]
    parts += [] if record.J_over_G is None else [f"J/G {record.J_over_G:.3f}"]
    parts += [] if record.energy is None else [f"energy {record.energy:.6f} eV"]
    parts.append(
        f"{record.newton_iterations} + {record.robust_iterations} iterations, force {record.residual:.1e} eV/A"
    )
    parts += [] if record.calls is None else [f"{record.calls} calls"]
    taken_back = f", {record.rejected} steps taken back" if record.rejected else ""
    return ("" if record.stage is None else f"{record.stage}: ") + ", ".join(parts) + taken_back


def in_short(record: StepRecord) -> str:
    """Load and tip of a state, beside the bar."""
    tip = record.tip_position
    return f"K = {record.K_over_KG:.4f} K_G" + ("" if tip is None else f"  tip {tip:.2f} A")


def summary_lines(
    specimen: Specimen,
    state: LadderState,
    watch: Stopwatch,
    qm: dict[str, Any] | None,
    error: dict[str, Any] | None,
    directory: Path,
) -> list[str]:
    """What a finished ladder says on the terminal."""
    griffith, K_G = specimen.system.griffith, specimen.system.K_G
    lines = [
        f"K_G {K_G:.4f} MPa m^1/2 (plane {griffith.plane}, {griffith.cut}, front {griffith.front}, gamma "
        f"{griffith.gamma:.4f} J/m^2, relaxed constants)",
        f"{specimen.material[0]} material: {specimen.material[1]}",
        *(f"warning: {sentence}" for sentence in specimen.warnings),
        *([] if specimen.case.notice is None else [specimen.case.notice]),
        *(trial.sentence for trial in state.trials),
        verdict(state, K_G, weighed=error is not None) or "no advance of the tip yet",
        *([] if error is None else [error["sentence"]]),
    ]
    lines += [arm.sentence for arm in state.arms]
    if state.K_minus_bracket:
        lines.append(f"first closing on unloading {between(state.K_minus_bracket, K_G)}")
    lines += [
        f"{event.kind.replace('_', ' ')} {between(event.bracket, K_G)} ({event.branch})"
        + ("" if event.named is None else f", {event.named.sentence}")
        for event in state.events
        if event.kind not in ("advance", "closing", "blunting")
    ]
    if qm is not None:
        lines.append(qm_line(qm))
    calculator = calculator_report(specimen)
    lines += [] if calculator is None else calculator_lines(calculator)
    seconds = watch.seconds
    stages = ", ".join(f"{name} {t:.0f} s" for name, t in seconds.items() if t >= 0.5)
    return [*lines, f"{len(state.steps)} steps in {sum(seconds.values()):.0f} s ({stages}); results in {directory}"]


def calculator_report(specimen: Specimen) -> dict[str, Any] | None:
    """What a calculator of forces was asked by this rank since the process began; None without one. Rank 0 asks about the atoms."""
    potential = specimen.system.potential
    if not isinstance(potential, ForcesOnly):
        return None
    calls = potential.calls
    tables = [] if (table := specimen.system.model.material.table) is None else table.tables
    return {
        "name": potential.name,
        "calls": calls.atoms,
        "atoms": calls.largest,
        "unit_cells": calls.cells,
        "slabs": calls.slabs,
        "seconds": round(calls.seconds, 3),
        "stress_tables": [
            {"strain": t.radius, "degree": t.degree, "calls": t.calls, "error": GPA * t.error, "largest_stress": GPA * t.largest}
            for t in tables
        ],
    }


def calculator_lines(report: dict[str, Any]) -> list[str]:
    """What a calculator of forces took, how good its tables are, and what there is not, in sentences."""
    found = [
        f"forces by {report['name']}: {report['calls']} calls on {report['atoms']} atoms, {report['unit_cells']} on unit cells, "
        f"{report['slabs']} on slabs, {report['seconds']:.1f} s"
    ]
    tables = report["stress_tables"]
    if tables:
        errors = ", ".join(f"{t['error']:.2g} of {t['largest_stress']:.3g} GPa up to a strain of {t['strain']:g}" for t in tables)
        found.append(f"stress of its crystal from tables, errors up to {errors}")
    return [*found, NO_ENERGY]


def qm_line(report: dict[str, Any]) -> str:
    """What the QM region was and took, in a sentence."""
    moves = f", moved {len(report['moves'])} times with the tip" if report["moves"] else ""
    return (
        f"QM region {report['cluster']} ({report['atoms']} atoms, {report['link_atoms']} link atoms) by {report['engine']}, "
        f"BLAS {report['blas']}: {report['calls']} calls in {report['seconds']:.0f} s{moves}"
    )
