"""Tables on the terminal."""

from qc.cli.tables import echo_study, echo_table, fit_line


def test_numbers_have_thousands_apart_and_lists_no_brackets(capsys):
    echo_table({"unknowns": 1234567, "plane": [1, 1, 0], "there": True, "K": 0.8411}, "Sizes")
    assert (
        capsys.readouterr().out
        == "\nSizes\n  unknowns  1 234 567\n  plane     1 1 0\n  there     True\n  K         0.8411\n"
    )


FIT = {
    "which": "K_plus",
    "of": "core_radius = 30",
    "K_inf_over_KG": 1.40123,
    "error": 0.012,
    "coefficients": [0.2, -2.0],
}
FIT |= {"powers": [0.5, 1.0], "bracket_error": 0.005, "law_error": 0.007, "points": 4, "residual": 0.0}


def test_a_limit_is_told_with_its_law_and_errors():
    assert fit_line(FIT) == (
        "K+ (core_radius = 30) = 1.4012 +-0.0120 K_G for large R: +0.200 (A / R)^0.5 -2.000 (A / R)^1; "
        "brackets 0.0050, another law 0.0070, 4 points within 0.0000"
    )


def test_a_study_is_a_table_and_its_limits(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    echo_study([("domain_radius-15", "1300", "1.4000 - 1.4500", "-", "3"), ("refused", "", "no", "", "")], [FIT])
    out = capsys.readouterr().out
    for part in ("K+ / K_G", "domain_radius-15", "1.4000 - 1.4500", fit_line(FIT)):
        assert part in out
