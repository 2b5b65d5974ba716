"""What a crack that has run has come to: as the document dynamics.json, as a table, and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from ..crack.crack_speed import crack_speed, mean_flux, stands_since
from ..crack.running import RunningCrack
from ..crack.running_records import MotionRecord
from ..material.surface import EV_PER_A2
from ..output.files import write_steps_csv
from ..stages import Stopwatch
from .report import closing_entries, material_entries
from .specimen import Specimen

COLUMNS = tuple(f.name for f in fields(MotionRecord))
METRES = 100.0
"""1 A/ps in m/s."""
STEADY = 0.05
"""Spread of a speed, in itself, above which the crack is not steady."""
COSTLY = 0.1
"""Share of the kinetic energy that moves of the model may have cost without a word."""
DRIFT = 1e-3
"""Change of the balance, in the energy moved, above which the time step is too large."""


def document(specimen: Specimen, crack: RunningCrack, level: float, watch: Stopwatch) -> dict[str, Any]:
    """Contents of dynamics.json: times in ps, lengths in A, speeds in A/ps, energies in eV per cell; ``level`` is that of the rest, K_G."""
    s, state, spec = specimen.system, crack.state, crack.spec
    found, energies = _speeds(crack), _energies(crack)
    return {
        "case": specimen.case.name,
        "method": s.spec.method,
        "K_G": s.K_G,
        "K": crack.K,
        "K_over_KG": spec.K,
        "K_rate": spec.K_rate,
        "K_first_bond_over_KG": _first_bond(crack),
        "K_rest_over_KG": level,
        "field": spec.field,
        "temperature": spec.temperature,
        "time_step": crack.motion.time_step,
        "largest_frequency": crack.motion.frequency,
        "core_radius": s.spec.core,
        "domain_radius": s.spec.radius,
        "cell_length": s.model.thickness,
        "ranks": s.model.comm.size,
        "n_dofs": s.model.parts.layout.n_unknowns,
        "gamma": s.griffith.gamma,
        **material_entries(specimen),
        **found,
        **energies,
        "events": [event.plain() for event in state.events],
        "moves": state.moves,
        "ended": state.ended,
        "notes": _notes(crack, energies["balance_drift"]),
        "verdict": _verdict(crack, found),
        "motion": [record.plain() for record in state.records],
        **closing_entries(specimen, watch, state.finished),
    }


def _speeds(crack: RunningCrack) -> dict[str, Any]:
    """Speeds of the tip before waves of the boundary are there, and over all of the run, beside what theory says of them."""
    records, undisturbed = [r for r in crack.state.records if r.time >= crack.risen] or crack.state.records[-1:], crack.undisturbed
    free, whole = crack_speed(records, undisturbed), crack_speed(records)
    flux = None if free is None else mean_flux(records, free)
    return {
        "rayleigh_speed": crack.speed_limit,
        "undisturbed": undisturbed,
        "speed": None if free is None else free.plain(),
        "speed_over_rayleigh": None if free is None else free.value / crack.speed_limit,
        "speed_of_all": None if whole is None else whole.plain(),
        "stands_since": stands_since(records),
        "G": crack.system.energy_release_rate(crack.K),
        "J_dynamic": None if flux is None else flux.plain(),
        "J_dynamic_over_two_gamma": None if flux is None else flux.value / (2.0 * crack.system.griffith.gamma),
        "without_radiation": max(0.0, 1.0 - crack.spec.K**-2),
    }


def _first_bond(crack: RunningCrack) -> float | None:
    """The load at which the first bond was seen broken, K_G."""
    return next((record.K_over_KG for record in crack.state.records if record.bonds > 0), None)


def _energies(crack: RunningCrack) -> dict[str, Any]:
    """What the energies have come to: drift of the balance in the energy moved, and what has gone into friction by the new faces."""
    first, last = crack.state.records[0], crack.state.records[-1]
    moved = abs(last.work) + abs(last.by_moves) + last.dissipated + last.heat + last.kinetic_energy
    area = 2.0 * (last.tip_position - first.tip_position) * crack.system.model.thickness  # two faces
    return {
        "balance_drift": None if moved == 0 else (last.balance - first.balance) / moved,
        "kinetic_by_moves": crack.state.kinetic_by_moves,
        "gain_by_moves": last.by_moves + last.faces,
        "radiated": None if not area > 0 else (last.dissipated - last.heat) / area * EV_PER_A2 * 2.0,
    }


def _notes(crack: RunningCrack, drift: float | None) -> list[str]:
    """How far to trust the run; ``drift`` is that of its balance."""
    state, spec, notes = crack.state, crack.spec, []
    if drift is not None and abs(drift) > DRIFT:
        notes.append(f"the energies do not add up to {abs(drift):.1e} of what was moved: take a smaller dynamics.time_step")
    if state.records[-1].time > crack.undisturbed:
        notes.append(
            f"after {crack.undisturbed:.4g} ps waves of the boundary are at the tip: what it does then depends on model.domain_radius"
        )
    if abs(state.kinetic_by_moves) > COSTLY * state.records[-1].kinetic_energy:
        notes.append(
            f"moves of the model have changed the kinetic energy by {state.kinetic_by_moves:+.3f} eV, beside "
            f"{state.records[-1].kinetic_energy:.3f} at the end: the coarse mesh carries no short waves, so a warm crystal cools; "
            "take a larger core, which moves less often"
        )
    if spec.temperature > 0:
        notes.append(
            f"the crystal has the size it has at 0 K: at {spec.temperature:g} K it is under the pressure of its own thermal motion"
        )
    damaged = next((r for r in state.records if r.off_plane_broken + r.new_neighbours > 0), None)
    if damaged is not None:
        notes.append(f"bonds off the plane are broken or joined from {damaged.time:.4g} ps on: it does not cleave cleanly")
    return notes


def _verdict(crack: RunningCrack, found: dict[str, Any]) -> str:
    """What the crack has done, in one sentence."""
    state, speed, stands = crack.state, found["speed"], found["stands_since"]
    last, first = state.records[-1], _first_bond(crack)
    load = crack.spec.K if last.K_over_KG is None else last.K_over_KG
    broken = f"{crack.bonds} bonds broken in {last.time:.4g} ps under {load:.4g} K_G"
    if crack.spec.K_rate is not None and first is not None:
        broken += f", the first at {first:.4g} K_G of a load that rises by {crack.spec.K_rate:g} K_G/ps"
    if speed is None and crack.bonds <= 1 and stands is not None:
        text = f"{broken}: the crack does not run"
    elif stands is not None:
        text = f"{broken}: it has stood since {stands:.4g} ps"
    elif speed is None and last.time < crack.risen:
        text = f"{broken}: a speed is measured once all of the load is on"
    elif speed is None:
        text = f"{broken}: too few for a speed"
    else:
        v = speed["value"]
        share, spread = v / crack.speed_limit, speed["spread"] / crack.speed_limit
        steady = "steady" if speed["spread"] <= STEADY * v else "not steady"
        text = f"{broken}: v = {share:.3f} +- {spread:.3f} c_R ({METRES * v:.0f} m/s), {steady}, over {speed['way']:.1f} A"
    return "; ".join(part for part in (text, state.ended) if part)


def line_of(record: MotionRecord) -> str:
    """A look at the tip, for the screen."""
    return (
        f"t = {record.time:.4g} ps, tip {record.tip_position:.2f} A, kinetic {record.kinetic_energy:.3f}, "
        f"dissipated {record.dissipated:.3f}, balance {record.balance:.4f} eV"
    )


def short_of(record: MotionRecord) -> str:
    """The same beside a bar."""
    return f"t = {record.time:.4g} ps, tip {record.tip_position:.2f} A"


def write_table(path: Path, records: Sequence[MotionRecord]) -> None:
    """motion.csv: a line a look."""
    write_steps_csv(path, [record.plain() for record in records], COLUMNS)


def summary(made: dict[str, Any]) -> list[str]:
    """What is printed at the end."""
    lines = [f"verdict: {made['verdict']}"]
    lines.append(
        f"c_R = {METRES * made['rayleigh_speed']:.0f} m/s; a crack that radiates nothing: {made['without_radiation']:.3f} c_R; "
        f"no wave of the boundary before {made['undisturbed']:.4g} ps"
    )
    if made["J_dynamic"] is not None:
        unit = 2.0 * made["gamma"]
        flux, spread = made["J_dynamic_over_two_gamma"], made["J_dynamic"]["spread"] / unit
        lines.append(
            f"flux of energy into rings about the tip, J with the kinetic energy: {flux:.3f} +- {spread:.3f} of 2 gamma; "
            f"the load's G is {made['G'] / unit:.3f} of it"
        )
    if made["balance_drift"] is not None:
        cost = f"{made['moves']} moves of the model have changed the kinetic energy by {made['kinetic_by_moves']:+.3f} eV"
        lines.append(f"energies add up to {abs(made['balance_drift']):.1e} of what was moved; {cost}")
    lines += [f"event: {event['sentence']}, seen at {event['time']:.4g} ps" for event in made["events"]]
    return lines + [f"note: {sentence}" for sentence in made["notes"]]
