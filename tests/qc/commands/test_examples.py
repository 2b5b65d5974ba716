"""``qc example``: what is listed, found by a short name, copied and not overwritten."""

from __future__ import annotations

import tomllib

import pytest

from qc.case.case import load_case
from qc.commands.examples import SCHEMA, copy_example, example, examples, examples_folder
from qc.errors import InputError


def test_every_example_says_what_it_shows():
    found = examples()
    assert {"iron_crack.toml", "iron_crack.py", "ci", "slurm.sh"} <= found.keys()
    assert SCHEMA not in found
    assert [name for name, what in found.items() if len(what) < 20 or what.startswith(("#", "!", "["))] == []


@pytest.mark.parametrize(
    ("word", "name"),
    [("iron", "iron_crack.toml"), ("iron_crack", "iron_crack.toml"), ("iron_crack.py", "iron_crack.py"), ("propagation", "propagation.py")],
)
def test_short_names(word, name):
    assert example(word).name == name


def test_an_unknown_name_is_met_with_the_nearest():
    with pytest.raises(InputError, match=r"no example 'silicon_crak'.*did you mean silicon_crack\.toml"):
        example("silicon_crak")
    with pytest.raises(InputError, match=r"'zz'.*one of .*iron_crack\.toml"):
        example("zz")


def test_a_copy_is_a_case_with_its_schema(tmp_path):
    written = copy_example("hexagonal", tmp_path)
    assert [path.name for path in written] == ["hexagonal_crack.toml", SCHEMA]
    assert load_case(written[0]).crystal.structure == "hexagonal"
    with pytest.raises(InputError, match="exists already"):
        copy_example("hexagonal", tmp_path)
    assert (copy_example("ci", tmp_path)[0] / "patch_tests.sh").is_file()
    with pytest.raises(InputError, match="folder that exists"):
        copy_example("iron", tmp_path / "nowhere")


def test_case_files_name_the_schema_first():
    for path in examples_folder().glob("*.toml"):
        text = path.read_text()
        assert text.startswith(f"#:schema ./{SCHEMA}\n"), path
        tomllib.loads(text)
