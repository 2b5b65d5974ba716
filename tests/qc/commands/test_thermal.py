"""``qc thermal``: its files, the same numbers on any number of ranks, and what it refuses."""

import csv
import json

import numpy as np
import pytest
from mpi4py import MPI

from atomistics import Crystal, ForcesOnly, Morse, load_potential
from atomistics.potentials.aliases import add_alias
from fem.collective import shared_out
from qc.commands.thermal import columns_of, rough, run_thermal, summary, table
from qc.commands.thermal_plan import warming_of
from qc.errors import InputError
from qc.material.griffith import griffith
from tests.qc.cli.commands import qc, say
from tests.ranks import together_and_alone

comm = MPI.COMM_WORLD
COPPER = "Cu_mishin1.eam.alloy"


SHORT = "short"
"""A sheet whose bonds reach nearest neighbours only."""


@pytest.fixture(autouse=True)
def _names():
    for name in ("short", "forces"):
        add_alias(f"{name}=tests.qc.commands.test_thermal:{name}")


def short(elements=("X",)):
    return Morse(D=1.0, alpha=4.0, r0=1.0, cutoff=1.7, switch_on=1.1)


def warming(output, potential=SHORT, temperature="0,150", structure="hexagonal", **words):
    given = {"species": (), "plane": None, "front": None, "quantum": False} | words
    return warming_of(potential, structure, temperature=temperature, output=output, **given)


def test_a_sheet_against_its_griffith_load_and_files(tmp_path):
    made = run_thermal(warming(tmp_path / "sheet", temperature="150,0", plane="1,0"))
    cold, warm = made["rows"]
    known = griffith(Crystal.hexagonal("X", cold["lattice_constant"]).oriented((1, 0)), short())
    assert (cold["temperature"], warm["temperature"]) == (0.0, 150.0)
    expected = {"gamma": known.gamma, "K_G": known.K_G, "effective_modulus": known.effective_modulus, **known.elastic_constants}
    for name, value in expected.items():
        assert cold[name] == pytest.approx(value, rel=1e-4), name
    assert warm["lattice_constant"] > 1.001 * cold["lattice_constant"]
    assert 0.8 * cold["K_G"] < warm["K_G"] < 0.99 * cold["K_G"]
    files = {"thermal.json", "thermal.csv", "thermal.csv-metadata.json", "thermal.png", "report.html"}
    assert {path.name for path in (tmp_path / "sheet").iterdir()} == files
    written = json.loads((tmp_path / "sheet/thermal.json").read_text())
    assert written["rows"][1]["K_G"] == warm["K_G"]
    with open(tmp_path / "sheet/thermal.csv") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == columns_of(made)
    assert [float(row["C66"]) for row in rows] == pytest.approx([cold["C66"], warm["C66"]])
    head, lines = table(made)
    assert head[:2] == ("T (K)", "a (A)")
    assert [len(line) for line in lines] == [len(head)] * 2
    said = "\n".join(summary(made))
    for part in ("% of the thermal stress", "quanta would make the lattice constant", "isothermal"):
        assert part in said


@pytest.mark.slow
def test_copper_at_300_K(tmp_path):
    """Griffith's load at 0 K, the size of LAMMPS' NPT at 300 K (docs/temperature.md); the gallery has silicon's."""
    made = run_thermal(warming(tmp_path / "cu", COPPER, "300,0", "fcc", plane="1,1,1", front="1,-1,0"))
    cold, warm = made["rows"]
    known = griffith(Crystal.fcc("Cu", cold["lattice_constant"]).oriented((1, 1, 1), (1, -1, 0)), load_potential(COPPER, ("Cu",)))
    assert cold["K_G"] == pytest.approx(known.K_G, rel=1e-4)
    assert warm["lattice_constant"] == pytest.approx(3.63185, rel=2e-4)
    assert 0.94 * cold["K_G"] < warm["K_G"] < 0.99 * cold["K_G"]
    assert "% of the neighbour distance at 300 K" in "\n".join(summary(made))


@pytest.mark.mpi
def test_the_same_numbers_on_any_number_of_ranks(shared_path):
    def rows(ranks):
        return run_thermal(warming(shared_path / f"sheet_{ranks.size}"), ranks)["rows"]

    many, alone = together_and_alone(rows)
    assert many == alone
    assert many[1]["lattice_constant"] > many[0]["lattice_constant"]
    squares = shared_out(comm, 7, lambda i: np.array([i**2]))
    assert np.concatenate(squares).tolist() == [0, 1, 4, 9, 16, 25, 36]
    with pytest.raises(ValueError, match="of rank 0"):
        shared_out(comm, 7, lambda i: failing(i))


def failing(i):
    if i == 0:
        raise ValueError("of rank 0")
    return np.zeros(1)


def test_quanta_are_larger_at_0_K(tmp_path):
    made = run_thermal(warming(tmp_path / "q", temperature="0", quantum=True))
    (row,) = made["rows"]
    assert row["lattice_constant"] > row["lattice_constant_other"] == pytest.approx(made["lattice_constant"])
    assert row["gamma"] != row["gamma_static"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([COPPER, "--temperature", "-5"], "--temperature -5: '-5' is not allowed, expected numbers from 0 to 5000, in K"),
        ([COPPER, "--temperature", "300,warm"], "--temperature 300,warm: 'warm' is not allowed"),
        ([COPPER, "--structure", "fcc", "--temperature", "5000"], "5000 is not allowed: at 5000 K the crystal finds no size at rest"),
        ([COPPER, "--structure", "bct"], "--structure 'bct' is not allowed: it must be one of fcc, bcc"),
        ([COPPER, "--element", "Fe"], "the potential has no parameters for Fe"),
        (["none.eam.alloy"], "none.eam.alloy is not usable: no potential 'none.eam.alloy'"),
        ([COPPER, "--structure", "fcc", "--plane", "1,1"], "[1 1] is not allowed of fcc: expected is both --plane h,k,l and --front"),
        ([COPPER, "--structure", "L1_2", "--plane", "1,1,0"], "--structure L1_2 does not fit the species Cu"),
        ([COPPER, "--structure", "fcc", "--plane", "1,1,0", "--front", "1,1,0"], "--plane, --front: front [1, 1, 0] must lie in the"),
        ([COPPER, "--front", "1,1,0"], "--front 1,1,0 is not allowed without --plane"),
        ([COPPER, "--plane", "x"], "--plane 'x' is not allowed: expected Miller indices"),
        ([COPPER, "--structure", "diamond"], "is unstable under"),
        (["forces"], "forces gives forces only, no second derivatives of site energies"),
    ],
)
def test_bad_input_is_one_sentence(words, said, tmp_path):
    result = qc("thermal", *words, "-q", "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert say(result, said)
    assert not (tmp_path / "out").exists()


def forces(elements=("Cu",)):
    potential = load_potential(COPPER, ("Cu",))
    return ForcesOnly(potential.calculator(), ("Cu",), 2 * potential.cutoff)


def test_kinks_of_a_potential_are_warned_of():
    assert rough({"rows": [{"stress_error": 0.0}, {"stress_error": 0.02}]}) == []
    (sentence,) = rough({"rows": [{"stress_error": 0.0}, {"stress_error": 0.49}]})
    assert "misses 49 % of the thermal stress" in sentence


def test_a_directory_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        warming(tmp_path)
