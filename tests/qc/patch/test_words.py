"""Words of ``qc patch-test``: what they stand for, and the one sentence for those that make no sense."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.commands.patch import PatchOptions, plan
from qc.errors import InputError
from qc.patch.words import parse_deformation, rotation

DISC = "meshes/disc.msh"


@pytest.mark.parametrize(
    ("text", "dimension", "F"),
    [
        ("identity", 3, np.eye(3)),
        ("shear:0.01", 3, [[1, 0.01, 0], [0, 1, 0], [0, 0, 1]]),
        ("stretch:0.02", 2.5, np.diag([1.02, 1, 1])),
        ("1, 0.1, 0, 1", 2, [[1, 0.1, 0], [0, 1, 0], [0, 0, 1]]),
        ("1,2e-2,3e-2,0,1,0,0,0,1.01", 3, [[1, 0.02, 0.03], [0, 1, 0], [0, 0, 1.01]]),
        ("rotation:90", 2, [[0, -1, 0], [1, 0, 0], [0, 0, 1]]),
    ],
)
def test_deformations(text, dimension, F):
    assert pytest.approx(np.array(F), abs=1e-15) == parse_deformation(text, dimension).F


@pytest.mark.parametrize("dimension", [2, 2.5, 3])
def test_general_and_random_gradients(dimension):
    """Spectral norm as asked for, every component that the dimension allows, the same F for the same seed."""
    G = parse_deformation("general:0.05", dimension).F - np.eye(3)
    assert np.linalg.norm(G, 2) == pytest.approx(0.05)
    free = slice(0, 2 if dimension == 2 else 3)
    assert (G[free, free] != 0).all()
    drawn = [parse_deformation(f"random:{seed}", dimension).F for seed in (1, 1, 2)]
    assert (drawn[0] == drawn[1]).all()
    assert (drawn[0] != drawn[2]).any()
    for seed in range(20):
        F = parse_deformation(f"random:{seed}", dimension).F
        assert 0.005 < np.linalg.norm(F - np.eye(3), 2) <= 0.05 * (1 + 1e-12)
        assert dimension > 2 or (F[2] == [0, 0, 1]).all()


def test_rotation():
    Q = rotation(37.0)
    assert pytest.approx(np.eye(3), abs=1e-15) == Q @ Q.T
    assert Q[1, 0] == pytest.approx(np.sin(np.radians(37)))


def options(words):
    """``--crystal fcc`` and so on as options; every name may be repeated."""
    target = {"method": "methods", "crystal": "crystals", "potential": "potentials", "deformation": "deformations"}
    target |= {"dimension": "dimensions", "reference": "references", "shifts": "shifts"}
    made: dict = {}
    for name, value in zip(words[::2], words[1::2], strict=True):
        key = name.removeprefix("--")
        if key in target:
            made.setdefault(target[key], []).append(value)
        else:
            made[key] = value
    return PatchOptions(**made)


BAD = [
    ("--method bgcf", ["--method 'bgcf'", "bgfc"]),
    ("--crystal sc:Po", ["--crystal 'sc:Po'", "hexagonal|fcc|bcc"]),
    ("--crystal diamond:C", ["diamond:C", "--potential", "diamond:Si"]),
    ("--crystal diamond:Si:C", ["'C'", "number > 0 in A"]),
    ("--crystal zincblende:Si", ["zincblende has 2 elements", "zincblende|B2|L1_2[:Element:Element[:a]]"]),
    ("--crystal zincblende:Si:C --potential Si.sw", ["does not fit Si, C", "has no C"]),
    ("--crystal diamond --potential SiC.tersoff", ["leaves the element open", "diamond:Element"]),
    ("--crystal fcc:Cu:x", ["'x'", "number > 0 in A"]),
    ("--crystal fcc:Cu:0", ["'0'", "number > 0 in A"]),
    ("--crystal fcc:Cu:9 --potential Cu_mishin1.eam.alloy", ["9", "the potential ends at"]),
    ("--crystal fcc:Ni", ["fcc:Ni", "--potential"]),
    ("--crystal fcc:Al --potential Cu_mishin1.eam.alloy", ["fcc:Al", "no parameters for Al", "it knows Cu"]),
    ("--crystal hexagonal:Cu --potential Cu_mishin1.eam.alloy", ["names none for hexagonal Cu", "hexagonal:Cu:a"]),
    ("--crystal fcc --potential AlCu.eam.alloy", ["Al, Cu", "fcc:Element"]),
    ("--potential nowhere.eam.alloy", ["nowhere.eam.alloy", "not in"]),
    (
        "--potential SiC.tersoff --crystal zincblende --method bgrac",
        ["SiC.tersoff", "bgrac", "of one species", "use bgfc"],
    ),
    ("--shifts free", ["'free'", "relaxed, given"]),
    ("--shifts given --crystal bcc", ["--shifts 'given'", "bcc:Fe", "several atoms a cell"]),
    (f"--shifts given --crystal diamond --mesh {DISC}", ["--shifts 'given'", "--mesh", "relaxed is expected"]),
    ("--deformation 1,0,0,0", ["1,0,0,0", "singular", "positive"]),
    ("--deformation 1,0,0,0,-1,0,0,0,1 --crystal bcc", ["det F must be positive", "got -1"]),
    ("--deformation nan,0,0,1 --crystal hexagonal", ["finite"]),
    ("--deformation 1,0,0 --crystal bcc", ["3 components", "must have 9, or 4 in 2-D"]),
    ("--deformation 1,0,0,1 --crystal bcc", ["4 components", "must have 9, or 4 in 2-D"]),
    ("--deformation 1,0,0,1,0 --crystal hexagonal", ["5 components", "must have 9, or 4 in 2-D"]),
    ("--deformation 1,0,0,0,1,0,0.1,0,1 --crystal hexagonal", ["leaves the plane"]),
    ("--deformation twist:3", ["twist:3", "rotation:DEGREES"]),
    ("--deformation shear:x", ["'x'", "number is expected"]),
    ("--deformation random:1.5", ["'1.5'", "whole number"]),
    ("--deformation stretch:-0.3 --crystal fcc", ["compresses", "0.700"]),
    ("--dimension 1", ["'1'", "2, 2.5 or 3"]),
    ("--dimension 2 --crystal fcc", ["--dimension 2", "2.5 or 3"]),
    ("--dimension 3 --crystal hexagonal", ["--dimension 3", "must be 2"]),
    ("--reference predictor", ["'predictor'", "lattice, far_field"]),
    ("--width 1.5 --crystal bcc", ["--width 1.5", "bqce, bgfc", "cutoff", "2.143"]),
    ("--width 0 --crystal bcc --method bqce", ["--width 0", "cutoff"]),
    ("--width wide", ["'wide'", "number from 0 to 1000"]),
    ("--width -2", ["'-2'", "number from 0 to 1000"]),
    ("--mesh nowhere.msh", ["nowhere.msh", "does not exist"]),
    ("--mesh README.md", ["README.md", "must be a .msh file"]),
    (f"--mesh {DISC} --dimension 3 --crystal fcc", [DISC, "holds no tetrahedra"]),
    (f"--mesh {DISC} --crystal bcc --width 20", [DISC, "smaller than the model", "64.29 A"]),
    (f"--mesh {DISC} --crystal fcc:Ar:20 --potential lennard-jones", ["the potential ends at"]),
    ("--format xml", ["'xml'", "table, json, junit"]),
]


ON_RANKS = ("--mesh", "--potential", "--reference")
"""Words whose files and numbers one rank reads for all."""


@pytest.mark.parametrize(
    ("words", "told"),
    [pytest.param(*bad, marks=pytest.mark.mpi) if bad[0].startswith(ON_RANKS) else bad for bad in BAD],
    ids=[words for words, _ in BAD],
)
def test_one_sentence(words, told):
    """The value and what is expected, the same on all ranks."""
    with pytest.raises(InputError) as error:
        plan(MPI.COMM_WORLD, options(words.split()))
    sentence = str(error.value)
    assert all(part in sentence for part in told), sentence
    assert "\n" not in sentence
    assert set(MPI.COMM_WORLD.allgather(sentence)) == {sentence}
