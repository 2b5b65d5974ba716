"""Models by name: who may say what a name means, and what comes of the code behind it."""

import sys

import pytest

from atomistics import Crystal, Morse, add_alias, cohesive_energy, load_model, load_potential
from atomistics.potentials import aliases
from atomistics.potentials.aliases import find_alias, known_aliases, own_file
from atomistics.potentials.model import ModelPotential

MINE = """
import numpy as np
from atomistics import Morse

class Springs:
    elements = ("X",)
    cutoff = 1.5

    def __init__(self, stiffness=2.0):
        self.stiffness = stiffness

    def evaluate(self, bonds, first, site_types, bond_types):
        r = np.linalg.norm(bonds, axis=1)
        v, dv = self.stiffness * (1.5 - r) ** 4, -4 * self.stiffness * (1.5 - r) ** 3
        inside = r < 1.5
        total = np.concatenate([[0.0], np.cumsum(np.where(inside, v, 0.0))])
        return np.diff(total[first]), np.where(inside, dv / np.where(inside, r, 1.0), 0.0)[:, None] * bonds

def morse(alpha=4.0, elements=("X",)):
    return Morse(alpha=alpha, elements=elements)

def broken():
    raise RuntimeError("no weights here")

def nothing():
    return 3

number = 7
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A file of models, and a home of its own."""
    monkeypatch.setattr(aliases, "_given", {})
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    return path


def at_home(text):
    own_file().parent.mkdir(parents=True, exist_ok=True)
    own_file().write_text(text)
    own_file().chmod(0o644)


def test_a_name_of_the_command_line(mine):
    add_alias(f"my-nn={mine}:morse")
    assert known_aliases() == ["my-nn"]
    found = load_model("my-nn", ["Cu"], alpha=5.0)
    assert isinstance(found, Morse)
    assert found.elements == ("Cu",)
    assert isinstance(load_potential("my-nn"), Morse)


def test_a_name_that_a_built_in_potential_has_too(mine):
    """Whoever asks for a model gets the model."""
    add_alias(f"morse={mine}:Springs")
    assert isinstance(load_model("morse"), ModelPotential)
    assert isinstance(load_potential("morse"), Morse)


def test_a_function_of_the_bonds_is_made_a_potential(mine):
    add_alias(f"springs={mine}:Springs")
    found = load_model("springs", stiffness=3.0)
    assert isinstance(found, ModelPotential)
    assert found.cutoff == 1.5


def test_a_name_of_the_user_s_own_file(mine, monkeypatch):
    at_home(f'first = "{mine}:morse"\nsecond = {{ maker = "mine:morse", parameters = {{ alpha = 6.0 }} }}')
    monkeypatch.syspath_prepend(mine.parent)
    assert known_aliases() == ["first", "second"]
    found = [load_model("first"), load_model("second", alpha=4.0), load_model("second")]
    first, same, stiff = (cohesive_energy(Crystal.hexagonal("X", 1.2), potential) for potential in found)
    assert first == same != stiff
    sys.modules.pop("mine", None)


@pytest.mark.parametrize("place", ["file", "folder"])
def test_a_file_that_others_can_write_names_no_code(mine, place):
    at_home(f'first = "{mine}:morse"')
    (own_file() if place == "file" else own_file().parent).chmod(0o777)
    with pytest.raises(ValueError, match=r"names code that is run and can be changed by others: it must be yours alone"):
        find_alias("first")
    assert load_potential("Fe_mm.eam.fs").elements == ("Fe",)  # no name of a model: the file is not asked


@pytest.mark.parametrize(
    "text",
    [
        "first = 3", 'first = "os.system"', 'first = { maker = "a:b", run = 1 }', "first = { parameters = {} }",
        '"../x" = "a:b"', "first = [",
    ],
)  # fmt: skip
def test_a_file_of_no_models_is_one_sentence(mine, text):
    at_home(text)
    with pytest.raises(ValueError, match=r"potentials.toml") as error:
        find_alias("first")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("words", ["my-nn", "my-nn=", "my-nn=os.system", "my-nn=a b:c", "../nn=a:b", "=a:b"])
def test_words_that_name_no_model(mine, words):
    with pytest.raises(ValueError, match=r"is not allowed: it must be a name"):
        add_alias(words)


@pytest.mark.parametrize(
    ("maker", "says"),
    [
        ("{mine}:broken", "no weights here"),
        ("{mine}:nothing", "gave int"),
        ("{mine}:number", "has no function number"),
        ("{mine}:absent", "has no function absent"),
        ("{mine}.absent.py:f", "there is no file"),
        ("no_such_module:f", "No module named"),
    ],
)
def test_code_that_fails_is_one_sentence(mine, maker, says):
    add_alias("my-nn=" + maker.format(mine=mine))
    with pytest.raises(ValueError, match=f"potential 'my-nn' of --model .*{says}") as error:
        load_model("my-nn")
    assert "\n" not in str(error.value)


def test_nobody_knows_the_name(mine):
    with pytest.raises(ValueError, match=r"no model has this name \(known: none\); say where its code is by --model NAME=MODULE"):
        load_model("my-nn")
    add_alias(f"my-nn={mine}:morse")
    with pytest.raises(ValueError, match="has no parameter beta: it takes alpha"):
        load_model("my-nn", beta=1.0)


def test_weights_of_torch_run_nothing(monkeypatch):
    """torch is large and not installed with the tests: what it is asked for."""
    from types import SimpleNamespace

    from atomistics import TorchModel

    asked = {}
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(load=lambda path, **options: asked.update(path=path, **options)))
    TorchModel.weights("w.pt")
    assert asked == {"path": "w.pt", "map_location": "cpu", "weights_only": True}
