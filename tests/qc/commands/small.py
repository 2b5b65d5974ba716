"""A ladder of five steps in a small sheet, and a small disc of silicon with or without a QM tip."""

from __future__ import annotations

import json

import pytest
from mpi4py import MPI

from qc.case.case import Case
from qc.commands.run import run_case

SMALL = {
    "crystal": {"structure": "hexagonal", "element": "X"},
    "potential": {"file": "morse", "parameters": {"alpha": 4.0, "cutoff": 1.7, "switch_on": 1.1}},
    "model": {
        "dimension": 2, "core_radius": 8.0, "blend_width": 3.5, "domain_radius": 20.0, "face_strip_thickness": 2.2,
    },
    "load": {"K_start": 1.09, "K_stop": 1.13, "K_step": 0.01, "stop_at": "K_stop", "J_tolerance": 1.0},
}  # fmt: skip

TOML = """
crystal = { structure = "hexagonal", element = "X" }
potential = { file = "morse", parameters = { alpha = 4.0, cutoff = 1.7, switch_on = 1.1 } }
model = { dimension = 2, core_radius = 8.0, blend_width = 3.5, domain_radius = 20.0, face_strip_thickness = 2.2 }
load = { K_start = 1.09, K_stop = 1.13, K_step = 0.01, stop_at = "K_stop", J_tolerance = 1.0 }
"""

STEPS = 5

comm = MPI.COMM_WORLD


def case(**load):
    return Case.from_dict(SMALL | {"load": SMALL["load"] | load}, name="small")


def read(directory):
    return json.loads((directory / "result.json").read_text())


def same_ladder(directory, other):
    """Energies of all steps to 1e-10, loads, tip, events and bracket of two runs."""
    a, b = read(directory), read(other)
    assert [s["energy"] for s in a["steps"]] == pytest.approx([s["energy"] for s in b["steps"]], rel=1e-10)
    for key in ("K", "tip_position"):
        assert [s[key] for s in a["steps"]] == pytest.approx([s[key] for s in b["steps"]], rel=1e-12)
    assert a["K_plus_bracket"] == pytest.approx(b["K_plus_bracket"], rel=1e-12)
    assert [e["kind"] for e in a["events"]] == [e["kind"] for e in b["events"]]
    return a["finished"] and b["finished"]


def left_over(directory):
    """Files that nobody asked for."""
    expected = """result.json steps.csv steps.csv-metadata.json trajectory.extxyz .trajectory.extxyz.index fields fields.pvd model.png
    tip.png ladder.png run.log report.html checkpoint.json checkpoint.previous.json far_field.npz reconstruction.npy steps.jsonl"""
    return {p.name for p in directory.iterdir() if not p.name.startswith("state-") and p.suffix != ".bp"} - set(
        expected.split()
    )


ENGINES = "ase:tests.qc.site_engines."


def tip_case(engine=None, load=(), model=(), **qm):
    """All silicon within 13 A, four periods of the front, through the first advance; without an engine: no QM region."""
    tables = {
        "crystal": {"structure": "diamond", "element": "Si"},
        "potential": {"file": "holland-marder"},
        "model": {
            "method": "atomistic",
            "core_radius": 9.0,
            "blend_width": 3.0,
            "domain_radius": 13.0,
            "front_periods": 4,
        }
        | dict(model),
        "crack": {"plane": (1, 1, 1), "front": (1, -1, 0)},
        "load": {"K_start": 1.38, "K_stop": 1.6, "K_step": 0.06} | dict(load),
    }
    if engine:
        tables["qm"] = {"engine": ENGINES + engine, "radius": 4.5, "caps": False} | qm
    return Case.from_dict(tables, name="tip")


def run(case, folder, **more):
    """The result of a case run in a folder."""
    assert run_case(case, folder, **more) == 0
    return json.loads((folder / "result.json").read_text())
