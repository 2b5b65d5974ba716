"""``qc qm-budget``: the table, the matched potential, what is refused."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from atomistics import Crystal, load_potential
from qc.cli import app as cli
from qc.qm.budget import potential_elasticity

EXAMPLES = Path(__file__).parents[3] / "examples"


def command(*words):
    return CliRunner().invoke(cli.app, ["qm-budget", *map(str, words)])


def test_command_prints_the_budget_and_writes_a_matched_potential(tmp_path):
    case = tmp_path / "tip.toml"
    case.write_text(
        (EXAMPLES / "silicon_crack.toml").read_text() + '[qm]\nengine = "ase:tests.qc.site_engines.SW"\nradius = 6.0\n'
    )
    matched, out = tmp_path / "matched.sw", tmp_path / "budget.json"
    result = command(case, "--match", matched, "-o", out, "--cells", 1)
    assert result.exit_code == 0, result.output
    assert "C44" in result.output
    numbers = json.loads(out.read_text())
    published = potential_elasticity(Crystal.diamond("Si"), load_potential("stillinger-weber"))
    for name in ("a0", "C11", "C12", "C44"):
        assert numbers["engine"][name] == pytest.approx(getattr(published, name), rel=3e-3), name
        assert numbers["matched"][name] == pytest.approx(numbers["engine"][name], rel=1e-6), name
    assert command(case, "--set", f"potential.file={matched}", "--cells", 1).exit_code == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((EXAMPLES / "silicon_crack.toml",), "has no table [qm]"),
        ((EXAMPLES / "silicon_qm_crack.toml", "--match", "matched.txt"), "must end in .sw"),
        ((EXAMPLES / "silicon_qm_crack.toml", "--match", "nowhere/matched.sw"), "directory that exists"),
        (
            (
                EXAMPLES / "iron_crack.toml",
                "--match",
                "x.sw",
                "--set",
                "qm.radius=6",
                "--set",
                "qm.engine=ase:tests.qc.site_engines.SW",
            ),
            'not for "bcc"',
        ),
    ],
)
def test_what_the_command_refuses(words, sentence):
    result = command(*words)
    assert result.exit_code == 2
    assert sentence in result.stderr
