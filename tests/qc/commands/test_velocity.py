"""``qc velocity``: its files, the same numbers on any number of ranks, and what it refuses."""

import csv
import json
from dataclasses import replace

import pytest
from mpi4py import MPI

from fem.collective import on_root
from qc.cli.app import main
from qc.commands import velocity
from qc.commands.velocity import run_velocity, summary
from qc.commands.velocity_plan import Walks
from tests.qc.crack.levels import G_G, K_G, document, level
from tests.ranks import together_and_alone

pytestmark = pytest.mark.usefixtures("unrendered")
comm = MPI.COMM_WORLD
LOADS = (0.99, 1.1, 1.2)


def kinks(folder):
    """A directory of qc kinks."""
    folder.mkdir(exist_ok=True)
    (folder / "kinks.json").write_text(json.dumps(document([level(K) for K in LOADS])))
    return folder


def walks(folder, **other):
    plain = Walks(kinks=folder, output=folder, temperatures=[300.0, 600.0], levels=[1.05, 1.15], sites=32, events=2000, seed=3)
    return replace(plain, **other)


def test_files(tmp_path):
    folder = kinks(tmp_path / "kinks")
    found = run_velocity(walks(folder, levels=None))
    made = {p.name for p in folder.iterdir()}
    assert made >= {"velocity.json", "velocity.csv", "velocity.csv-metadata.json", "growth_law.csv", "velocity.png", "report.html"}
    written = json.loads((folder / "velocity.json").read_text())
    rows = written["velocities"]
    assert len(rows) == 2 * 12
    assert written["equal_energies"] == pytest.approx(1.0)
    assert min(row["K_over_KG"] for row in rows) > 1.0
    assert max(row["K_over_KG"] for row in rows) == 1.2
    with open(folder / "velocity.csv") as file:
        assert [float(row["velocity"]) for row in csv.DictReader(file)] == pytest.approx([row["velocity"] for row in rows])
    fit = written["growth_law"]["fit"]
    assert fit["q"][1] == pytest.approx(0.32, abs=0.06)  # G h^2 / 2 pi: 0.30 to 0.36 eV
    assert fit["residual"] < 0.5
    with open(folder / "growth_law.csv") as file:
        assert len(list(csv.DictReader(file))) == len(written["growth_law"]["table"]) > 10
    said = "\n".join(summary(found))
    for part in ("equal energies at 1.0000 K_G", "trust: the law leaves 0.000 eV", "those of 0 K", "warning: of the model"):
        assert part in said
    assert "prefactor of rates" in said
    assert "of 24 walks have seen enough pairs of kinks" in said


def thermal(folder, K_G=K_G, temperatures=(0.0, 300.0, 600.0)):
    """A document of qc thermal: K_G and gamma lose one per cent and two in 300 K."""
    folder.mkdir(exist_ok=True)
    rows = [{"temperature": T, "K_G": K_G * (1 - T / 3e4), "gamma": 0.5 * G_G * (1 - T / 1.5e4)} for T in temperatures]
    (folder / "thermal.json").write_text(json.dumps({"rows": rows, "warnings": ["of the crystal"]}))
    return folder


def test_loads_of_the_warm_crystal(tmp_path):
    """At the same K / K_G the same velocity; K and G are those of the temperature, between rows on the line."""
    folder = kinks(tmp_path / "kinks")
    cold = run_velocity(walks(folder, output=tmp_path / "cold", temperatures=[450.0, 600.0]))
    made = run_velocity(walks(folder, output=tmp_path / "warm", temperatures=[450.0, 600.0], thermal=thermal(tmp_path / "thermal")))
    for one, two in zip(made["velocities"], cold["velocities"], strict=True):
        assert one["velocity"] == two["velocity"]
        assert two["K"] == pytest.approx(K_G * two["K_over_KG"], rel=1e-12)
        assert two["G"] == pytest.approx(G_G * two["K_over_KG"] ** 2, rel=1e-9)
        assert one["K"] == pytest.approx(two["K"] * (1 - two["temperature"] / 3e4), rel=1e-12)
        assert one["G"] == pytest.approx(two["G"] * (1 - two["temperature"] / 1.5e4), rel=1e-9)
    for one, two in zip(made["growth_law"]["table"], cold["growth_law"]["table"], strict=True):
        assert one["K"] == pytest.approx(two["K"] * (1 - two["temperature"] / 3e4), rel=1e-9)
    said = "\n".join(summary(made))
    assert "loads are in K_G of their temperature (0.9850 at 450 K, 0.9800 at 600 K of that of 0 K" in said
    assert "warning: of the crystal" in said
    assert "those of 0 K: what warming does" in "\n".join(summary(cold))


