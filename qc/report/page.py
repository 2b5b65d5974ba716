"""The page itself: one file of HTML with its figures, pictures and script, that asks for nothing else."""

from __future__ import annotations

import base64
import logging
import secrets
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..output.files import replace_text
from .citation import citations
from .curves import curves
from .facts import ERROR_COLUMNS, errors, facts, settings, shown, trust, verdict, versions
from .scenes import scenes
from .source import Source, read_source
from .survey import pictures as system_pictures
from .survey import sheets

log = logging.getLogger(__name__)

NAME = "report.html"
HOW = "pip install 'qc-fracture[report]'"


def write_report(path: Path, output: Path | None = None) -> Path:
    """Write the report on a directory of results, or on the JSON file of a patch test; where it is.

    Parameters
    ----------
    path : Path
    output : Path, optional
        Default: ``report.html`` in the directory; beside the file of a patch test, with its name.

    Raises
    ------
    InputError
        There is nothing to report on, a package is missing, or the file cannot be written.
    """
    source = read_source(path)
    default = path / NAME if path.is_dir() else path.with_suffix(".html")
    return write_page(source, output or default)


def write_page(source: Source, output: Path) -> Path:
    """Write the page of a source."""
    text = page(source)
    try:
        replace_text(output, text)
    except OSError as error:
        raise InputError(f"{output} cannot be written: {error.strerror}") from None
    return output


def report_or_warn(path: Path, source: Callable[[], Source] | None = None) -> None:
    """The report at the end of a run: that it fails is a warning, and the run's results are there without it.

    Parameters
    ----------
    path : Path
        The directory, or with ``source`` the file to write.
    source : callable, optional
        Gives the source of what is no directory.
    """
    try:
        if source is None:
            write_report(path)
        else:
            write_page(source(), path)
    except Exception as error:  # whatever it is: the results are on disk
        log.warning("no report in %s: %s", path, " ".join(str(error).split()) or type(error).__name__)


def page(source: Source) -> str:
    """The page of a source as text.

    All that is data is escaped by the template, and scripts run only with the nonce that this page alone has: what stands in a
    case file, a file name or a note is shown and never runs. The policy of the page lets nothing be fetched.
    """
    try:
        import jinja2
        from plotly.offline import get_plotlyjs
    except ModuleNotFoundError as error:
        raise InputError(f"a report needs the package {error.name}, which is not installed: {HOW}") from None
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["shown"] = shown
    text = resources.files("qc.report").joinpath("page.html").read_text(encoding="utf-8")
    template = environment.from_string(text)
    return template.render(nonce=secrets.token_urlsafe(16), plotly=get_plotlyjs(), **_checked_contents(source))


def _checked_contents(source: Source) -> dict[str, Any]:
    """As `_contents`; a survey whose file somebody has edited is refused."""
    try:
        return _contents(source)
    except (KeyError, TypeError, AttributeError) as error:
        if source.kind != "survey":
            raise
        raise InputError(f"{source.directory / 'survey.json'} is not the document of a survey: {error} is not as expected") from None


def _contents(source: Source) -> dict[str, Any]:
    """What the template fills in."""
    parts = errors(source)
    columns = [*ERROR_COLUMNS, *dict.fromkeys(key for _, part in parts for key in part if key not in ERROR_COLUMNS)]
    return {
        "source": source,
        "verdict": verdict(source),
        "trust": trust(source),
        "facts": facts(source),
        "error_columns": [name for name in columns if any(name in part for _, part in parts)],
        "errors": parts,
        "figures": [*curves(source), *scenes(source)],
        "pictures": [(text, _embedded(file)) for text, file in source.pictures.items()],
        "settings": settings(source),
        "versions": versions(source),
        "citations": citations(source),
        "members": source.document.get("members") or [],
        "records": source.document.get("records") or [],
        "sheets": sheets(source),
        "systems": [(place, text, _embedded(file)) for place, text, file in system_pictures(source)],
    }


def _embedded(file: Path) -> str:
    """A picture as an address that holds all of it."""
    return "data:image/png;base64," + base64.b64encode(file.read_bytes()).decode()
