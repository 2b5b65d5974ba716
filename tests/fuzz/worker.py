"""One process that tries inputs: ``python -m tests.fuzz.worker FOLDER`` reads ``kind seed`` from lines and writes a verdict for each.

It may hang, crash or run out of memory: `tests.fuzz.driver` watches it. Meshes are not made, but for one input in many: what is
refused is refused before.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import resource
import sys
from pathlib import Path

MEMORY = 4 * 2**30
FULL = 40
"""Every so manieth input that nothing refuses is built whole."""

BASE = """version = 2
[crystal]
structure = "hexagonal"
element = "X"
[potential]
file = "morse"
[model]
dimension = 2
method = "bgfc"
core_radius = 8.0
blend_width = 4.0
domain_radius = 24.0
[load]
K_start = 1.04
"""
SOLID = """version = 2
[crystal]
structure = "{structure}"
element = "{element}"
[potential]
file = "{file}"
[crack]
plane = [1, 1, 1]
front = [1, -1, 0]
"""


class Accepted(Exception):
    """Nothing was refused before the mesh."""


def main() -> None:
    folder = Path(sys.argv[1])
    os.chdir(folder)
    import atomistics  # noqa: F401  the kernels, before the limit
    import qc.commands.guard as guard

    guard._pipe = os.open(os.devnull, os.O_WRONLY)  # no watchdog for each input: this process has one of its own
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for line in sys.stdin:
        kind, seed = line.split()
        print(json.dumps(tried(folder, kind, int(seed))), flush=True)


def tried(folder: Path, kind: str, seed: int) -> dict[str, object]:
    """What became of an input."""
    words = made(folder, kind, random.Random(f"{kind} {seed}"))
    code, said = outcome(words, whole=seed % FULL == 0)
    return {"kind": kind, "seed": seed, "good": good(code, said), "code": code, "said": said[-600:], "words": words}


def good(code: object, said: str) -> bool:
    """Whether an input ended as it may: accepted, or no crack in it, or one sentence, all of it characters that show."""
    sentences = [line for line in said.splitlines() if line.startswith("qc: ")]
    fits = len(sentences) == 1 if code == 2 else code in (0, 1)
    return fits and "Traceback" not in said and all(c.isprintable() or c in "\n\t" for c in said)


def made(folder: Path, kind: str, rng: random.Random) -> list[str]:
    """Words of a command, whose files are written."""
    from tests.fuzz.mutations import mutated, setting, settings_in
    from tests.fuzz.whole import POTENTIALS, text_of

    case = folder / "case.toml"
    base = BASE if rng.random() < 0.5 else SOLID.format(structure="diamond", element="Si", file="holland-marder")
    if kind == "set":
        case.write_text(base)
        return ["check", str(case), *(w for _ in range(rng.choice((1, 1, 2))) for w in ("--set", setting(rng)))]
    if kind == "case":
        case.write_bytes(mutated(base.encode(), rng) if rng.random() < 0.4 else settings_in(base, rng).encode())
        return ["check", str(case)]
    file, structure, element = POTENTIALS[kind]
    broken = folder / f"broken{Path(file).suffix if kind != 'tersoff-mod' else '.tersoff.mod'}"
    broken.write_bytes(mutated(text_of(kind), rng))
    case.write_text(SOLID.format(structure=structure, element=element, file=broken.name))
    return ["check", str(case)]


def outcome(words: list[str], whole: bool) -> tuple[object, str]:
    """Exit code, or the name of what was raised, and what was said."""
    import traceback
    from unittest import mock

    import qc.coupling.methods as methods
    from qc.cli import main as command

    def stops(*args: object, **kwargs: object) -> None:
        raise Accepted

    said = io.StringIO()
    mesh = contextlib.nullcontext() if whole else mock.patch.object(methods, "build_domain", stops)
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said), mesh, mock.patch.object(sys, "argv", ["qc", *words]):
            code: object = command()
    except Accepted:
        return 0, said.getvalue()
    except BaseException as error:
        return type(error).__name__, said.getvalue() + "".join(traceback.format_exception(error)[-3:])
    return code, said.getvalue()


if __name__ == "__main__":
    main()
