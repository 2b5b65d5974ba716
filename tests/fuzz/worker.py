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
import shutil
import sys
import tomllib
import traceback
from collections.abc import Callable
from pathlib import Path

from qc.errors import visible

MEMORY = 4 * 2**30
LONGEST = 10.0
"""Seconds of a core, this process' and its children's, that an input may take which is not built whole: the model may be a large one."""
FULL, SOME = 40, 5
"""Every so manieth input that nothing refuses is built whole, or up to its mesh; the others up to the energy of their surface."""

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
    import qc.commands.guard as guard
    from atomistics.kernels.compilation import OF_BONDS, load_ace, load_kernel, load_snap

    load_snap()  # all kernels, before the limit
    load_ace()
    for name in OF_BONDS:
        load_kernel(name)

    guard._pipe = os.open(os.devnull, os.O_WRONLY)  # no watchdog for each input: this process has one of its own
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for line in sys.stdin:
        kind, seed = line.split()
        print(json.dumps(tried(folder, kind, int(seed))), flush=True)


def tried(folder: Path, kind: str, seed: int) -> dict[str, object]:
    """What became of an input."""
    rng, words, before = random.Random(f"{kind} {seed}"), [kind], sum(os.times()[:4])
    if kind == "msh":
        code, said = mesh(folder, rng)
    elif kind == "results":
        code, said = results(folder, rng)
    else:
        words = made(folder, kind, rng)
        code, said = outcome(words, "whole" if seed % FULL == 0 else "mesh" if seed % SOME == 0 else "material")
    seconds = sum(os.times()[:4]) - before
    fine = good(code, said) and (seconds < LONGEST or seed % FULL == 0)
    verdict = {"kind": kind, "seed": seed, "good": fine, "code": code, "said": said[-600:], "words": words}
    return verdict | {"seconds": seconds}


def good(code: object, said: str) -> bool:
    """Whether an input ended as it may: accepted, or no crack in it, or one sentence, all of it characters that show."""
    sentences = [line for line in said.splitlines() if line.startswith("qc: ")]
    fits = len(sentences) == 1 if code == 2 else code in (0, 1)
    return fits and "Traceback" not in said and all(c.isprintable() or c in "\n\t" for c in said)


def made(folder: Path, kind: str, rng: random.Random) -> list[str]:
    """Words of a command, whose files are written."""
    from tests.fuzz.mutations import mutated, setting, settings_in
    from tests.fuzz.whole import MEAM, POTENTIALS, SNAP, text_of

    case = folder / "case.toml"
    base = BASE if rng.random() < 0.5 else SOLID.format(structure="diamond", element="Si", file="holland-marder")
    if kind == "set":
        case.write_text(base)
        return ["check", str(case), *(w for _ in range(rng.choice((1, 1, 2))) for w in ("--set", setting(rng)))]
    if kind == "case":
        case.write_bytes(mutated(base.encode(), rng) if rng.random() < 0.4 else settings_in(base, rng).encode())
        return ["check", str(case)]
    file, structure, element = POTENTIALS[kind]
    named = file if kind in MEAM else f"broken{''.join(Path(file).suffixes)}"
    of_snap = SNAP if kind in SNAP else ()
    for other in of_snap:
        (folder / f"broken.{other}").write_bytes(text_of(other))
    for other in MEAM if kind in MEAM else ():
        (folder / MEAM[other]).write_bytes(text_of(other))
    broken = f"broken.{kind}" if of_snap else MEAM.get(kind, named)
    (folder / broken).write_bytes(mutated(text_of(kind), rng))
    case.write_text(SOLID.format(structure=structure, element=element, file=named))
    return ["check", str(case)]


def mesh(folder: Path, rng: random.Random) -> tuple[object, str]:
    """A mesh of the user's, read and proved."""
    from fem.mesh.user_mesh import disc_in_mesh
    from tests.fuzz.mutations import mutated
    from tests.programs import ROOT

    path = folder / "broken.msh"
    path.write_bytes(mutated((ROOT / "meshes" / "disc.msh").read_bytes(), rng))
    return _ends(lambda: disc_in_mesh(path, 2, 2.5), ValueError)


def results(folder: Path, rng: random.Random) -> tuple[object, str]:
    """A directory of results with one or two files broken: what is gone on from must be one of its two last steps, as it was."""
    from mpi4py import MPI

    from qc.case.case import Case
    from qc.commands.checks import check_same_model
    from qc.commands.directory import run_directory
    from qc.commands.run import run_case
    from qc.errors import InputError
    from tests.fuzz.mutations import mutated

    data = tomllib.loads(BASE)
    data["load"] |= {"K_stop": 1.08, "K_step": 0.02, "stop_at": "K_stop", "J_tolerance": 1.0, "error_budget": False}
    case, whole, out = Case.from_dict(data, name="case"), folder / "whole", folder / "out"
    if not whole.exists():
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            run_case(case, whole)
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(whole, out)
    for _ in range(rng.choice((1, 1, 2))):
        path = rng.choice(sorted(p for p in out.iterdir() if p.is_file()))
        path.write_bytes(mutated(path.read_bytes(), rng))

    def go_on() -> None:
        check_same_model(case.plain(), out)
        steps = json.loads((whole / "result.json").read_text())["steps"]
        with run_directory(out, MPI.COMM_SELF, resume=True) as directory:
            saved = directory.saved
            assert saved is None or saved["step"] in (len(steps), len(steps) - 1)
            assert saved is None or [s["energy"] for s in saved["steps"]] == [s["energy"] for s in steps[: saved["step"]]]

    return _ends(go_on, InputError)


def _ends(function: Callable[[], object], refusal: type[Exception]) -> tuple[object, str]:
    """Exit code that a command would have, and what it would say."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            function()
    except refusal as error:
        return 2, f"{said.getvalue()}\nqc: {visible(' '.join(str(error).split()))}"
    except BaseException as error:
        return type(error).__name__, said.getvalue() + "".join(traceback.format_exception(error)[-3:])
    return 0, said.getvalue()


def outcome(words: list[str], depth: str = "mesh") -> tuple[object, str]:
    """Exit code, or the name of what was raised, and what was said; ``depth`` is where what is not refused ends."""
    from unittest import mock

    import qc.coupling.methods as methods
    import qc.crack.system as system
    from qc.cli import main as command

    def stops(*args: object, **kwargs: object) -> None:
        raise Accepted

    said = io.StringIO()
    places = {"material": (system, "griffith"), "mesh": (methods, "build_domain")}
    until = mock.patch.object(*places[depth], stops) if depth in places else contextlib.nullcontext()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said), until, mock.patch.object(sys, "argv", ["qc", *words]):
            code: object = command()
    except Accepted:
        return 0, said.getvalue()
    except BaseException as error:
        return type(error).__name__, said.getvalue() + "".join(traceback.format_exception(error)[-3:])
    return code, said.getvalue()


if __name__ == "__main__":
    main()
