"""Input that only the model can judge: one sentence with key or value and what is allowed, before anything is computed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from qc.case import Case
from qc.errors import InputError
from qc.run import check_case

IRON = {
    "crystal": {"structure": "bcc", "element": "Fe"},
    "potential": {"file": "Fe_mm.eam.fs"},
    "model": {"core_radius": 15.0, "blend_width": 8.0, "domain_radius": 60.0},
    "crack": {"plane": [1, 1, 0], "front": [0, 0, 1]},
    "load": {"K_start": 0.9, "K_stop": 1.0, "K_step": 0.05},
}


def changed(table, **keys):
    return IRON | {table: IRON[table] | keys}


BAD = {
    "no such potential": (changed("potential", file="nowhere.eam.alloy"), r"nowhere\.eam\.alloy.*not in"),
    "species": (changed("crystal", element="Cu"), "Cu"),
    "core and domain": (changed("model", domain_radius=30.0), r"core_radius = 15 A does not fit.*domain_radius"),
    "faces attract": (changed("model", core_radius=4.0), r"core_radius = 4 A is too small.*apart"),
    "thin strip": (changed("model", face_strip_thickness=4.0), r"face_strip_thickness = 4 A is thinner.*cutoff 5\.30"),
    "dead load at a closed crack": (changed("model", face_strip=False, reference="lattice"), "reference = 'lattice'"),
    "front without a short period": (
        changed("crack", plane=[1, 1, 0], front=[17, -17, 23]),
        "front",
    ),
}


@pytest.mark.mpi
@pytest.mark.parametrize("kind", BAD)
def test_one_sentence(kind):
    data, sentence = BAD[kind]
    with pytest.raises(InputError, match=sentence) as error:
        check_case(Case.from_dict(data))
    assert "\n" not in str(error.value)


def test_all_ranks_end_together_and_one_speaks(tmp_path):
    """Under mpirun: exit code 2, the sentence once, no traceback."""
    path = tmp_path / "bad.toml"
    path.write_text(
        'crystal = { structure = "bcc", element = "Fe" }\npotential = { file = "Fe_mm.eam.fs" }\n'
        "model = { core_radius = 4.0, blend_width = 8.0, domain_radius = 60.0 }\n"
        "crack = { plane = [1, 1, 0], front = [0, 0, 1] }\nload = { K_start = 0.9, K_stop = 1.0 }\n"
    )
    launcher = Path(sys.executable).parent / "mpirun"
    command = [
        str(launcher if launcher.exists() else "mpirun"),
        "-n",
        "2",
        sys.executable,
        "-m",
        "qc",
        "run",
        str(path),
        "-o",
        str(tmp_path / "out"),
    ]
    environment = os.environ | {"UCX_TLS": "self,sm,tcp", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("is too small") == 1
    assert "Traceback" not in done.stderr
