"""Crack systems: the usual ones of each structure, and what a file of one's own may not say."""

import json

import numpy as np
import pytest

from atomistics import Crystal
from qc.case.orientation import STANDARD, Orientation, read_orientations
from qc.case.tables import BINARY
from qc.errors import InputError

COUNT = {"bcc": 6, "B2": 6, "fcc": 6, "L1_2": 6, "diamond": 4, "zincblende": 4, "hcp": 6, "hexagonal": 2}


@pytest.mark.parametrize("structure", COUNT)
def test_usual_systems_have_their_front_in_the_plane_and_are_right_handed(structure):
    crystal = getattr(Crystal, structure)(*(("Ni", "Al") if structure in BINARY else ("Fe",)), 3.0)
    systems = STANDARD[structure]
    assert len({one.name for one in systems}) == len(systems) == COUNT[structure]
    for one in systems:
        turned = crystal.oriented(one.plane, one.front or (0, 0, 1))
        assert np.linalg.det(turned.rotation) == pytest.approx(1.0)
        if one.front is not None:
            assert sum(h * u for h, u in zip(one.plane, one.front, strict=True)) == 0
            direction = np.array(one.front) @ turned.conventional_ij
            assert np.abs(direction[:2]).max() < 1e-9 * np.linalg.norm(direction)  # the front is z
            assert direction[2] > 0


def test_the_systems_of_iron_are_those_of_the_literature():
    labels = ["(1 0 0)[0 0 1]", "(1 0 0)[0 1 1]", "(1 1 0)[0 0 1]", "(1 1 0)[1 -1 0]", "(1 1 1)[1 1 -2]", "(1 1 2)[1 1 -1]"]
    assert [one.label for one in STANDARD["bcc"]] == labels


def test_names_of_files_tell_systems_apart():
    one = Orientation(plane=(1, 1, 1), front=(1, -1, 0), cut="glide")
    assert (one.name, one.label) == ("111_1-10_glide", "(1 1 1)[1 -1 0] glide")
    assert Orientation(plane=(1, 11, 0), front=(0, 0, 1)).name != Orientation(plane=(11, 1, 0), front=(0, 0, 1)).name


def test_a_file_in_either_language(tmp_path):
    toml, other = tmp_path / "mine.toml", tmp_path / "mine.json"
    first = '[[system]]\nplane = [1, 1, 0]\nfront = [0, 0, 1]\nslip = ["(1 1 2) 1/2[1 1 -1]"]\n'
    toml.write_text(first + "[[system]]\nplane = [1, 0, 0]\nfront = [0, 1, 0]\n")
    entries = [{"plane": [1, 1, 0], "front": [0, 0, 1], "slip": "(1 1 2) 1/2[1 1 -1]"}, {"plane": [1, 0, 0], "front": [0, 1, 0]}]
    other.write_text(json.dumps({"system": entries}))
    found = read_orientations(toml)
    assert found == read_orientations(other)
    assert found[0] == Orientation(plane=(1, 1, 0), front=(0, 0, 1), slips=("(1 1 2) 1/2[1 1 -1]",))
    assert found[1].table() == {"plane": [1, 0, 0], "front": [0, 1, 0]}


BAD = {
    "[[system]]\nplane = [1, 1, 0\n": "line",
    "plane = [1, 1, 0]": "'plane' is not allowed",
    "system = 3": "must have one to 200 entries",
    "system = [3]": "system 1: 3 is not allowed",
    "[[system]]\nfront = [0, 0, 1]": "system 1: plane is missing",
    "[[system]]\nplane = [1.5, 1, 0]": "system 1: plane = [1.5, 1, 0] is not allowed",
    "[[system]]\nplane = [1, 1, 0]\nfront = true": "front = true is not allowed",
    "[[system]]\nplane = [1, 1, 0]\nfront = [0, 0, 1]\nnormal = 1": "'normal' is not a key of a crack system",
    "[[system]]\nplane = [1, 1, 0]\nfront = [0, 0, 1]\nslip = [1]": "slip = [1] is not allowed",
    "[[system]]\nplane = [1, 1, 0]\nfront = [0, 0, 1]\ncut = 'thin'": 'cut = "thin" is not allowed',
    "[[system]]\nplane = [1, 1, 0]\nfront = [0, 0, 1]\n[[system]]\nplane = [1, 1, 0]\nfront = [0, 0, 1]": "is there twice",
}


@pytest.mark.parametrize("text", BAD)
def test_one_sentence_with_the_file(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        read_orientations(path)
    assert str(error.value).startswith(str(path))
    assert BAD[text] in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "told"), [("{", "line 1: not valid JSON"), ("[" * 200_000, "nested too deep"), ('{"system": []}', "one to 200")]
)
def test_one_sentence_of_json(tmp_path, text, told):
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(InputError, match=told):
        read_orientations(path)
