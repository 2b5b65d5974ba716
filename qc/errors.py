"""What can go wrong in a run, each with the exit code of the command line."""


def visible(text: str) -> str:
    """Text with control and direction characters written out: what a file says must not move the cursor or turn the line round."""
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\u{ord(c):04x}" for c in text)


class InputError(ValueError):
    """The case, or something it names, is not usable: one sentence with key, value and what is allowed; exit code 2."""


class ConvergenceError(RuntimeError):
    """No stable equilibrium was found; what was reached before is on disk; exit code 1."""


class EngineError(ConvergenceError):
    """The engine of a QM region failed in spite of all retries; what was reached before is on disk."""


class Stopped(Exception):
    """The run was asked to stop and did so with its state saved, ready for ``--resume``; exit code 3."""
