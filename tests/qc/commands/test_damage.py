"""Damaged directories: a checkpoint that is not as it was written is never gone on from; one sentence, exit code 2, nothing lost."""

import hashlib
import json
import os
import shutil
from types import SimpleNamespace

import ase.io
import numpy as np
import pytest
from petsc4py import PETSc

from qc.cli.app import main
from qc.commands.checks import check_same_model
from qc.commands.directory import run_directory
from qc.commands.run import LadderRun
from qc.errors import InputError
from qc.output.journal import STEPS as STEPS_FILE
from qc.output.sealed import BEFORE, NEWEST, seal
from tests.qc.commands.small import STEPS, TOML, case, comm, left_over, read, same_ladder
from tests.ranks import meet

pytestmark = pytest.mark.usefixtures("unrendered")


@pytest.fixture
def out(whole, shared_path):
    """A copy of a run with checkpoints after its last two steps."""
    if comm.rank == 0:
        shutil.copytree(whole, shared_path / "out")
    meet()
    return shared_path / "out"


def displaced(path, value):
    rows = np.load(path)
    rows[len(rows) // 2, 6] = value
    np.save(path, rows)


def sealed(change):
    """Edited by somebody who knows how to make the checksum."""

    def damage(path):
        content = json.loads(path.read_text())["content"]
        path.write_text(seal(change(content)))

    return damage


ANY = {
    "missing": lambda p: p.unlink(),
    "empty": lambda p: p.write_bytes(b""),
    "torn": lambda p: p.write_bytes(p.read_bytes()[: p.stat().st_size // 2]),
    "without its last byte": lambda p: p.write_bytes(p.read_bytes()[:-2]),
    "too long": lambda p: p.write_bytes(p.read_bytes() * 2),
    "another byte": lambda p: p.write_bytes(p.read_bytes()[:-9] + b"7" + p.read_bytes()[-8:]),
    "no text": lambda p: p.write_bytes(b"\xff\xfe\x00" * 999),
    "a folder": lambda p: (p.unlink(), p.mkdir()),
    "a pipe": lambda p: (p.unlink(), os.mkfifo(p)),
    "itself": lambda p: (p.unlink(), p.symlink_to(p)),
}
STATE = {
    "1e9": lambda p: displaced(p, 1e9),
    "nan": lambda p: displaced(p, np.nan),
    "pickled": lambda p: np.save(p, np.array([print], dtype=object)),
}
DOCUMENT = {
    "null": lambda p: p.write_text("null"),
    "list": lambda p: p.write_text("[1]"),
    "number": lambda p: p.write_text("9" * 5000),
    "deep": lambda p: p.write_text("[" * 100_000),
    "foreign": lambda p: p.write_text('{"format": "another code", "version": 2}'),
    "newer": lambda p: p.write_text(p.read_text().replace('"version": 2', '"version": 3', 1)),
    "older": lambda p: p.write_text('{"displacements": "state-00005.petsc", "steps": []}'),
    "load": lambda p: p.write_text(p.read_text().replace('"branch": "load"', '"branch": "unload"')),
    "NaN": lambda p: p.write_text(p.read_text().replace('"offset": 0.0', '"offset": NaN')),
    "no content": sealed(lambda c: []),
    "no files": sealed(lambda c: {k: v for k, v in c.items() if k != "files"}),
    "files elsewhere": sealed(lambda c: c | {"files": {f"../out/{n}": told for n, told in c["files"].items()}}),
    "files of another type": sealed(lambda c: c | {"files": ["state"]}),
    "a state of another type": sealed(lambda c: c | {"displacements": ["state"]}),
    "a journal of another type": sealed(lambda c: c | {"journal": 5}),
    "a mark of another type": sealed(lambda c: c | {"journal": {"bytes": "1", "sha256": 7}}),
    "a size of another type": sealed(lambda c: c | {"files": {n: {"bytes": "1"} for n in c["files"]}}),
}
HARMLESS = ("another byte", "without its last byte", "too long")
"""To the step before the last, of what is only appended to."""
LAST, ONE_BEFORE = f"state-{STEPS:05d}.npy", f"state-{STEPS - 1:05d}.npy"


def damaged(files, ways):
    return [pytest.param(file, way, id=f"{file}: {name}") for file in files for name, way in ways.items()]


def go_on(out):
    """The step that a run goes on from; what `qc run` does before it builds anything."""
    check_same_model(case().plain(), out)
    with run_directory(out, comm, resume=True) as directory:
        assert directory.saved["step"] == len(directory.saved["steps"])
        return directory.saved["step"]


@pytest.mark.parametrize(
    ("file", "way"),
    damaged((NEWEST, LAST), ANY)
    + damaged((LAST,), STATE)
    + damaged((NEWEST,), DOCUMENT)
    + damaged((STEPS_FILE,), {name: ANY[name] for name in ("another byte", "without its last byte")}),
)
def test_the_one_before_is_gone_on_from(out, file, way):
    way(out / file)
    assert go_on(out) == STEPS - 1
    told = [line for line in (out / "run.log").read_text().splitlines() if "WARNING" in line]
    assert len(told) == 1
    assert NEWEST in told[0]
    assert f"going on from the checkpoint before it, after step {STEPS - 1}" in told[0]


@pytest.mark.parametrize(
    ("file", "way"),
    damaged(("far_field.npz", "reconstruction.npy"), ANY)
    + damaged((STEPS_FILE,), {name: way for name, way in ANY.items() if name not in HARMLESS})
    + damaged((BEFORE,), DOCUMENT) + damaged((ONE_BEFORE,), STATE),
)
def test_where_no_checkpoint_is_whole_nothing_is_done(out, file, way):
    """Files that both rest on; or the one before is damaged, too."""
    if file in (BEFORE, ONE_BEFORE):
        (out / LAST).unlink()
    way(out / file)
    kept = {p.name for p in out.iterdir()}
    with pytest.raises(InputError, match="there is no whole checkpoint in") as error:
        go_on(out)
    assert "\n" not in str(error.value)
    assert "start in a new directory" in str(error.value)
    assert {p.name for p in out.iterdir()} == kept


@pytest.mark.mpi
@pytest.mark.parametrize(("file", "way"), [(NEWEST, ANY["torn"]), (LAST, STATE["1e9"])])
def test_all_ranks_go_on_from_the_one_before(out, file, way):
    assert go_on(out) == STEPS
    if comm.rank == 0:
        way(out / file)
    meet()
    assert go_on(out) == STEPS - 1
    meet()
    if comm.rank == 0:
        (out / ONE_BEFORE).unlink()
    meet()
    with pytest.raises(InputError, match=f"there is no whole checkpoint in .*rests on {ONE_BEFORE}, which is missing"):
        go_on(out)


@pytest.mark.parametrize(
    "change",
    [{"seconds": 5}, {"frames": None}, {"fingerprint": 1}],
    ids=str,
)
def test_entries_that_no_run_writes_are_told(out, change):
    sealed(lambda content: content | change)(out / NEWEST)
    with pytest.raises(InputError, match="the checkpoint in") as error, run_directory(out, comm, resume=True) as directory:
        directory.last_state(directory.specimen(case()).system)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        (("steps", "K"), "high"), (("steps", "K_over_KG"), None), (("steps", "branch"), "sideways"), (("steps", "energies"), [1]),
        (("steps", "tip_position"), {}), (("steps", "rejected"), "none"), (("steps", "qm"), 5), (("trials", "found"), "nothing"),
        (("trials", "J_over_G"), []), (("events", "bracket"), ["a"]), (("events", "kind"), 7),
    ],
    ids=str,
)  # fmt: skip
def test_an_entry_of_another_type_deep_inside_is_told(out, entry, value):
    """Edited by somebody who makes all checksums anew: one sentence names it."""
    (name, key), lines, edited = entry, [], 0
    for line in (out / STEPS_FILE).read_text().splitlines():
        record = json.loads(line)
        if name in record:
            record[name][key], edited = value, edited + 1
        lines.append(json.dumps(record) + "\n")
    assert edited
    data = "".join(lines).encode()
    (out / STEPS_FILE).write_bytes(data)
    sealed(lambda c: c | {"journal": {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}})(out / NEWEST)
    with run_directory(out, comm, resume=True) as directory:
        system = SimpleNamespace(model=None)
        directory.last_unknowns = lambda *a: [None]
        with pytest.raises(InputError, match="is none of this version of qc") as error:
            directory.last_state(system)
    assert f"{key} = " in str(error.value) or f"{key}." in str(error.value)
    assert "\n" not in str(error.value)


def test_a_directory_that_is_not_of_a_run(tmp_path):
    """Of another program, or one whose checkpoint is lost: nothing there is overwritten."""
    (tmp_path / "trajectory.extxyz").write_text("1\n\nFe 0 0 0\n")
    with pytest.raises(InputError, match="is no directory of a run"):
        check_same_model(case().plain(), tmp_path)
    (tmp_path / "run.log").write_text("")  # killed between the first frame and the first checkpoint
    check_same_model(case().plain(), tmp_path)
    (tmp_path / "result.json").write_text("{}")
    with pytest.raises(InputError, match=r"has result.json, but no checkpoint to go on from"):
        check_same_model(case().plain(), tmp_path)


def test_a_run_does_not_begin_on_top_of_another(out):
    with pytest.raises(InputError, match="has the checkpoint of a run"), run_directory(out, comm, resume=False):
        pytest.fail("began")


def test_a_run_goes_on_from_a_damaged_directory(whole, out, monkeypatch, capfd):
    """The state edited, the trajectory naming 10^12 atoms, files of options beside both: the same ladder, and none of them read."""
    displaced(out / LAST, 1e9)
    for name in (LAST, ONE_BEFORE, "reconstruction.npy"):
        (out / f"{name}.info").write_text("-qc_evil 1\n-qc_pc_type python\n")
    text = (out / "trajectory.extxyz").read_text()
    (out / "trajectory.extxyz").write_text(f"1000000000000\n{text.partition(chr(10))[2]}")
    (out.parent / "small.toml").write_text(TOML)
    monkeypatch.setattr("sys.argv", ["qc", "run", str(out.parent / "small.toml"), "-o", str(out), "--resume"])
    begun, walk = [], LadderRun._walk
    monkeypatch.setattr(LadderRun, "_walk", lambda run, look: (begun.append(len(read(out)["steps"])), walk(run, look)))
    assert main() == 0
    assert begun == [STEPS - 1]  # tables of the state that is gone on from
    told = capfd.readouterr().err
    assert f"{LAST}, which is not as it was written: its checksum differs" in " ".join(told.split())
    assert not PETSc.Options().hasName("qc_evil")
    assert same_ladder(out, whole)
    assert len(read(out)["steps"]) == STEPS
    damaged = out / "trajectory.damaged.extxyz"
    assert damaged.read_text().partition("\n")[2] == text.partition("\n")[2]
    assert [atoms.info["frame"] for atoms in ase.io.read(out / "trajectory.extxyz", ":")] == [STEPS - 1]
    assert left_over(out) == {damaged.name, *(f"{n}.info" for n in ("reconstruction.npy",))}
