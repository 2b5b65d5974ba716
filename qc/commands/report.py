"""What a run says of its result, in words and as a document."""

from __future__ import annotations

from typing import Any

from fem.collective import on_root

from ..case.case import Case
from ..crack.ladder_state import LadderState
from ..crack.system import CrackSystem
from ..material.cautions import cautions, material_of


def what_is_known(system: CrackSystem, case: Case) -> tuple[tuple[str, str], list[str]]:
    """Model or real material with a sentence, and the warnings. Collective."""
    crystal, potential = system.crystal, system.potential
    return on_root(
        system.model.comm,
        lambda: (
            material_of(crystal, potential),
            cautions(crystal, potential, system.griffith, case.crack.cut),
        ),
    )


def verdict(state: LadderState, K_G: float) -> str | None:
    """What the crack has done under rising load, in one sentence; None while it has done nothing and may yet."""
    plus, blunting = state.K_plus_bracket, state.blunting
    if blunting is not None:
        low, high = (k / K_G for k in blunting.bracket)
        return (
            f"did not cleave: the tip blunted between {low:.3f} and {high:.3f} K_G, with {blunting.off_plane_broken} bonds broken "
            f"off the plane and {blunting.new_neighbours} new neighbours"
        )
    if plus is not None:
        return f"cleaved: clean first advance between {plus[0] / K_G:.3f} and {plus[1] / K_G:.3f} K_G"
    loads = [step for step in state.steps if step.branch == "load"]
    if not loads or not state.finished:
        return None
    top = loads[-1]
    broken, joined = top.off_plane_broken or 0, top.new_neighbours or 0
    if broken or joined:
        return f"did not cleave up to {top.K_over_KG:.3f} K_G: {broken} bonds broken off the plane and {joined} new neighbours"
    return f"did not cleave up to {top.K_over_KG:.3f} K_G: no advance of the tip"


def middle(bracket: list[float] | None) -> float | None:
    return None if bracket is None else 0.5 * (bracket[0] + bracket[1])


def qm_line(report: dict[str, Any]) -> str:
    """What the QM region was and took, in a sentence."""
    moves = f", moved {len(report['moves'])} times with the tip" if report["moves"] else ""
    return (
        f"QM region {report['cluster']} ({report['atoms']} atoms, {report['link_atoms']} link atoms) by {report['engine']}, "
        f"BLAS {report['blas']}: {report['calls']} calls in {report['seconds']:.0f} s{moves}"
    )
