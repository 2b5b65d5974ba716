"""What the pages of docs/ say about the program is what the program says, and their links lead somewhere."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from atomistics import Crystal, cohesive_energy, load_potential
from qc.case.case import Case
from qc.crack.sizes import (
    BLEND_IN_CUTOFFS,
    BLEND_IN_NEIGHBOURS,
    CORE_IN_CUTOFFS,
    CORE_IN_NEIGHBOURS,
    DOMAIN_IN_NEIGHBOURS,
)

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = {path.name: path.read_text() for path in sorted(DOCS.glob("*.md"))}
WRITTEN = ("gallery/", "lookup/")
"""Folders of pages that are there once the site is built."""


def parts(sentence: str) -> list[str]:
    """What stands between the values of a sentence, single blanks only."""
    return [" ".join(part.split()) for part in re.split(r"\.{3,}", sentence) if part.strip()]


def says(template: str, sentence: str) -> bool:
    """Whether a string of the source has all of a sentence but its values, in this order."""
    place = 0
    for part in parts(sentence):
        place = template.find(part, place) + len(part)
        if place < len(part):
            return False
    return True


@pytest.fixture(scope="module")
def reader() -> dict[str, Any]:
    """Functions that read sentences from the source."""
    return runpy.run_path(str(DOCS / "sentences.py"))


def test_every_sentence_quoted_is_one_of_the_program(reader):
    """First column of the tables of errors.md."""
    source = [" ".join(text.split()) for text in reader["templates"]() if " " in text]
    quoted = re.findall(r"^\| `(.+?)` \|", PAGES["errors.md"], re.MULTILINE)
    assert len(quoted) > 30
    assert [sentence for sentence in quoted if not any(says(text, sentence) for text in source)] == []
    assert not any(says(text, "no K+: all of ... leaves the tip") for text in source)


def test_sentences_raised_are_found(reader):
    """One with an f-string, one of a lower package, one of several lines."""
    raised = reader["raised"]()
    assert any("is no directory of results" in text for text in raised["qc/cli/bodies.py"])
    assert "no potential ...: not in ..., and not built in (...)" in raised["atomistics/potentials/library.py"]
    assert sum(map(len, raised.values())) > 150


def test_defaults_of_the_sizes():
    """choosing.md has the numbers of the code."""
    for value in (CORE_IN_NEIGHBOURS, BLEND_IN_NEIGHBOURS, DOMAIN_IN_NEIGHBOURS):
        assert f"| {value:g} nn" in PAGES["choosing.md"]
    for value in (CORE_IN_CUTOFFS, BLEND_IN_CUTOFFS):
        assert f"or {value:g} cutoffs if that is more" in PAGES["choosing.md"]


def test_the_case_of_ones_own(tmp_path):
    """own_crack.md: the file is Holland and Marder's silicon, and the case is one."""
    page = PAGES["own_crack.md"]
    text = re.search(r"^    Si Si Si .*\n.*$", page, re.MULTILINE)
    case = re.search(r"```toml\n(.*?)```", page, re.DOTALL)
    assert text is not None
    assert case is not None
    (tmp_path / "my.sw").write_text(text[0] + "\n")
    crystal = Crystal.diamond("Si", 5.3)
    energies = [cohesive_energy(crystal, load_potential(name)) for name in (tmp_path / "my.sw", "holland-marder")]
    assert energies[0] == pytest.approx(energies[1], rel=1e-7)
    assert Case.from_dict(tomllib.loads(case[1])).crack.front == (1, 1, -2)


def links(text: str) -> Iterator[tuple[str, str]]:
    """Page and anchor of every link of a Markdown text that stays in the repository."""
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in target:
            page, _, anchor = target.partition("#")
            yield page, anchor


def anchors(text: str) -> set[str]:
    """What headings are called in links, as GitHub and MyST make it."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken(path: Path, text: str) -> list[str]:
    """Links of a page that lead nowhere."""
    found = []
    for page, anchor in links(text):
        target = path.parent / page if page else path
        if not page.startswith(WRITTEN) and (not target.exists() or (anchor and anchor not in anchors(target.read_text()))):
            found.append(f"{path.name}: {page}#{anchor}")
    return found


def test_links_within_the_repository():
    """Sphinx sees those of the site only, and only when it is built; README and its like are read elsewhere."""
    pages = [*DOCS.glob("*.md"), *ROOT.glob("*.md")]
    assert [link for path in pages for link in broken(path, path.read_text())] == []
    assert broken(DOCS / "cli.md", "[a](nowhere.md) [b](cli.md#signals) [c](cli.md#units-of-tables)") == [
        "cli.md: nowhere.md#",
        "cli.md: cli.md#signals",
    ]


def test_the_readme_is_a_screen_and_a_half_and_installs_the_code_itself():
    """Lines that no terminal wraps; the code by pip from its clone, not only an extra of it, with extras that there are."""
    text = (ROOT / "README.md").read_text()
    assert [line for line in text.splitlines() if len(line) >= 110] == []
    assert len(text.splitlines()) <= 66
    asked = re.search(r"^    pip install \"\.\[([\w,]+)\]\"", text, re.MULTILINE)
    assert asked is not None
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(asked[1].split(",")) <= set(extras)


def test_pages_named_in_the_source_are_there():
    """A comment that sends its reader to a page."""
    rooms = ("atomistics", "fem", "qc", "tests", "benchmarks", "examples", "tools")
    files = [path for room in rooms for path in (ROOT / room).rglob("*.*") if path.suffix in (".py", ".toml", ".sh")]
    named = {(path.name, name) for path in files for name in re.findall(r"\bdocs/(\w+\.md)", path.read_text())}
    assert len(named) > 10
    assert {(file, name) for file, name in named if name not in PAGES} == set()


def test_docstrings_of_public_names_are_in_numpydocs_form():
    """Sections that numpydoc knows, in its order, and parameters that the function has, in the order that it has them."""
    validate = pytest.importorskip("numpydoc.validate").validate
    import atomistics
    import fem
    import qc

    wanted = {"GL06", "GL07", "GL08", "PR02", "PR03"}
    names = [f"{package.__name__}.{name}" for package in (qc, atomistics, fem) for name in package.__all__]
    assert [(name, text) for name in names for code, text in validate(name)["errors"] if code in wanted] == []


@pytest.mark.slow
def test_links_to_elsewhere(tmp_path):
    """Sphinx asks every address; where none answers there is no network."""
    pytest.importorskip("sphinx")
    words = ["-b", "linkcheck", "-q", "-D", "sphinx_gallery_conf.plot_gallery=0", str(DOCS), str(tmp_path)]
    subprocess.run([sys.executable, "-m", "sphinx", *words], cwd=ROOT, check=False, timeout=900)
    asked = [json.loads(line) for line in (tmp_path / "output.json").read_text().splitlines()]
    asked = [link for link in asked if link["uri"].startswith("http")]
    lost = [f"{link['filename']}: {link['uri']}: {link['info']}" for link in asked if link["status"] in ("broken", "timeout")]
    answered = len(asked) > len(lost) or any(re.search(r"\b[45]\d\d (Client|Server) Error", line) for line in lost)
    if not answered:
        pytest.skip(f"none of {len(asked)} addresses answers: no network")
    assert lost == []
