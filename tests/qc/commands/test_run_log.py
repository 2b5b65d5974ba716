"""``run.log``: what is told while a run goes on, and how it ended: a stop in a sentence, only a defect with its traceback."""

import logging

import pytest
from mpi4py import MPI

from qc.commands.run_log import log_to_file
from qc.commands.verbosity import PACKAGES, chosen, messages_on_screen
from qc.errors import ConvergenceError, EngineError, InputError, Stopped

comm = MPI.COMM_WORLD


def ended_by(path, error):
    """Lines of the log of a block that an error ends."""
    with pytest.raises(type(error)), log_to_file(path, comm):
        raise error
    comm.barrier()
    return path.read_text().splitlines()


@pytest.mark.mpi
@pytest.mark.parametrize(
    ("error", "level", "sentence"),
    [
        (
            Stopped("stopped after K = 1 K_G; resume with --resume"),
            "WARNING",
            "stopped after K = 1 K_G; resume with --resume",
        ),
        (KeyboardInterrupt(), "WARNING", "interrupted at once"),
        (ConvergenceError("no stable state\n  at K = 1 K_G"), "ERROR", "no stable state at K = 1 K_G"),
        (EngineError("the engine died"), "ERROR", "the engine died"),
        (InputError("crystal.a = -1 is not allowed"), "ERROR", "crystal.a = -1 is not allowed"),
        (InputError(), "ERROR", "InputError"),
    ],
)
def test_an_ordinary_end_is_one_sentence(shared_path, error, level, sentence):
    (line,) = ended_by(shared_path / "run.log", error)
    assert level in line
    assert line.endswith(f": {sentence}")


@pytest.mark.mpi
def test_a_defect_comes_with_its_traceback(shared_path):
    lines = ended_by(shared_path / "run.log", KeyError("defect"))
    assert "ERROR" in lines[0]
    assert "Traceback" in lines[1]
    assert lines[-1] == "KeyError: 'defect'"


@pytest.mark.mpi
def test_rank_0_writes_what_all_packages_say_and_nothing_is_left(shared_path, capfd):
    loggers = [logging.getLogger(package) for package in PACKAGES]
    before = [(logger.level, list(logger.handlers)) for logger in loggers]
    with log_to_file(shared_path / "run.log", comm):
        for package in PACKAGES:
            logging.getLogger(f"{package}.module").info("from %s", package)
            logging.getLogger(f"{package}.module").warning("warning of %s on rank %d", package, comm.rank)
    assert [(logger.level, list(logger.handlers)) for logger in loggers] == before
    comm.barrier()
    text = (shared_path / "run.log").read_text()
    for package in PACKAGES:
        assert text.count(f"from {package}") == 1
        assert text.count(f"warning of {package}") == 1
    assert capfd.readouterr().err == ""  # the other ranks keep what they have to say to themselves


def test_the_log_has_the_level_that_was_chosen_and_the_screen_its_own(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(chosen, "log", logging.ERROR)
    with messages_on_screen(True), log_to_file(tmp_path / "run.log", comm):
        for say in (logging.getLogger("qc").info, logging.getLogger("fem").warning, logging.getLogger("qc").error):
            say("a message")
    assert len((tmp_path / "run.log").read_text().splitlines()) == 1
    assert capsys.readouterr().err == "warning: a message\nerror: a message\n"
    assert chosen.log == logging.INFO


def test_a_resumed_run_adds_to_the_log(tmp_path):
    for word in ("first", "second"):
        with log_to_file(tmp_path / "run.log", comm):
            logging.getLogger("qc").info(word)
    assert [line.rsplit(maxsplit=1)[-1] for line in (tmp_path / "run.log").read_text().splitlines()] == [
        "first",
        "second",
    ]
