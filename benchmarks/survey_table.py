"""What `qc survey` has found of the potentials of docs/survey.md: the table of the page from what is kept.

``python -m benchmarks.survey_table DIR ...`` keeps the results of surveys in benchmarks/results/survey.json, those of a potential in the
place of older ones; ``--write`` puts the tables between the marks of the page.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.measure import RESULTS
from benchmarks.page_tables import page_with, replace_json, show

FILE = RESULTS / "survey.json"
PAGE = RESULTS.parents[1] / "docs/survey.md"
KEPT = (
    *("system", "state", "reason", "K_G", "K_Ie", "K_Ie_system", "expected", "first_event", "first_event_words"),
    *("K_low_over_KG", "K_high_over_KG", "K_far_over_KG", "K_far_low_over_KG", "K_far_high_over_KG", "error"),
    *("K_closing_low", "K_closing_high", "closing", "cpu_seconds", "unknowns"),
)
Row = dict[str, Any]


def surveys() -> list[Row]:
    """All potentials that have been kept."""
    return json.loads(FILE.read_text()) if FILE.exists() else []


def keep(directory: Path) -> None:
    """Put the potentials of a finished survey in the place of older ones."""
    found = json.loads((directory / "survey.json").read_text())
    if not found["finished"] or found["overrides"]:
        raise SystemExit(f"{directory}: is not finished, or has other settings than those of the code")
    new = []
    for one in found["potentials"]:
        rest = {name: one[name] for name in ("name", "potential", "species", "structure", "lattice_constant", "elastic_constants")}
        surfaces = [{"plane": s["plane"], "gamma": s["gamma"]} for s in one["surfaces"]]
        faults = [{"family": f["family"], "gamma_us": f["gamma_us"], "gamma_sf": f["gamma_sf"]} for f in one["faults"]]
        systems = [{name: row.get(name) for name in KEPT} for row in one["systems"]]
        new.append(rest | {"surfaces": surfaces, "faults": faults, "systems": systems})
    files = {one["potential"] for one in new}
    others = [one for one in surveys() if one["potential"] not in files]
    content = sorted([*others, *new], key=lambda one: (one["species"], one["potential"]))
    replace_json(FILE, content)


def name_of(one: Row) -> str:
    """The name of a potential, its whole file where there are several of the name."""
    name = one["potential"].split(".")[0]
    alone = sum(other["potential"].split(".")[0] == name for other in surveys()) == 1
    return name if alone else one["potential"]


def event(row: Row) -> str:
    """What came first, shortly: dislocations by their vectors and planes."""
    if row["state"] != "done":
        return f"{row['state']}: {(row['reason'] or '').split(':')[0]}"
    words = row["first_event_words"] or ""
    if row["first_event"] in ("emission", "twin"):
        return words.split(", ")[0].replace(" deg", "°")
    return str(row["first_event"])


def span(low: float | None, high: float | None) -> str:
    """Two loads."""
    if low is None or high is None:
        return ""
    return f"{low:.4f} - {high:.4f}" if low > 0 else f"at or below {high:.4f}"


def far(row: Row) -> str:
    """K+ without an outer boundary, K_G, with what is open of it."""
    if row["K_far_over_KG"] is None:
        return ""
    value = row["K_far_over_KG"]
    return f"{value:.4f} ({row['K_far_low_over_KG'] - value:+.4f} {row['K_far_high_over_KG'] - value:+.4f})"


def cracks() -> list[str]:
    """Lines of the table of crack systems."""
    lines = [
        "| potential | crack system | K_G | K_Ie | expected | first event | K / K_G | large R | closing / K_G | CPU s |",
        "|" + "---|" * 10,
    ]
    for one in surveys():
        for row in one["systems"]:
            K_G, closing = row["K_G"], row["closing"] or ""
            down = span(*(None if K is None else K / K_G for K in (row["K_closing_low"], row["K_closing_high"])))
            cells = [
                name_of(one), row["system"], "" if K_G is None else f"{K_G:.4f}",
                "" if row["K_Ie"] is None else f"{row['K_Ie']:.4f} {row['K_Ie_system']}", row["expected"] or "",
                event(row), span(row["K_low_over_KG"], row["K_high_over_KG"]), far(row),
                down or ("still open" if closing.startswith("still") else ""),
                "" if row["cpu_seconds"] is None else f"{row['cpu_seconds']:.0f}",
            ]  # fmt: skip
            lines.append("| " + " | ".join(cells) + " |")
    return lines


def constants() -> list[str]:
    """Lines of the table of potentials."""
    lines = ["| potential | crystal | a (A) | constants (GPa) | gamma (J/m^2) | gamma_us, gamma_sf (J/m^2) |", "|" + "---|" * 6]
    for one in surveys():
        C = ", ".join(f"{name} {value:.1f}" for name, value in one["elastic_constants"].items())
        gamma = ", ".join(f"{s['plane']} {s['gamma']:.3f}" for s in one["surfaces"])
        faults = ", ".join(
            f"{f['family']} {f['gamma_us']:.3f}" + ("" if f["gamma_sf"] is None else f", {f['gamma_sf']:.3f}")
            for f in one["faults"] if f["gamma_us"] is not None
        )  # fmt: skip
        crystal = f"{one['structure']} {' '.join(one['species'])}"
        lines.append("| " + " | ".join([name_of(one), crystal, f"{one['lattice_constant']:.4f}", C, gamma, faults]) + " |")
    return lines


TABLES = {"potentials": constants, "cracks": cracks}


def page_with_tables(page: str) -> str:
    """The text of the page with the tables as they are now."""
    return page_with(page, "survey_table", TABLES)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.survey_table", description=__doc__.splitlines()[0])
    parser.add_argument("directories", nargs="*", type=Path, metavar="DIR", help="of finished surveys, to be kept")
    parser.add_argument("--write", action="store_true", help="into docs/survey.md")
    args = parser.parse_args()
    for directory in args.directories:
        keep(directory)
    show(PAGE, "survey_table", TABLES, args.write)


if __name__ == "__main__":
    main()
