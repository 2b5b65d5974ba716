"""Pictures of a crack and of what its ladder has come to. Where many ranks are, rank 0 draws what the others send."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from atomistics import AtomisticEnergy
from atomistics.species import species_of

from ..crack.front_line import staircase
from ..crack.ladder_state import LadderState
from ..crack.system import CrackSystem
from ..crack.tip import CLOSES_AT, OPENS_AT
from ..dislocation.naming import Slip
from ..material.cleavage import axes_in_words
from ..material.slip import shortest_burgers
from ..pictures.drawing import NEAR, Directions, bonds_across, slip_of_atoms
from ..pictures.front import front_picture
from ..pictures.ladder import ladder_picture
from ..pictures.model import ModelView, model_picture
from ..pictures.tip import VIEW, tip_picture
from .states import Frame
from .trajectory import read_frame

log = logging.getLogger(__name__)

MOST_DRAWN = 1_000_000
"""Cells and atoms of a picture of the whole model: they meet on rank 0."""


def drawn(draw: Callable[..., None], path: Path, *shown: Any) -> None:
    """Draw a picture of what is shown. Where that fails it is missing, with a warning that says why: a run is not for its pictures."""
    try:
        draw(path, *shown)
    except Exception as error:
        log.warning("%s is missing, it could not be drawn (%s: %s)", path.name, type(error).__name__, error)


def model_parts(system: CrackSystem) -> tuple[np.ndarray, ...] | None:
    """Vertices, triangles and their beta, atoms in the plane, their weights, which are free, on rank 0. Collective.

    The other ranks get None, and all of them do if there are more triangles and atoms than a picture can show.
    """
    model, comm = system.model, system.model.comm
    mesh = model.domain.mesh
    n = mesh.topology.index_map(2).size_local
    size = comm.allreduce(n + len(model.parts.atoms))
    if size > MOST_DRAWN:
        log.info("no picture of the model: %d cells and atoms, and %d can be drawn", size, MOST_DRAWN)
        return None
    cells = np.asarray(mesh.geometry.dofmaps[0])[:n]
    beta = np.zeros(len(mesh.geometry.x))
    space_dofs = np.asarray(model.parts.nodes.space.dofmap.list)[:n, :3]
    beta[cells] = model.parts.nodes.beta[space_dofs]
    own = model.parts.atoms
    part = (mesh.geometry.x[:, :2], cells, beta, own.X[:, :2], 1.0 - own.beta, own.free)
    pieces = comm.gather(part, root=0)
    if pieces is None:
        return None
    offsets = np.cumsum([0, *(len(p[0]) for p in pieces)])
    triangles = np.concatenate([p[1] + o for p, o in zip(pieces, offsets, strict=False)])
    points, _, beta, xy, weight, free = (np.concatenate([p[k] for p in pieces]) for k in range(6))
    return points, triangles, beta, xy, weight, free


def directions_of(system: CrackSystem) -> Directions:
    """What the axes of a picture are in the crystal."""
    x, y, z = axes_in_words(system.crystal)
    return Directions(x=x, y=y, z=z)


def arms_of(system: CrackSystem) -> np.ndarray:
    """(n, 3) angle (degrees), length and width (A) of the core's arms."""
    return np.array([(arm.angle, arm.length, arm.width) for arm in system.spec.arms]).reshape(-1, 3)


def draw_model(path: Path, system: CrackSystem, title: str) -> None:
    """Picture of mesh, regions and weights. Collective."""
    parts, s = model_parts(system), system.spec
    if parts is None:
        return
    points, triangles, beta, xy, weight, free = parts
    view = ModelView(
        points=points,
        triangles=triangles,
        beta=beta,
        atoms_xy=xy,
        weight=weight,
        free=free,
        core_radius=s.core,
        blend_width=system.model.spec.width,
        domain_radius=s.radius,
        directions=directions_of(system),
        arms=arms_of(system),
    )
    drawn(model_picture, path, view, title)


def panel(system: CrackSystem, frame: Frame, K_over_KG: float, label: str) -> dict[str, Any]:
    """What `pictures.tip_picture` needs of one state."""
    cell = system.crystal.atoms(cubic=False)
    known = not system.potential.forces_only
    bulk = AtomisticEnergy(system.potential, cell).site_energies() if known else np.zeros(len(cell))
    perfect = np.zeros(len(frame["symbols"]))
    species = np.array(species_of(cell))
    for name in set(species):  # the partition of the energy over the sites of a compound is the potential's own
        perfect[frame["symbols"] == name] = bulk[species == name].mean()
    return {
        "positions": frame["positions"],
        "reference": frame["reference"],
        "excess": frame["site_energy"] - perfect if known else perfect,
        "K_over_KG": K_over_KG,
        "label": label,
    }