@pytest.mark.mpi
def test_the_same_numbers_on_any_number_of_ranks(shared_path):
    folder = on_root(comm, lambda: kinks(shared_path / "kinks"))

    def rows(ranks):
        return run_velocity(walks(folder), ranks)["velocities"]

    many, alone = together_and_alone(rows)
    assert many == alone
    if comm.rank == 0:  # each pair has its own random numbers, whatever else is asked for
        assert run_velocity(walks(folder, levels=[1.15], temperatures=[600.0]), MPI.COMM_SELF)["velocities"] == alone[-1:]
        assert run_velocity(walks(folder, seed=4), MPI.COMM_SELF)["velocities"] != alone
    comm.barrier()


@pytest.mark.mpi
def test_a_run_that_is_stopped_goes_on(shared_path, monkeypatch):
    """What was walked is taken as it is, on other ranks, too; a file that was cut, or another seed, is walked."""
    folder = on_root(comm, lambda: kinks(shared_path / "kinks"))
    whole = run_velocity(walks(folder), comm)["velocities"]
    if comm.rank == 0:
        walked, walk = [], velocity.front_velocity
        monkeypatch.setattr(velocity, "front_velocity", lambda *asked: walked.append(asked[1]) or walk(*asked))
        assert run_velocity(walks(folder, resume=True), MPI.COMM_SELF)["velocities"] == whole
        assert walked == []
        first, second, *_ = sorted((folder / ".walks").iterdir())
        first.unlink()
        second.write_text('{"K_over_KG": 1.')
        assert run_velocity(walks(folder, resume=True), MPI.COMM_SELF)["velocities"] == whole
        assert len(walked) == 2
        run_velocity(walks(folder, resume=True, seed=5, levels=[1.05]), MPI.COMM_SELF)
        assert len(walked) == 4
        run_velocity(walks(folder), MPI.COMM_SELF)
        assert len(walked) == 8
    comm.barrier()


def test_bad_input_is_one_sentence(tmp_path, capfd, monkeypatch):
    folder = kinks(tmp_path / "kinks")
    old = tmp_path / "old"
    old.mkdir()
    (old / "kinks.json").write_text(json.dumps(document([replace(level(1.1), G=None)])))
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "kinks.json").write_text('{"case": "x", "step": 3.3, "front_periods": 8, "K_G": 1, "levels": [{"K": 1}]}')
    warm = ["--temperature", "300"]
    other, late = thermal(tmp_path / "other", 0.8), thermal(tmp_path / "late", temperatures=(300.0, 600.0))
    (tmp_path / "torn.json").write_text('{"rows": [{"temperature": 0}], "warnings": []}')
    for words, said in (
        ([folder, "--temperature", "0"], "--temperature 0: '0' is not allowed, expected numbers from 50 to 3000, in K"),
        ([folder, "--temperature", "300,warm"], "--temperature 300,warm: 'warm' is not allowed"),
        ([folder, *warm, "--levels", "1.5"], "--levels 1.5 is not allowed: expected loads from 0.99 to 1.2 K_G"),
        ([folder, *warm, "--levels", "x"], "--levels x: 'x' is not allowed, expected numbers from 0.2 to 4"),
        ([folder, *warm, "--sites", "3"], "--sites 3 is not allowed: expected a whole number from 16 to 4096"),
        ([folder, *warm, "--events", "0"], "--events 0 is not allowed"),
        ([tmp_path, *warm], "there is no kinks.json in it; expected is the directory of a finished qc kinks"),
        ([old, *warm], "the load 1.1 K_G has no G, no curvature or no frequency in kinks.json"),
        ([folder, *warm, "--thermal", tmp_path], "thermal.json: there is no such file; expected is the directory of a finished qc thermal"),
        ([folder, *warm, "--thermal", other], "K_G at 0 K is 0.8 MPa m^1/2, that of kinks.json 0.75: expected is the same potential"),
        ([folder, *warm, "--thermal", late], "begins at 300 K, expected are rows from 0 K on"),
        ([folder, "--temperature", "700", "--thermal", thermal(tmp_path / "t")], "--temperature 700 is not allowed: "),
        ([folder, *warm, "--thermal", tmp_path / "torn.json"], "torn.json: is not the document of a qc thermal of this version"),
        ([broken, *warm], "is not the document of a qc kinks of this version"),
    ):
        monkeypatch.setattr("sys.argv", ["qc", "velocity", *map(str, words)])
        assert main() == 2
        error = capfd.readouterr().err
        assert said in error
        assert error.count("\n") == 1
        assert "Traceback" not in error
    assert {p.name for p in folder.iterdir()} == {"kinks.json"}
