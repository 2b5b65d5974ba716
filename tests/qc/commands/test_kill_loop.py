"""Every command that writes states, killed again and again where it changes files, and resumed: the results of an uninterrupted one."""

import errno
import json
import math
import os
import random
import re
import shutil

import ase.io
import numpy as np
import pytest
from mpi4py import MPI

from tests.qc.commands.killing import Killing
from tests.qc.commands.test_propagate import TOML as SHEET

pytestmark = pytest.mark.skipif(MPI.COMM_WORLD.size > 1, reason="starts programs of its own")

SILICON = """
crystal = { structure = "diamond", element = "Si" }
potential = { file = "holland-marder" }
model = { method = "atomistic", core_radius = 11.0, blend_width = 3.0, domain_radius = 15.0 }
crack = { plane = [1, 1, 1], front = [1, -1, 0] }
load = { K_start = 1.3, K_stop = 1.35, K_step = 0.05 }
"""
QM = """
qm = { engine = "ase:tests.qc.site_engines.Stiff", radius = 4.5, caps = false }
"""
SHORT = "domain_radius = 13.0, front_periods = 4"
CASES = {
    "run": (SHEET.replace("K_stop = 1.4", "K_stop = 1.25, K_tolerance = 0.01, unload = true"), []),
    "propagate": (SHEET.replace("bonds = 2, close = 2", "bonds = 1, close = 1"), []),
    "folds": (SILICON, ["--folds", "1"]),
    "study": (SILICON, ["--vary", "model.domain_radius=14,15"]),
    "qm-sweep": (SILICON.replace("core_radius = 11.0", "core_radius = 9.0").replace("domain_radius = 15.0", SHORT) + QM, []),
}
REFUSALS = (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT)
DIFFERENT = {"seconds", "cpu_seconds", "seconds_of_ranks", "evaluations", "calls", "n_qm_calls", "versions"}
"""Entries of a document that may be others after a resume."""
PIECES = re.compile(r"fields|state-\d+\.npy|.*\.bp")
"""Files whose names tell where a run was resumed."""


@pytest.fixture(scope="module")
def killing():
    server = Killing()
    yield server
    server.close()


@pytest.fixture(scope="module", params=CASES)
def whole(request, killing, tmp_path_factory):
    """A command, the folder where nothing interrupted it, and the moments it had there."""
    folder = tmp_path_factory.mktemp(request.param)
    return request.param, folder, run(killing, request.param, folder).moments


def run(killing, command, folder, **kill):
    text, more = CASES[command]
    (folder / "case.toml").write_text(text)
    resume = ["--resume"] if (folder / "out").exists() else []
    end = killing.run(folder, command, str(folder / "case.toml"), "-o", str(folder / "out"), *more, *resume, **kill)
    assert end.code <= ("refusal" in kill), (folder / "said").read_text()
    return end


def survive(killing, whole, folder, kills, seed):
    """Kill a command that many times, and let it end."""
    command, other, moments = whole
    dice, left = random.Random(f"{command} {seed}"), moments
    while True:
        moment, delay = dice.randint(1, max(left, 12)), dice.choice([0.0, dice.uniform(0.0, 0.05)])
        end = run(killing, command, folder, moment=moment if kills else 0, delay=delay)
        if end.code < 0:
            kills, left = kills - 1, left - end.moments
            continue
        same(folder / "out", other / "out")
        if not kills:
            return
        shutil.rmtree(folder / "out")  # it was done before all kills: once more from the beginning
        left = moments


def same(out, other):
    """Files, documents, tables and frames of two runs."""
    names, expected = (
        {p.relative_to(o) for p in o.rglob("*") if not any(PIECES.fullmatch(part) for part in p.relative_to(o).parts)}
        for o in (out, other)
    )
    assert names == expected
    for name in names:
        a, b = out / name, other / name
        if name.suffix == ".json" and not name.name.startswith("checkpoint"):
            alike(json.loads(a.read_text()), json.loads(b.read_text()), str(name))
        if name.suffix == ".csv":
            alike(*([line.split(",") for line in path.read_text().splitlines()] for path in (a, b)), str(name))
        if name.suffix == ".extxyz":
            frames, others = (ase.io.read(path, ":") for path in (a, b))
            assert [f.info["frame"] for f in frames] == [f.info["frame"] for f in others]
            assert max(np.abs(f.positions - g.positions).max() for f, g in zip(frames, others, strict=True)) < 1e-9


def alike(a, b, where):
    """Plain data that is the same, numbers to 1e-10 of what they are made of."""
    if isinstance(a, dict):
        assert set(a) == set(b), where
        for key in set(a) - DIFFERENT:
            alike(a[key], b[key], f"{where} {key}")
    elif isinstance(a, list):
        assert len(a) == len(b), where
        for n, both in enumerate(zip(a, b, strict=True)):
            alike(*both, f"{where} {n}")
    elif isinstance(number(a), float) and isinstance(number(b), float):
        assert number(a) == pytest.approx(number(b), rel=1e-9, abs=1e-7 if "residual" in where else 1e-9), where
    else:
        assert a == b, where


def number(value):
    try:
        return float(value) if isinstance(value, float | str) and math.isfinite(float(value)) else value
    except ValueError:
        return value


def lose(killing, whole, folder, seed):
    """Refuse all changes from a moment on: one sentence, and resumed it is as if nothing had been."""
    command, other, moments = whole
    dice = random.Random(f"{command} {seed}")
    refusal = dice.choice(REFUSALS)
    end = run(killing, command, folder, moment=dice.randint(12, moments - 4), refusal=refusal)
    said = [line for line in (folder / "said").read_text().splitlines() if line.startswith("qc: ")]
    assert "Traceback" not in (folder / "said").read_text()
    if end.code == 1:  # else it was but a picture or the page
        assert len(said) == 1
        assert said[0].startswith(f"qc: {os.strerror(refusal)}: {folder / 'out'}")
    run(killing, command, folder)
    same(folder / "out", other / "out")


def test_killed_twice(killing, whole, tmp_path):
    survive(killing, whole, tmp_path, kills=2, seed=1)


@pytest.mark.slow
def test_killed_twenty_times(killing, whole, tmp_path):
    survive(killing, whole, tmp_path, kills=20, seed=2)


def test_the_disk_is_lost_in_the_middle(killing, whole, tmp_path):
    """Full, or no longer to be written to, as another user's or a read-only one."""
    if whole[0] != "propagate":
        pytest.skip("the others are slow")
    lose(killing, whole, tmp_path, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_the_disk_is_lost_ten_times(killing, whole, tmp_path, seed):
    lose(killing, whole, tmp_path, seed)