def draw_ladder(path: Path, system: CrackSystem, state: LadderState) -> None:
    """Picture of tip position and tip stretch over the load. On rank 0 only."""
    steps, events = [step.plain() for step in state.steps], [event.plain() for event in state.events]
    drawn(ladder_picture, path, steps, events, state.K_plus_bracket, state.K_minus_bracket, system.K_G)


def draw_tip(path: Path, system: CrackSystem, state: LadderState, trajectory: Path) -> None:
    """Picture of the tip before and after it first moved; none without atoms. On rank 0 only."""
    drawn(_draw_tip, path, system, state, trajectory)


def _draw_tip(path: Path, system: CrackSystem, state: LadderState, trajectory: Path) -> None:
    panels = tip_panels(system, state, trajectory)
    if panels:
        nn, directions = system.crystal.nearest_neighbour_distance, directions_of(system)
        tip_picture(path, panels, nn=nn, period=_period(system), directions=directions)


def tip_panels(system: CrackSystem, state: LadderState, trajectory: Path) -> list[dict[str, Any]]:
    """The tip before and after the first event, from the trajectory: part of it may be an earlier run's.

    Beside a dislocation both panels have the slip of the atoms, and the second one arrows from the tip to each core.
    """
    steps, bracket, name = state.steps, state.K_plus_bracket, "the first advance"
    if state.blunting is not None:
        bracket, name = state.blunting.bracket, "the tip blunted"
    if state.dislocation is not None:
        bracket, name = state.dislocation.bracket, "the first dislocation"
    if bracket is None:
        shown = [(len(steps) - 1, f"before {name}")]
    else:
        after = next(n for n, step in enumerate(steps) if step.branch == "load" and bracket[1] == step.K)
        shown = [(after - 1, f"before {name}"), (after, "after it")]
    nn, slips = system.crystal.nearest_neighbour_distance, _slips(state)
    height = 2 * VIEW * nn + max((abs(slip.at[1]) for slip in slips), default=0.0)
    read = partial(read_frame, trajectory, keep=lambda X: np.abs(X[:, 1]) <= height)
    frames = [(n, label, read(n)) for n, label in shown]
    panels = [panel(system, f, steps[n].K_over_KG, label) for n, label, f in frames if f is not None]
    if slips:
        burgers, period = shortest_burgers(system.crystal), _period(system)
        for one in panels:
            one["slip"] = slip_of_atoms(one["positions"], one["reference"], NEAR * nn, 0.5 * burgers, period)
        panels[-1]["arrows"] = [(_start(slip), slip.at, f"{slip.burgers} on {slip.plane}") for slip in slips]
    return panels


def draw_front(path: Path, system: CrackSystem, state: LadderState, trajectory: Path) -> None:
    """Picture of the front from above, before and after bonds of it broke or closed; none of a front of one period. On rank 0 only."""
    drawn(_draw_front, path, system, state, trajectory)


def _draw_front(path: Path, system: CrackSystem, state: LadderState, trajectory: Path) -> None:
    panels = front_panels(system, state, trajectory)
    if panels:
        front_picture(path, panels, directions_of(system))


def front_panels(system: CrackSystem, state: LadderState, trajectory: Path) -> list[dict[str, Any]]:
    """The fronts of the first state, of each in which bonds have opened or closed, and of the one before, from the trajectory."""
    steps, ends = state.steps, {(e.branch, e.bracket[1 if e.branch == "load" else 0]) for e in state.events if e.front}
    after = {n for n, step in enumerate(steps) if (step.branch, step.K) in ends}
    shown = sorted({0, *after, *(n - 1 for n in after if n > 0)}) if steps else []
    nn, panels = system.crystal.nearest_neighbour_distance, []
    for n in shown:
        front, frame = steps[n].front, read_frame(trajectory, n, keep=lambda X: np.abs(X[:, 1]) < nn)
        if front is None or frame is None:
            continue
        bonds = bonds_across(frame["positions"], frame["reference"], NEAR * nn, system.model.thickness)
        stretch = bonds["length"] / nn
        seen = bonds | {"stretch": stretch, "open": stretch > 0.5 * (OPENS_AT + CLOSES_AT), "length": system.model.thickness}
        panels.append(seen | {"line": staircase(front["a"], front["z"]), "label": f"K = {steps[n].K_over_KG:.3f} K$_G$"})
    return panels


def _slips(state: LadderState) -> list[Slip]:
    """Dislocations of the first event, if it is one."""
    event = state.dislocation
    return [] if event is None or event.named is None else event.named.slips


def _start(slip: Slip) -> list[float]:
    """Where the slip of a dislocation begins, at the tip: x and y, A."""
    theta = np.radians(slip.theta)
    return [slip.at[0] - slip.distance * float(np.cos(theta)), slip.at[1] - slip.distance * float(np.sin(theta))]


def _period(system: CrackSystem) -> float | None:
    return system.model.thickness if system.crystal.dimension == 3 else None
