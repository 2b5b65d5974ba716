"""What a propagation has come to: as the document propagation.json, and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..crack.propagation import Propagation
from ..crack.propagation_state import PropagationSpec, PropagationState
from ..crack.r_curve import CurvePoint
from ..crack.start import Trial
from ..stages import Stopwatch
from .report import closing_entries, judged_by, material_entries, notes, qm_line
from .specimen import Specimen

SIGNS = {"K_plus": "K+", "K_minus": "K-"}
"""Names of the loads of breaking and closing bonds in words."""


def document(
    specimen: Specimen, propagation: Propagation, watch: Stopwatch, qm: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Contents of propagation.json: K in MPa m^1/2, energies in eV per cell, lengths in A, J and dE/da in J/m^2.

    ``qm`` is the report of the QM tip, None without one.
    """
    s, ladder, state, spec = specimen.system, propagation.ladder.state, propagation.state, propagation.spec
    return {
        "case": specimen.case.name,
        "method": s.spec.method,
        "reference": s.reference,
        "field": spec.field,
        "bonds": spec.bonds,
        "close": spec.close,
        "tolerance": spec.tolerance,
        "dimension": specimen.case.model.dimension,
        "cell_length": s.model.thickness,
        "ranks": s.model.comm.size,
        "n_dofs": s.model.parts.layout.n_unknowns,
        "core_radius": s.spec.core,
        "arms": [asdict(arm) for arm in s.spec.arms],
        "domain_radius": s.spec.radius,
        "K_G": s.K_G,
        "gamma": s.griffith.gamma,
        "griffith": s.griffith.as_dict(),
        **material_entries(specimen),
        "verdict": verdict(state, spec, ladder.start),
        "start": {"no_start": ladder.no_start, "trials": [trial.plain() for trial in ladder.trials]},
        "notes": notes(s),
        "summary": summary(state.curve, s.K_G),
        "r_curve": [asdict(point) for point in state.curve],
        "moves": [asdict(made) for made in state.moves],
        "lead": state.lead,
        "offset": ladder.offset,
        "carried": ladder.carried,
        "steps": [step.plain() for step in ladder.steps],
        "events": [event.plain() for event in ladder.events],
        "n_qm_calls": 0 if qm is None else qm["calls"],
        "qm": qm,
        **closing_entries(specimen, watch, state.finished),
    }


def verdict(state: PropagationState, spec: PropagationSpec, start: Trial | None) -> str:
    """What the crack has done, in one sentence, and what has judged its first state."""
    broken = sum(e.bonds for e in state.curve if e.branch == "load")
    closed = -sum(e.bonds for e in state.curve if e.branch == "unload")
    text = f"{broken} bonds broken" + (f", {closed} closed again" if spec.close else "")
    damage = next((e for e in state.curve if e.kind == "blunting"), None)
    if damage is not None:
        text += f"; from event {damage.event} on with bonds broken or joined off the plane"
    return "; ".join(part for part in (text, state.ended, judged_by(start) if state.curve else None) if part)


def summary(curve: Sequence[CurvePoint], K_G: float) -> dict[str, Any]:
    """Number, mean and scatter of the loads of each kind of event and of their brackets, K_G; worst dE/da against 2 gamma - J."""
    found: dict[str, Any] = {}
    for name, branch in (("K_plus", "load"), ("K_minus", "unload")):
        levels = np.array([e.K_over_KG for e in curve if e.branch == branch])
        if len(levels):
            ends = [(e.K_low / K_G, e.K_high / K_G) for e in curve if e.branch == branch]
            found[name] = {
                "events": len(levels),
                "bracket_lowest": min(low for low, _ in ends),
                "bracket_highest": max(high for _, high in ends),
                "bracket_width": max(high - low for low, high in ends),
                "mean": levels.mean(),
                "lowest": levels.min(),
                "highest": levels.max(),
            }
    balances = [
        abs(e.dE_da - e.two_gamma_minus_J) / e.J_before
        for e in curve
        if e.dE_da is not None and e.two_gamma_minus_J is not None and e.J_before is not None
    ]
    return found | {"worst_balance": max(balances, default=None)}


def summary_lines(
    specimen: Specimen, propagation: Propagation, watch: Stopwatch, directory: Path, qm: dict[str, Any] | None = None
) -> list[str]:
    """What a finished propagation says on the terminal."""
    griffith, found = specimen.system.griffith, summary(propagation.curve, specimen.system.K_G)
    lines = [
        f"K_G {specimen.system.K_G:.4f} MPa m^1/2 (plane {griffith.plane}, {griffith.cut}, front {griffith.front})",
        *(f"warning: {sentence}" for sentence in specimen.warnings),
        *(trial.sentence for trial in propagation.ladder.state.trials),
        verdict(propagation.state, propagation.spec, propagation.ladder.state.start),
    ]
    for name in (name for name in SIGNS if name in found):
        part = found[name]
        extent = f"all between {part['bracket_lowest']:.5f} and {part['bracket_highest']:.5f}"
        width = f"brackets {part['bracket_width']:.5f} wide at most"
        lines.append(f"{SIGNS[name]} {part['mean']:.4f} K_G over {part['events']} events, {extent}, {width}")
    if qm is not None:
        calls = [point.qm_calls for point in propagation.curve if point.qm_calls is not None]
        lines.append(qm_line(qm) + (f", at most {max(calls)} a bond" if calls else ""))
    steps, seconds = propagation.ladder.state.steps, sum(watch.seconds.values())
    return [*lines, f"{len(steps)} steps in {seconds:.0f} s; results in {directory}"]
