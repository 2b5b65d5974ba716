"""Engines by a name of the user's own: who may say what it means, and in which words."""

import os
from types import SimpleNamespace

import pytest

from qc.commands.side_by_side import Job, command
from qc.errors import InputError
from qc.qm.engine import aliases
from qc.qm.engine.aliases import add_engine, is_there, known_engines, named_engine, own_engines
from qc.qm.engine.process import EngineProcess


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home of its own, and nothing said before."""
    monkeypatch.setattr(aliases, "_given", {})
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    own_engines().parent.mkdir(parents=True)


def at_home(text):
    own_engines().write_text(text)
    own_engines().chmod(0o600)


def test_an_interpreter_and_an_engine_on_the_command_line():
    assert add_engine("my-gpaw='/opt/my python/bin/python3' -s gpaw") == "my-gpaw"
    spec = named_engine("my-gpaw", {"h": 0.2}, retries=1)
    assert (spec.name, spec.engine, spec.python) == ("my-gpaw", "gpaw", ("/opt/my python/bin/python3", "-s"))
    assert (spec.parameters, spec.retries, spec.socket) == ({"h": 0.2}, 1, "")
    assert not is_there(spec)


@pytest.mark.parametrize("socket", ["unix:vasp", "localhost:31415"])
def test_a_socket_and_its_program_on_the_command_line(socket):
    add_engine(f"my-vasp={socket} mpirun -n 4 'vasp std'")
    spec = named_engine("my-vasp")
    assert (spec.engine, spec.socket, spec.command, spec.is_fresh) == ("socket", socket, ("mpirun", "-n", "4", "vasp std"), False)


def test_names_of_the_user_s_own_file_and_whose_parameters_go_first():
    at_home(
        """
        short = "ase:tests.qc.site_engines.SW"
        long = { engine = "gpaw", python = "~/bin/python3", parameters = { h = 0.2, xc = "LDA", txt = "log" } }
        other = { socket = "unix:{name}", command = ["cp2k", "-i", "a b"], directory = "~/cp2k", parameters = { vacuum = 5.0 } }
        """.replace("{name}", "cp2k").replace("\n        ", "\n")
    )
    assert known_engines() == ["long", "other", "short"]
    assert named_engine("short").engine == "ase:tests.qc.site_engines.SW"
    spec = named_engine("long", {"h": 0.3})
    assert spec.python == (os.path.expanduser("~/bin/python3"),)
    assert spec.parameters == {"h": 0.3, "xc": "LDA", "txt": "log"}
    assert named_engine("other").command == ("cp2k", "-i", "a b")
    add_engine("long=gpaw")
    assert named_engine("long").python == ()


def test_names_that_a_package_adds(monkeypatch):
    points = {"good": "unix:a b", "table": {"engine": "gpaw"}, "bad": 3, "broken": None}

    def load(name):
        if points[name] is None:
            raise RuntimeError("no such file")
        return points[name]

    added = [SimpleNamespace(name=name, value="mine:x", load=lambda name=name: load(name)) for name in points]
    monkeypatch.setattr(aliases, "entry_points", lambda group: added if group == "qc.engines" else [])
    assert known_engines() == sorted(points)
    assert (named_engine("good").command, named_engine("table").engine) == (("b",), "gpaw")
    with pytest.raises(InputError, match=r"the entry point bad of qc.engines: bad = 3 is not allowed"):
        named_engine("bad")
    with pytest.raises(InputError, match=r"the entry point broken of qc.engines cannot be loaded \(mine:x\): no such file"):
        named_engine("broken")


def test_a_name_that_nobody_knows():
    add_engine("mine=gpaw")
    with pytest.raises(InputError, match=r'the engine "yours" is not known: it must be "gfn1-xtb".* \(known: mine\) that --engine NAME='):
        named_engine("yours")


@pytest.mark.parametrize("place", ["file", "folder", "above", "link"])
def test_a_file_that_others_can_write_names_no_program(place, tmp_path):
    at_home('mine = "gpaw"')
    changed = {"file": own_engines(), "folder": own_engines().parent, "above": own_engines().parents[1]}
    if place == "link":
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        os.replace(own_engines(), elsewhere / "engines.toml")
        own_engines().symlink_to(elsewhere / "engines.toml")
        assert named_engine("mine").engine == "gpaw"  # a link is no harm where nobody else can change what it leads to
        changed["link"] = elsewhere
    changed[place].chmod(0o777)
    with pytest.raises(InputError, match=f"{changed[place]} names code that is run and can be changed by others: it must be yours"):
        named_engine("mine")
    assert named_engine("gpaw").engine == "gpaw"  # no alias: the file is not asked


def test_a_file_that_somebody_else_owns(monkeypatch):
    at_home('mine = "gpaw"')
    if os.getuid() != 0:
        monkeypatch.setattr(os, "getuid", lambda: 12345)
    else:
        os.chown(own_engines(), 12345, 12345)
    with pytest.raises(InputError, match="can be changed by others"):
        named_engine("mine")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("3", "mine = 3 is not allowed: it must be"),
        ('""', "mine = '' is not allowed"),
        ('"python3 vasp"', "the engine 'vasp' is not known"),
        ("\"'a\"", "cannot be taken apart"),
        ('"unix:a"', "both socket and command, or neither"),
        ("{}", "either engine, with or without python, or socket"),
        ('{ engine = "gpaw", socket = "unix:a" }', "either engine"),
        ('{ engine = "gpaw", command = "a" }', "both socket and command, or neither"),
        ('{ engine = "gpaw", pyhton = "a" }', r"mine.pyhton is not a known key: did you mean mine.python\?"),
        ('{ engine = "gpaw", python = 3 }', "mine.python = 3 is not allowed: it must be a command, or a list of its words"),
        ('{ engine = "gpaw", python = [] }', "at least one word"),
        ('{ socket = "/tmp/x", command = "a" }', 'mine.socket = "/tmp/x" is not allowed: it must be "unix:NAME" or "HOST:PORT"'),
        ('{ socket = "unix:a", command = "a", parameters = { xc = "PBE" } }', "only vacuum is allowed"),
        ("[", "cannot be read"),
    ],
)
def test_a_file_that_says_it_wrongly_is_one_sentence(value, says):
    at_home(f"mine = {value}")
    with pytest.raises(InputError, match=rf"engines\.toml.*{says}") as error:
        named_engine("mine")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("words", ["mine", "mine=", "mine=vasp", "mine=unix:a", "../mine=gpaw", "gpaw=ase:a.B", "=gpaw"])
def test_words_that_name_no_engine(words):
    with pytest.raises(InputError, match=r"--engine: .*(is not allowed|both socket and command)"):
        add_engine(words)


def test_a_run_side_by_side_is_told_the_same(tmp_path):
    add_engine("mine=unix:a b c")
    words = command(Job(case_file=tmp_path / "a.toml", directory=tmp_path, resume=False))
    assert words[-2:] == ["--engine", "mine=unix:a b c"]


def test_an_interpreter_that_is_none():
    add_engine("mine=/nowhere/python3 gpaw")
    with pytest.raises(InputError, match="the interpreter /nowhere/python3 of the QM engine mine cannot be started: No such file"):
        EngineProcess(named_engine("mine"), ["Si"])
    add_engine("other=/bin/false gpaw")
    with pytest.raises(InputError, match="the QM engine other could not be started: its process ended with exit code 1"):
        EngineProcess(named_engine("other"), ["Si"])
