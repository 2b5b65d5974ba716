"""ADP, EDIP, MEAM and UF3, one core: energy and forces against LAMMPS on lists of the same reach; Hessian and Cauchy-Born in both units."""

from __future__ import annotations

from dataclasses import dataclass

from atomistics import SitePotential, load_potential
from atomistics.potentials.library import find_potential
from benchmarks.measure import Report
from benchmarks.snap import Case, measured

NONE = (1.0, 1e3, 1e3, 1e3)
"""Forces as fast as LAMMPS' are all that is aimed at."""


@dataclass(frozen=True)
class FileCase(Case):
    """A crystal and a file of LAMMPS; of MEAM also the library of its elements."""

    style: str = ""
    library: str = ""

    def potential(self) -> SitePotential:
        """Ours."""
        return load_potential(self.file, elements=(self.elements,))

    def coefficients(self) -> str:
        """For LAMMPS' pair_coeff."""
        before = f"{find_potential(self.library)} {self.elements} " if self.library else ""
        return f"{before}{find_potential(self.file)}"


CASES = {
    "Al ADP": FileCase("Al", "fcc", 4.05, "AlCu.adp", NONE, style="adp"),
    "Nb UF3": FileCase("Nb", "bcc", 3.34, "Nb.uf3", NONE, style="uf3 3"),
    "Si EDIP": FileCase("Si", "diamond", 5.43, "Si.edip", NONE, style="edip/multi"),
    "Ni MEAM": FileCase("Ni", "fcc", 3.52, "Ni.meam", NONE, style="meam", library="library.meam"),
    "Bi MEAM, second neighbours": FileCase("Bi", "fcc", 4.8, "Bi.meam", NONE, style="meam", library="library.meam"),
}


def run(repeats: int, quick: bool) -> Report:
    """The table."""
    columns = {"case": "s", "what": "s", "us/site": ".1f", "/ LAMMPS": ".3f", "/ forces": ".1f"}
    report = Report("many_body", "Microseconds of CPU per site, and in calls of LAMMPS' and of our own forces", columns)
    for name, case in CASES.items():
        report.rows += measured(name, case, 250 if quick else 2_000, repeats)
    report.notes.append("Hessian: assembled; W, P, C: a quadrature point of one atom's bonds; H v: the product with stored factors")
    return report
