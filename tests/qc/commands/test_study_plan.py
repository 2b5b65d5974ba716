"""What a study consists of: combinations, names, what is refused."""

import pytest

from qc.cli.app import main
from qc.commands.study_plan import parse_variations, plan
from qc.errors import InputError


def test_all_combinations_first_key_slowest(study_case):
    members = plan(
        study_case, parse_variations(["model.domain_radius=15,20", "model.core_radius=8,11"]), ["load.K_stop=1.7"], True
    )
    expected = ["domain_radius-15_core_radius-8", "domain_radius-15_core_radius-11", "domain_radius-20_core_radius-8"]
    assert [m.name for m in members[:3]] == expected
    assert [(m.case.model.domain_radius, m.case.model.core_radius, m.case.load.K_stop) for m in members[3:4]] == [
        (20.0, 11.0, 1.7)
    ]
    assert [m.name for m in members if m.reference] == [
        "method-atomistic_domain_radius-15",
        "method-atomistic_domain_radius-20",
    ]


@pytest.mark.parametrize(
    ("vary", "said"),
    [
        ([], "needs something to vary"),
        (["model.core_radius"], "must be table.key=value,value"),
        (["core_radius=3,4"], "must be table.key=value,value"),
        (["model.core_radius=3,,4"], "must be table.key=value,value"),
        (["model.core_radius=3,3"], "is there twice"),
        (["model.core_radius=3", "model.core_radius=4"], "is there twice"),
        (["model.core_radios=3,4"], "core_radios"),
        (["model.method=atomistic,qce,nonsense"], "nonsense"),
    ],
)
def test_bad_input_is_one_sentence(study_case, shared_path, monkeypatch, capfd, vary, said):
    words = [word for text in vary for word in ("--vary", text)]
    monkeypatch.setattr("sys.argv", ["qc", "study", str(study_case), *words, "-o", str(shared_path / "out")])
    if said == "nonsense":  # one of three: the others could run
        members = plan(study_case, parse_variations(vary), [], False)
        assert [m.case is None for m in members] == [False, False, True]
        assert said in members[2].refused
        return
    assert main() == 2
    error = capfd.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert not (shared_path / "out").exists()


def test_a_study_of_nothing_allowed(study_case):
    with pytest.raises(InputError, match="domain_radius"):
        plan(study_case, {"model.domain_radius": ["-1", "-2"]}, [], False)
