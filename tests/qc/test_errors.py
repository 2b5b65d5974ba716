"""Errors of a run: what they are to those who catch more than one kind."""

import pytest

from qc.errors import ConvergenceError, EngineError, InputError, Stopped


@pytest.mark.parametrize(
    ("error", "kind"), [(InputError, ValueError), (ConvergenceError, RuntimeError), (EngineError, ConvergenceError)]
)
def test_errors_are_of_the_kind_that_others_expect(error, kind):
    assert issubclass(error, kind)


def test_a_stop_is_no_failure():
    """Whoever catches failures must not swallow a stop that was asked for."""
    assert not issubclass(Stopped, ValueError | RuntimeError | OSError)
