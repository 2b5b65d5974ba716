"""Rows of a survey: one crack system each, from what theory says of it and what its run has come to; plain data only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..case.orientation import Orientation
from .side_by_side import Failure
from .survey_subject import Member

COLUMNS = (
    *("potential_name", "system", "plane", "front", "cut", "state", "reason", "gamma", "K_G", "K_Ie", "K_Ie_system", "theta", "expected"),
    *("first_event", "first_event_words", "K_low", "K_high", "K_low_over_KG", "K_high_over_KG"),
    *("K_far_over_KG", "K_far_low_over_KG", "K_far_high_over_KG", "error"),
    *("K_closing_low", "K_closing_high", "closing", "wall_seconds", "cpu_seconds", "atoms", "unknowns", "picture"),
)
"""Of survey.csv: K in MPa m^1/2 unless ``over_KG``, gamma in J/m^2."""
SLIPPED = "slip_outside"


def system_row(
    potential: str, member: Member, theory: dict[str, Any] | None, result: dict[str, Any] | None, failure: Failure | None
) -> dict[str, Any]:
    """The row of a crack system; whatever is not known of it is None.

    Parameters
    ----------
    potential : str
        Name of its folder.
    theory : dict or None
        Report of `qc.commands.griffith.griffith_of_case`, with ``seconds`` and ``cpu_seconds``.
    result : dict or None
        Contents of result.json.
    failure : Failure or None
        Why there is no result.
    """
    state, reason = ("done", None) if result else (failure.state, failure.reason) if failure else ("missing", None)
    found: dict[str, Any] = dict.fromkeys(COLUMNS) | {
        "potential_name": potential,
        "place": f"{potential}/{member.name}",
        "system": member.orientation.label,
        "state": state,
        "reason": reason,
        **_indices(member.orientation),
    }
    if theory:
        found |= _of_theory(theory)
    if result:
        found |= _first_event(result) | _error(result) | _closing(result) | _work(result, theory or {})
        found |= {"picture": f"{potential}/{member.name}/tip.png", "verdict": result.get("verdict")}
    return found


def _indices(orientation: Orientation) -> dict[str, Any]:
    plane, front = (" ".join(map(str, indices or ())) for indices in (orientation.plane, orientation.front))
    return {"plane": plane, "front": front or None, "cut": orientation.cut}


def _of_theory(theory: Mapping[str, Any]) -> dict[str, Any]:
    """gamma, K_G, and the slip system of the lowest K_Ie."""
    chosen = next(one for one in theory["cuts"] if one["chosen"])
    found = {"gamma": chosen["gamma"], "K_G": theory["K_G"]}
    emission = theory["emission"]
    first = next((one for one in (emission or {}).get("systems", []) if one["possible"]), None)
    if first is None:
        return found | {"expected": "nothing is covered" if emission else None}
    K = first["K_Ie"] if first["K_Ie_step"] is None else first["K_Ie_step"]
    return found | {
        "K_Ie": K,
        "K_Ie_system": f"{first['plane']}{first['burgers']}",
        "theta": first["theta"],
        "expected": emission["predicted"],
    }


def _first_event(result: Mapping[str, Any]) -> dict[str, Any]:
    """What came first under rising load, and between which loads."""
    first, K_G = result.get("first_event"), result["K_G"]
    slipped = next((event for event in result["events"] if event["kind"] == SLIPPED), None)
    if first is not None:
        kind, words, bracket = first["kind"], first["sentence"], first["bracket"]
    elif result["start"]["no_start"] is not None:  # what has slipped in a state that is none to start from is no event of a load
        return {"first_event": "no first state", "first_event_words": result["start"]["no_start"]}
    elif slipped is not None:
        kind, words, bracket = "slip leaves the core", slipped.get("sentence"), slipped["bracket"]
    else:
        return {"first_event": "none", "first_event_words": result.get("verdict")}
    found = {"first_event": kind.replace("_", " "), "first_event_words": words, "K_low": bracket[0], "K_high": bracket[1]}
    return found | {"K_low_over_KG": bracket[0] / K_G, "K_high_over_KG": bracket[1] / K_G}


def _error(result: Mapping[str, Any]) -> dict[str, Any]:
    """What is left open of the load of the first advance; of other events the step of the load alone is known."""
    error = result.get("K_plus_error")
    if not error:
        if result.get("first_event") is None:
            return {}
        advance = result.get("K_plus_bracket") is not None
        why = "load.error_budget = false" if advance else "of an event that is no advance nothing else is measured"
        return {"error": f"the bracket only: {why}"}
    far = error.get("far") or error["here"]
    value = far["value"]
    ends = {"K_far_low_over_KG": value + far["low"], "K_far_high_over_KG": value + far["high"]}
    return {"K_far_over_KG": value, **ends, "error": error["sentence"]}


def _closing(result: Mapping[str, Any]) -> dict[str, Any]:
    """The load at which an advance closes, or why there is none."""
    bracket = result.get("K_minus_bracket")
    if bracket is not None:
        return {"K_closing_low": bracket[0], "K_closing_high": bracket[1], "closing": "closed"}
    down = [step["K_over_KG"] for step in result["steps"] if step["branch"] == "unload"]
    if result.get("K_plus_bracket") is None:
        return {"closing": "no advance to take back"}
    return {"closing": f"still open at {min(down):.4f} K_G, the lowest load" if down else "not unloaded"}


def _work(result: Mapping[str, Any], theory: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "wall_seconds": round(sum(result["seconds"].values()) + theory.get("seconds", 0.0), 1),
        "cpu_seconds": round(result.get("cpu_seconds", 0.0) + theory.get("cpu_seconds", 0.0), 1),
        "atoms": result["n_atoms"],
        "unknowns": result["n_dofs"],
    }


def crystal_entries(theories: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the reports of a potential's crack systems say of its crystal: each surface and each stacking fault once."""
    surfaces: dict[tuple[str, str], dict[str, Any]] = {}
    faults: dict[str, dict[str, Any]] = {}
    for theory in theories:
        for cut in theory["cuts"]:
            known = {key: cut[key] for key in ("cut", "faces_alike", "gamma", "gamma_unrelaxed")}
            surfaces.setdefault((theory["plane"], cut["cut"]), {"plane": theory["plane"]} | known)
        for fault in (theory["emission"] or {}).get("faults", []):
            names = ("family", "gamma_us", "gamma_us_unrelaxed", "gamma_sf", "gamma_sf_unrelaxed")
            faults.setdefault(fault["family"], {name: fault[name] for name in names})
    first: Mapping[str, Any] = theories[0] if theories else {}
    of_all = ("lattice_constant", "axial_ratio", "elastic_constants", "elastic_constants_clamped")
    return {key: first.get(key) for key in of_all} | {"surfaces": list(surfaces.values()), "faults": list(faults.values())}
