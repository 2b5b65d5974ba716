"""``qc thermal`` of four crystals on the planes where they cleave: the table of docs/temperature.md."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mpi4py import MPI

from benchmarks.measure import Report, markdown
from qc.commands.thermal import run_thermal
from qc.commands.thermal_plan import warming_of

CRYSTALS = (
    ("Cu_mishin1.eam.alloy", None, "1,1,1", "1,1,-2"),
    ("Si.sw", None, "1,1,1", "1,-1,0"),
    ("Fe_mm.eam.fs", "bcc", "1,1,0", "0,0,1"),
    ("W_zhou.eam.alloy", "bcc", "1,1,0", "0,0,1"),
)
"""Potential, structure, crack plane, front."""
TEMPERATURES = "0,150,300,600"


def run(repeats: int, quick: bool) -> Report:
    """The table; ``repeats`` does not matter."""
    columns = {"potential": "s", "T (K)": ".0f", "a (A)": ".4f", "alpha (1e-6/K)": ".1f", "C11": ".1f", "C12": ".1f", "C44": ".1f"}
    columns |= {"gamma (J/m^2)": ".4f", "K_G (MPa m^1/2)": ".4f", "a of quanta (A)": ".4f", "fit (%)": ".2g", "amplitude (%)": ".1f"}
    report = Report("warm_crystals", "Crystals at temperature (GPa where no unit is said)", columns)
    for potential, structure, plane, front in CRYSTALS[:1] if quick else CRYSTALS:
        with tempfile.TemporaryDirectory() as folder:
            words = warming_of(potential, structure, (), "0,300" if quick else TEMPERATURES, plane, front, False, Path(folder) / "made")
            made = run_thermal(words, MPI.COMM_SELF)
        for row in made["rows"]:
            known = {name: row[name] for name in ("C11", "C12", "C44")}
            known |= {"T (K)": row["temperature"], "a (A)": row["lattice_constant"], "alpha (1e-6/K)": 1e6 * row["expansion"]}
            known |= {"gamma (J/m^2)": row["gamma"], "K_G (MPa m^1/2)": row["K_G"], "a of quanta (A)": row["lattice_constant_other"]}
            known |= {"fit (%)": 100 * row["stress_error"], "amplitude (%)": 100 * row["amplitude"]}
            report.rows.append({"potential": potential, "orientation": made["orientation"], **known})
    return report


def lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The rows as docs/temperature.md has them."""
    head = ["", "T (K)", "a (A)", "alpha (1e-6/K)", "C11", "C12", "C44", "gamma", "K_G", "a of quanta", "fit (%)", "amplitude (%)"]
    forms = {"T (K)": ".0f", "a (A)": ".4f", "alpha (1e-6/K)": ".1f", "C11": ".1f", "C12": ".1f", "C44": ".1f", "gamma (J/m^2)": ".3f"}
    forms |= {"K_G (MPa m^1/2)": ".3f", "a of quanta (A)": ".4f", "fit (%)": ".2g", "amplitude (%)": ".1f"}
    cold = ("fit (%)", "amplitude (%)")
    made = []
    for row in rows:
        cells = ["" if name in cold and row["T (K)"] == 0 else format(row[name], form) for name, form in forms.items()]
        made.append([row["potential"].split(".eam")[0] if row["T (K)"] == 0 else "", *cells])
    return markdown(head, made)


if __name__ == "__main__":
    run(1, quick=False).publish()
