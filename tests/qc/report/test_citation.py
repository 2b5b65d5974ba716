"""What is cited is what CITATION.cff and the docstrings of the potentials name."""

from pathlib import Path

import pytest

from atomistics.potentials.library import BUILT_IN
from qc.report.citation import ANALYTIC, PAPERS, POTENTIALS, SOFTWARE, citations
from qc.report.source import Source

CFF = (Path(__file__).resolve().parents[3] / "CITATION.cff").read_text()


def source(file):
    document = {"settings": {"potential": {"file": file}}}
    return Source(kind="run", name="x", directory=Path(), document=document, pictures={})


def test_software_and_papers_are_those_of_the_file():
    field = {line.split(":")[0].strip(" -"): line.partition(":")[2].strip(' "') for line in CFF.splitlines()}
    assert f"version {field['version']}" in SOFTWARE
    assert "the qc-fracture developers" in CFF
    assert SOFTWARE.split(", ")[1] in CFF
    assert len(PAPERS) == CFF.count("type: article")
    for paper in PAPERS:
        title = (
            paper.split(", ")[2] if "Zhang" not in paper else "Atomistic/continuum blending with ghost force correction"
        )
        assert title in CFF


def test_every_potential_that_comes_with_the_code_has_its_source():
    assert set(POTENTIALS) | set(ANALYTIC) == set(BUILT_IN)


@pytest.mark.parametrize(("file", "words"), [("kumagai", "39 (2007) 457"), ("Fe_mm.eam.fs", "head of the file")])
def test_the_potential_of_a_case_is_cited(file, words):
    assert words in citations(source(file))[-1]
    assert len(citations(source("morse"))) == 1 + len(PAPERS)
