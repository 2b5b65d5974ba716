"""Models of the user's own by a name: where their code lies is said on the command line or in a file at home, never by data."""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .own_file import own_place, read_own
from .plugins import plugins

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]*")
"""What a name may be: no path, no file with an ending."""
MAKER = "MODULE:FUNCTION or FILE.py:FUNCTION"
_given: dict[str, Alias] = {}


@dataclass(frozen=True, kw_only=True)
class Alias:
    """A function that makes a potential, and who has named it.

    Attributes
    ----------
    maker : str
        ``package.module:function``, or ``~/models/mine.py:function``.
    source : str
        For sentences.
    parameters : dict
        Keyword arguments of the function.
    """

    maker: str
    source: str
    parameters: dict[str, Any] = field(default_factory=dict)

    def load(self) -> Callable[..., Any]:
        """The function; whatever the code raises while it is imported goes through."""
        place, _, name = self.maker.rpartition(":")
        module = _module_of(Path(place).expanduser()) if place.endswith(".py") else importlib.import_module(place)
        function = getattr(module, name, None)
        if not callable(function):
            raise ValueError(f"{place} has no function {name}")
        return function  # type: ignore[no-any-return]


def add_alias(words: str, source: str = "--model") -> None:
    """Know a model for the rest of this process.

    Parameters
    ----------
    words : str
        ``NAME=MODULE:FUNCTION`` or ``NAME=FILE.py:FUNCTION``; the function returns a `SitePotential` or a `SiteModel`.
    source : str
        Who says so, for sentences.

    Raises
    ------
    ValueError
        The words are none of the two.
    """
    name, _, maker = words.partition("=")
    _given[name] = _checked(name, maker, source)


def given_words() -> list[str]:
    """What `add_alias` was told, as another process can be told."""
    return [f"{name}={alias.maker}" for name, alias in _given.items()]


def find_alias(name: str) -> Alias | None:
    """What a name means: as given to this process, in the user's own file, or by an installed package; None if nobody knows it.

    Raises
    ------
    ValueError
        The user's own file, which could have the name, cannot be trusted or read.
    """
    if name in _given:
        return _given[name]
    if NAME.fullmatch(name) and name in (own := _own_aliases()):
        return own[name]
    if (point := plugins().get(name)) is None or name.startswith("."):
        return None
    return Alias(maker=point.value, source=point.dist.name if point.dist else "an installed package")


def known_aliases() -> list[str]:
    """All names that `find_alias` knows."""
    added = [name for name in plugins() if not name.startswith(".")]
    return sorted({*_given, *_own_aliases(), *added})


def own_file() -> Path:
    """The user's own file of models, ``$XDG_CONFIG_HOME/qc/potentials.toml``, at home in ``.config`` if that is not set."""
    return own_place("potentials.toml")


def _own_aliases() -> dict[str, Alias]:
    path = own_file()
    return {name: _entry(name, value, str(path)) for name, value in read_own(path).items()}


def _entry(name: str, value: Any, source: str) -> Alias:
    if isinstance(value, str):
        return _checked(name, value, source)
    known = {"maker", "parameters"}
    if not isinstance(value, dict) or not set(value) <= known or not isinstance(value.get("parameters", {}), dict):
        raise ValueError(f'{source}: {name} = {value!r} is not allowed: it must be "{MAKER}", or a table of maker and parameters')
    return _checked(name, value.get("maker"), source, value.get("parameters", {}))


def _checked(name: str, maker: Any, source: str, parameters: dict[str, Any] | None = None) -> Alias:
    place, _, function = maker.rpartition(":") if isinstance(maker, str) else ("", "", "")
    is_module = all(part.isidentifier() for part in place.split("."))
    if not NAME.fullmatch(name) or not function.isidentifier() or not (is_module or place.endswith(".py")):
        raise ValueError(f"{source}: {name} = {maker!r} is not allowed: it must be a name of letters, digits, -, + and _, and {MAKER}")
    return Alias(maker=maker, source=source, parameters=parameters or {})


def _module_of(path: Path) -> Any:
    """The module that a file is."""
    spec = importlib.util.spec_from_file_location(f"qc_model_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ValueError(f"there is no file {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
