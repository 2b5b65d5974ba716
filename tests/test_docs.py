"""What the pages of docs/ say about the program is what the program says, and their links lead somewhere."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = {path.name: path.read_text() for path in sorted(DOCS.glob("*.md"))}


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
def source() -> list[str]:
    return [" ".join(text.split()) for text in runpy.run_path(str(DOCS / "sentences.py"))["templates"]() if " " in text]


def test_every_sentence_quoted_is_one_of_the_program(source):
    """First column of the tables of errors.md."""
    quoted = re.findall(r"^\| `(.+?)` \|", PAGES["errors.md"], re.MULTILINE)
    assert len(quoted) > 30
    assert [sentence for sentence in quoted if not any(says(text, sentence) for text in source)] == []
    assert not any(says(text, "no K+: all of ... leaves the tip") for text in source)


def test_sentences_raised_are_found():
    """One with an f-string, one of a lower package, one of several lines."""
    raised = runpy.run_path(str(DOCS / "sentences.py"))["raised"]()
    assert any("is no directory of results" in text for text in raised["qc/cli/bodies.py"])
    assert "no potential ...: not in ..., and not built in (...)" in raised["atomistics/potentials/library.py"]
    assert sum(map(len, raised.values())) > 150
