"""``qc thermal``: size, elastic constants, surface energy and Griffith load of a potential's crystal over the temperature."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from mpi4py import MPI

from atomistics import Crystal, ForcesOnly, SitePotential
from fem.brillouin import SIZE, wave_vectors
from fem.cauchy_born import CauchyBornMaterial, InadmissibleDeformationError
from fem.collective import on_root, shared_out, together
from fem.near_tip import NearTipField
from fem.phonons import Share, UnstableCrystalError, Vibrations
from fem.thermal import Sampled, ThermalMaterial, ThermalRangeError, sampled

from ..case.orientation import STANDARD, Orientation
from ..errors import InputError
from ..material.ground_state import not_the_ground_state
from ..material.warm import Warm, warm_crystal
from ..material.warm_surface import surface_free_energy
from ..output.files import write_json, write_steps_csv
from ..output.pictures import drawn
from ..output.versions import versions
from ..pictures.thermal import thermal_picture
from ..report.page import report_or_warn
from .checks import make_directory
from .survey_plan import Chosen, choose, loaded
from .terminal import EVERY, Display, display
from .thermal_plan import Warming

FIRST = ("temperature", "lattice_constant", "axial_ratio", "strain", "expansion")
LAST = ("gamma", "gamma_static", "effective_modulus", "K_G", "lattice_constant_other", "amplitude", "highest_frequency")
"""Columns of ``thermal.csv`` before and after the elastic constants."""
FINER = 1.5
"""Size of the mesh of wave vectors that tells the error of the usual one."""
ROUGH = 0.1
"""Part of the thermal stress that the polynomial misses which is worth a warning."""
LINDEMANN = 0.1
"""Amplitude, in nearest-neighbour distances, at which crystals melt (F. A. Lindemann, Phys. Z. 11 (1910) 609)."""


def run_thermal(warming: Warming, comm: MPI.Comm = MPI.COMM_WORLD) -> dict[str, Any]:
    """All temperatures; files: thermal.json, thermal.csv, thermal.png. Collective: the ranks share the wave vectors.

    Raises
    ------
    InputError
        One sentence: the potential, the crystal, or a temperature at which it is none.
    """
    chosen = on_root(comm, lambda: _plain_choice(warming))
    potential = together(comm, lambda: loaded(warming.potential, chosen["table"], chosen["species"]))
    with display(comm, "wave vectors") as shown:
        made = _measured(warming, potential, chosen["crystal"], comm, shown)
    made = chosen["known"] | made | {"warnings": chosen["known"]["warnings"] + rough(made)}
    on_root(comm, lambda: _write(warming, made))
    return made


def _plain_choice(warming: Warming) -> dict[str, Any]:
    """What is looked at, in a form that travels."""
    found = choose(warming.potential, warming.structure, warming.species, look=partial(_refuse_forces_only, warming.potential))
    warning = None if warming.structure is None else not_the_ground_state(found.structures, found.rest.structure)
    usual = STANDARD[found.rest.structure][0]
    orientation = usual if warming.plane is None else Orientation(plane=warming.plane, front=warming.front)
    known = {
        "potential": warming.potential,
        "species": list(found.species),
        "structure": found.rest.structure,
        "orientation": orientation.label,
        "quantum": warming.quantum,
        "warnings": [] if warning is None else [warning],
    }
    return {"table": found.table, "species": found.species, "crystal": _oriented(found, orientation), "known": known}


def _refuse_forces_only(name: str, potential: SitePotential) -> None:
    if isinstance(potential, ForcesOnly):
        raise InputError(f"{name} gives forces only, no second derivatives of site energies: qc thermal needs them for its vibrations")


def _oriented(found: Chosen, orientation: Orientation) -> Crystal:
    sheet = found.crystal.dimension == 2
    if sheet != (orientation.front is None) or (not sheet and len(orientation.plane) != 3):
        expected = "--plane u,v, the direction along the crack" if sheet else "both --plane h,k,l and --front u,v,w"
        raise InputError(f"{orientation.label} is not allowed of {found.rest.structure}: expected is {expected}")
    try:
        return found.crystal.oriented(orientation.plane, orientation.front or (0, 0, 1))
    except ValueError as error:
        raise InputError(f"--plane, --front: {error}") from None


def _measured(warming: Warming, potential: SitePotential, crystal: Crystal, comm: MPI.Comm, shown: Display) -> dict[str, Any]:
    """Rows of all temperatures, and how far to trust them."""
    share = partial(_shared, comm, shown)
    shown.phase("vibrations of the strained crystal")
    try:
        known = sampled(Vibrations(CauchyBornMaterial(crystal, potential)), share)
    except UnstableCrystalError as error:
        raise InputError(f"{warming.potential}: {error}") from None
    rows = []
    for T in warming.temperatures:
        shown.phase(f"{T:g} K: crystal and surface")
        rows.append(_row(warming, known, potential, T, share))
    shown.phase("how far to trust it")
    mesh_error = _mesh_error(known, share)
    columns = [name for name in rows[0] if name[0] == "C" and name[1:].isdigit()]
    made = {
        "lattice_constant": crystal.a,
        "constants": columns,
        "waves": len(known.vibrations.k),
        "strains": len(known.strains),
        "radius": known.radius,
        "mesh_error": mesh_error,
        "rows": rows,
        "versions": versions(),
    }
    return made | {"trust": trust(made, warming.quantum)}


def _shared(comm: MPI.Comm, shown: Display, n: int, work: Callable[[int], np.ndarray]) -> list[np.ndarray]:
    """The wave vectors of all ranks, with a line now and then."""
    mine, said = len(range(comm.rank, n, comm.size)), time.monotonic()
    shown.begin(mine)

    def seen(done: int) -> None:
        nonlocal said
        if time.monotonic() - said > EVERY:
            said = time.monotonic()
            shown.step(done, f"of {n} on {comm.size} ranks" if comm.size > 1 else f"of {n}")

    return shared_out(comm, n, work, seen)


def _row(warming: Warming, known: Sampled, potential: SitePotential, T: float, share: Share) -> dict[str, Any]:
    """Everything at one temperature."""
    try:
        warm = warm_crystal(known, T, warming.quantum, share)
        surface = surface_free_energy(warm, potential, known.vibrations.masses, warming.quantum, share=share)
    except (ThermalRangeError, UnstableCrystalError, InadmissibleDeformationError) as error:
        raise InputError(f"--temperature {T:g} is not allowed: {error}") from None
    tip = NearTipField(warm.stiffness, dimension=warm.crystal.dimension)
    return warm.row() | {
        "gamma": surface.gamma,
        "gamma_static": surface.static,
        "effective_modulus": tip.effective_modulus,
        "K_G": tip.stress_intensity(2.0 * surface.gamma),
        "lattice_constant_other": _other_size(known, warm, not warming.quantum),
        "stress_error": warm.stress_error,
    }


def _other_size(known: Sampled, warm: Warm, quantum: bool) -> float | None:
    """Lattice constant by the other statistics, A."""
    material = ThermalMaterial(known, warm.temperature, quantum)
    assert material.crystal.a is not None  # resolved
    try:
        U = material.at_rest()
    except ThermalRangeError:
        return None
    own = material.crystal.rotation.T @ U @ material.crystal.rotation
    first = material.crystal.unit_conventional[0]
    return float(material.crystal.a * np.linalg.norm(first @ own.T) / np.linalg.norm(first))


def _mesh_error(known: Sampled, share: Share) -> float:
    """Change of the thermal pressure, as a part of it, from the usual mesh of wave vectors to a finer one."""
    vibrations, h = known.vibrations, 0.01
    n = vibrations.material.crystal.dimension
    F = np.array([np.diag([1.0 + s * h] * n + [1.0] * (3 - n)) for s in (-1, 1)])
    finer = Vibrations(vibrations.material, vibrations.masses, wave_vectors(vibrations.material.crystal, FINER * SIZE))
    usual, fine = (np.diff(v.log_mean(v.eigenvalues(F, share=share)))[0] for v in (vibrations, finer))
    return float(abs(usual / fine - 1.0))


def trust(made: Mapping[str, Any], quantum: bool) -> list[str]:
    """How far to trust the numbers, in sentences."""
    rows = made["rows"]
    warm = [row for row in rows if row["temperature"] > 0]
    lines = []
    if warm:
        error = max(row["stress_error"] for row in warm)
        lines.append(
            f"fit: between {made['strains']} strains of up to {made['radius']:g} the polynomial misses {100 * error:.2g} % of the thermal "
            f"stress, the mesh of {made['waves']} wave vectors {100 * made['mesh_error']:.2g} %"
        )
    names = ("quanta", "classical vibrations") if quantum else ("classical vibrations, as atoms of molecular dynamics are", "quanta")
    sizes = ", ".join(f"{row['lattice_constant_other']:.5f} A at {row['temperature']:g} K" for row in rows if row["lattice_constant_other"])
    lines.append(f"statistics: {names[0]}; {names[1]} would make the lattice constant {sizes}")
    moving = [row for row in warm if row["amplitude"] is not None]
    quasi = "quasi-harmonic: waves are harmonic at each size of the crystal"
    if moving:
        last = moving[-1]
        what = f"{100 * last['amplitude']:.1f} % of the neighbour distance at {last['temperature']:g} K"
        quasi += f"; atoms move by {what} (crystals melt at about {100 * LINDEMANN:.0f} %)"
    lines.append(f"{quasi}; no phase change, no defects, no electrons are in it")
    lines.append("constants are isothermal; gamma is that of the surface as cut, relaxed, not reconstructed, exact to first order in T")
    return lines


def rough(made: Mapping[str, Any]) -> list[str]:
    """The warning for a potential whose vibrations are no smooth function of strain; none for others."""
    error = max(row["stress_error"] for row in made["rows"])
    if error <= ROUGH:
        return []
    return [
        f"the polynomial misses {100 * error:.0f} % of the thermal stress: second derivatives of this potential have kinks narrower than "
        "the vibrations are wide, and quasi-harmonic theory does not hold for it; ask molecular dynamics for its size at temperature"
    ]


def columns_of(made: Mapping[str, Any]) -> tuple[str, ...]:
    """Columns of ``thermal.csv``."""
    return (*FIRST, *made["constants"], *LAST)


def _write(warming: Warming, made: Mapping[str, Any]) -> None:
    directory = warming.output
    make_directory(directory)
    write_steps_csv(directory / "thermal.csv", made["rows"], columns_of(made))
    drawn(thermal_picture, directory / "thermal.png", made["rows"], made["constants"])
    write_json(directory / "thermal.json", made)
    report_or_warn(directory)


def table(made: Mapping[str, Any]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Head and rows for the terminal."""
    hcp = made["structure"] == "hcp"
    head = ["T (K)", "a (A)", *(["c/a"] if hcp else []), "alpha (1e-6/K)", *(f"{name} (GPa)" for name in made["constants"])]
    head += ["gamma (J/m^2)", "E' (GPa)", "K_G (MPa m^1/2)"]
    rows = []
    for row in made["rows"]:
        cells = [f"{row['temperature']:g}", f"{row['lattice_constant']:.5f}", *([f"{row['axial_ratio']:.5f}"] if hcp else [])]
        expansion = row["expansion"]
        cells.append("-" if not np.isfinite(expansion) else f"{1e6 * expansion:.2f}")
        cells += [f"{row[name]:.2f}" if name in row else "-" for name in made["constants"]]
        rows.append((*cells, f"{row['gamma']:.4f}", f"{row['effective_modulus']:.2f}", f"{row['K_G']:.4f}"))
    return tuple(head), rows


def summary(made: Mapping[str, Any]) -> Sequence[str]:
    """What is said below the table."""
    lines = [f"trust: {sentence}" for sentence in made["trust"]]
    return [*lines, *(f"warning: {sentence}" for sentence in made["warnings"])]
