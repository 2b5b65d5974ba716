"""``qc example``: the examples that come with the code, and copies of them to begin with."""

from __future__ import annotations

import difflib
import shutil
from pathlib import Path

from ..errors import InputError

SCHEMA = "case.schema.json"
"""What an editor checks a case file by; its first line names it."""


def examples_folder() -> Path:
    """Folder of the examples: inside the installed package, or beside it in a clone."""
    package = Path(__file__).resolve().parent.parent
    installed, clone = package / "_examples", package.parent / "examples"
    if installed.is_dir():
        return installed
    if (package.parent / "pyproject.toml").is_file() and clone.is_dir():
        return clone
    raise InputError(f"the examples are missing: neither {installed} nor {clone} is there; install qc-fracture again")


def examples() -> dict[str, str]:
    """What each example shows, by its file or folder name; first the case files, then the rest."""
    found = [path for path in examples_folder().iterdir() if path.name != SCHEMA and not path.name.startswith((".", "__"))]
    return {path.name: _first_sentence(path) for path in sorted(found, key=lambda p: (p.suffix != ".toml", p.name))}


def _first_sentence(path: Path) -> str:
    """The first comment of a file, or the first line of a script's docstring; of a folder that of its README, if it has one."""
    about = next(iter(sorted(path.glob("README.*"))), None) if path.is_dir() else path
    for line in [] if about is None else about.read_text(encoding="utf-8").splitlines():
        if not line.startswith(("#!", "#:", "#SBATCH")) and (said := line.strip('#"/ ')):
            return said
    return ""


def example(name: str) -> Path:
    """Example of that name: ``iron_crack.toml``, or in short ``iron_crack`` or ``iron``."""
    folder, known = examples_folder(), list(examples())
    for candidate in (name, f"{name}.toml", f"{name}_crack.toml", f"{name}.py", f"{name}.sh"):
        if candidate in known:
            return folder / candidate
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    meant = f"did you mean {close[0]}?" if close else f"it must be one of {', '.join(known)}"
    raise InputError(f"there is no example {name!r}: {meant}")


def copy_example(name: str, folder: Path) -> list[Path]:
    """Copy an example into a folder, with the schema beside a case file; what was written. Nothing is overwritten but the schema.

    Raises
    ------
    InputError
        No such example, no such folder, or a file of that name is there already.
    """
    source = example(name)
    if not folder.is_dir():
        raise InputError(f"-o {str(folder)!r} is not allowed: it must be a folder that exists")
    target = folder / source.name
    if target.exists():
        raise InputError(f"{target} exists already and is not overwritten: give another folder with -o")
    try:
        if source.is_dir():
            return [Path(shutil.copytree(source, target))]
        written = [Path(shutil.copyfile(source, target))]
        if source.suffix == ".toml":
            written.append(Path(shutil.copyfile(examples_folder() / SCHEMA, folder / SCHEMA)))
    except OSError as error:
        raise InputError(f"-o {str(folder)!r} is not allowed: {target.name} cannot be written ({error.strerror})") from None
    return written
