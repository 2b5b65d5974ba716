"""The lowest frequencies of a coupled model against those of all atoms of the same disc, clamped at the same radius.

Atoms beyond the radius and nodes on it are held. The clamped rim of atoms is the first row of sites that lie beyond, so that their
disc is larger by a part of a neighbour distance: that is a difference of continuum and lattice that falls as 1/R, whatever the mesh.
In the 2-D sheet, which is isotropic, a third party stands beside both: the clamped elastic disc, whose frequencies are zeros of
Bessel functions (A. E. H. Love, A Treatise on the Mathematical Theory of Elasticity, 4th ed., art. 314, for the vibrations of a plate
in its plane).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mpi4py import MPI
from scipy.optimize import brentq
from scipy.special import jv, jvp

from benchmarks.measure import Report, markdown
from fem.cauchy_born import GPA
from qc.coupling.model import Model
from qc.drive.frequencies import lowest_frequencies
from qc.drive.masses import lumped_masses
from qc.unknowns.regions import Core
from tests.qc.models import material, model

COUNT = 6
CORE = 4.0
"""Radius of the core and width of the handshake, neighbour distances."""
SUBJECTS: tuple[tuple[str, str, float, dict[str, Any]], ...] = (
    ("2-D sheet, Morse", "morse", 16.0, {}),
    ("2-D sheet, Morse", "morse", 32.0, {}),
    ("2-D sheet, Morse", "morse", 64.0, {}),
    ("2-D sheet, Morse, cells of half the size", "morse", 64.0, {"mesh_scale": 0.5}),
    ("2-D sheet, Morse, quadratic cells", "morse", 64.0, {"order": 2}),
    ("iron, Mendelev's EAM, 2.5-D", "iron", 16.0, {}),
    ("iron, Mendelev's EAM, 2.5-D", "iron", 32.0, {}),
    ("iron, Mendelev's EAM, 2.5-D, quadratic cells", "iron", 32.0, {"order": 2}),
    ("silicon, Stillinger-Weber, 2.5-D", "stillinger-weber", 16.0, {}),
)
"""Words, material, radius in neighbour distances, changes of the coupled model."""


def run(repeats: int, quick: bool) -> Report:
    """The table; ``repeats`` means nothing here."""
    columns = {"crystal": "s", "R (nn)": ".0f", "atoms": ",d", "blocks": ",d", "lowest (1/ps)": ".4g"}
    columns |= {f"mode {k + 1} (%)": "+.2f" for k in range(COUNT)} | {"disc, atoms (%)": "+.2f", "disc, coupled (%)": "+.2f"}
    report = Report("modes", "Lowest frequencies of the coupled model (bgrac), by those of all atoms, minus 1", columns)
    report.rows = [measured(*subject) for subject in (SUBJECTS[:1] if quick else SUBJECTS)]
    report.notes.append(f"core {CORE:g} nn, handshake {CORE:g} nn; disc: mean over the modes against the clamped elastic disc, closed form")
    return report


def measured(words: str, name: str, radius: float, changes: dict[str, Any]) -> dict[str, Any]:
    """Both models' frequencies, and those of the elastic disc where the crystal is isotropic in its plane."""
    atoms, coupled = (disc(name, method, radius, **more) for method, more in (("atomistic", {}), ("bgrac", changes)))
    exact, found = frequencies(atoms), frequencies(coupled)
    row: dict[str, Any] = {"crystal": words, "R (nn)": radius, "lowest (1/ps)": float(exact[0])}
    row |= {"atoms": atoms.parts.layout.n_free, "blocks": coupled.parts.layout.n_free}
    row |= {f"mode {k + 1} (%)": 100.0 * float(found[k] / exact[k] - 1.0) for k in range(COUNT)}
    if atoms.crystal.dimension == 2:
        closed = elastic_disc(atoms, radius)
        row["disc, atoms (%)"], row["disc, coupled (%)"] = (100.0 * float((w / closed).mean() - 1.0) for w in (exact, found))
    return row


def disc(name: str, method: str, radius: float, **changes: Any) -> Model:
    """A disc on this rank alone, its radius in neighbour distances."""
    nn = material(name)[0].nearest_neighbour_distance
    sizes = {"core": Core(CORE * nn), "blend_width": CORE * nn, "radius": radius * nn}
    return model(name, method, MPI.COMM_SELF, **(sizes | changes))


def frequencies(m: Model) -> np.ndarray:
    """(COUNT,) lowest ones of the crystal at rest, 1/ps."""
    return lowest_frequencies(m.coupling, m.parts.layout.create_unknowns(), lumped_masses(m), COUNT)


def elastic_disc(m: Model, radius: float) -> np.ndarray:
    """(COUNT,) lowest frequencies of the clamped elastic disc of an isotropic sheet in 2-D, 1/ps."""
    C = m.material.elastic_tensor() / GPA
    density = float(lumped_masses(m)[0]) / m.material.volume
    return clamped_disc(np.sqrt(C[0, 0] / density), np.sqrt(C[5, 5] / density), radius * m.crystal.nearest_neighbour_distance, COUNT)


def clamped_disc(c_l: float, c_t: float, R: float, count: int) -> np.ndarray:
    """(count,) lowest frequencies of an isotropic elastic disc in its plane, held at the radius R; each with m > 0 counts twice.

    u = grad phi + rot psi with phi = A J_m(a r) cos m t, psi = B J_m(b r) sin m t, a = w / c_l, b = w / c_t vanishes at R where
    a b J_m'(a R) J_m'(b R) = (m / R)^2 J_m(a R) J_m(b R); for m = 0 waves are either radial or about the centre: J_1(a R) J_1(b R) = 0.
    """

    def condition(w: float, m: int) -> float:
        x, y = w * R / c_l, w * R / c_t
        return float(x * y * jvp(m, x) * jvp(m, y) - m**2 * jv(m, x) * jv(m, y))

    grid = np.linspace(0.5, 12.0, 1200) * c_t / R
    found: list[float] = []
    for m in range(count + 1):
        values = np.array([condition(w, m) for w in grid])
        for k in np.flatnonzero(values[:-1] * values[1:] < 0):
            found += [brentq(condition, grid[k], grid[k + 1], args=(m,), xtol=1e-14)] * (1 if m == 0 else 2)
    return np.sort(found)[:count]


def lines(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The table of docs/dynamics.md."""
    head = ["crystal", "R (nn)", "atoms", "unknown blocks", *(f"mode {k + 1}" for k in range(COUNT)), "atoms, disc", "coupled, disc"]
    made = []
    for row in rows:
        cells = [row["crystal"], f"{row['R (nn)']:.0f}", f"{row['atoms']:,d}", f"{row['blocks']:,d}"]
        cells += [f"{row[f'mode {k + 1} (%)']:+.2f}" for k in range(COUNT)]
        cells += [f"{row[name]:+.2f}" if name in row else "" for name in ("disc, atoms (%)", "disc, coupled (%)")]
        made.append(cells)
    return markdown(head, made)


if __name__ == "__main__":
    run(1, quick=False).publish()
