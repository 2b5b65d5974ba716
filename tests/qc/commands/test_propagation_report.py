"""What a propagation has come to, in words."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from qc.commands.propagation_report import summary, summary_lines, verdict
from qc.crack.propagation_state import PropagationSpec, PropagationState

K_G = 0.7486


def event(number, branch, level, kind="advance", **more):
    bonds = 1 if branch == "load" else -1
    point = {"event": number, "branch": branch, "bonds": bonds, "K_over_KG": level, "kind": kind}
    point |= {"K_low": K_G * (level - 0.001), "K_high": K_G * (level + 0.002 * number)}
    usual = dict.fromkeys(("dE_da", "two_gamma_minus_J", "J_before"))
    return SimpleNamespace(**(point | usual | more))


CURVE = [
    event(1, "load", 1.2, dE_da=-0.1, two_gamma_minus_J=-0.2, J_before=2.0),
    event(2, "load", 1.3, dE_da=None, two_gamma_minus_J=None, J_before=2.0),
    event(3, "unload", 0.8, kind="closing"),
]
SPEC = PropagationSpec(bonds=2, close=1, K_start=1.0, K_stop=1.5)


def test_loads_of_each_kind_and_the_worst_balance():
    found = summary(CURVE, K_G)
    bracket = {"bracket_lowest": 1.199, "bracket_highest": 1.304, "bracket_width": 0.005}
    assert found["K_plus"] == pytest.approx({"events": 2, "mean": 1.25, "lowest": 1.2, "highest": 1.3} | bracket)
    bracket = {"bracket_lowest": 0.799, "bracket_highest": 0.806, "bracket_width": 0.007}
    assert found["K_minus"] == pytest.approx({"events": 1, "mean": 0.8, "lowest": 0.8, "highest": 0.8} | bracket)
    assert found["worst_balance"] == pytest.approx(0.05)
    assert summary([], K_G) == {"worst_balance": None}


def test_verdict():
    assert (
        verdict(PropagationState(curve=CURVE), SPEC, None)
        == "2 bonds broken, 1 closed again; the first state was not judged"
    )
    one_way = PropagationSpec(bonds=2, K_start=1.0, K_stop=1.5)
    state = PropagationState(curve=[CURVE[0], event(2, "load", 1.3, kind="blunting")], ended="the load ended")
    said = "2 bonds broken; from event 2 on with bonds broken or joined off the plane; the load ended; the first state was not judged"
    assert verdict(state, one_way, None) == said


def test_summary_on_the_terminal():
    griffith = SimpleNamespace(plane="(1 1 1)", cut="shuffle", front="[1 -1 0]")
    specimen = SimpleNamespace(system=SimpleNamespace(K_G=K_G, griffith=griffith), warnings=["not cheap"])
    ladder = SimpleNamespace(state=SimpleNamespace(steps=[{}] * 9, trials=[], start=None))
    propagation = SimpleNamespace(curve=CURVE, state=PropagationState(curve=CURVE), spec=SPEC, ladder=ladder)
    assert summary_lines(specimen, propagation, SimpleNamespace(seconds={"solve": 3.2, "halo": 0.3}), Path("out")) == [
        "K_G 0.7486 MPa m^1/2 (plane (1 1 1), shuffle, front [1 -1 0])",
        "warning: not cheap",
        "2 bonds broken, 1 closed again; the first state was not judged",
        "K+ 1.2500 K_G over 2 events, all between 1.19900 and 1.30400, brackets 0.00500 wide at most",
        "K- 0.8000 K_G over 1 events, all between 0.79900 and 0.80600, brackets 0.00700 wide at most",
        "9 steps in 4 s; results in out",
    ]
