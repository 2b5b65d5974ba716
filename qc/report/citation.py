"""What to cite: the software and its papers, as in CITATION.cff, and the potential where its source is known."""

from __future__ import annotations

from .facts import at
from .source import Source

SOFTWARE = "the qc-fracture developers, qc-fracture: blended atomistic/finite-element fracture, version 0.1.0"
PAPERS = (
    "M. Luskin, C. Ortner, Atomistic-to-continuum coupling, Acta Numerica 22 (2013)",
    "C. Ortner, L. Zhang, Atomistic/continuum blending with ghost force correction, "
    "SIAM Journal on Scientific Computing 38 (2016)",
)
"""`tests/qc/report/test_citation.py` holds both against CITATION.cff."""
POTENTIALS = {
    "stillinger-weber": "F. H. Stillinger, T. A. Weber, Phys. Rev. B 31 (1985) 5262",
    "holland-marder": "D. Holland, M. Marder, Phys. Rev. Lett. 80 (1998) 746; F. H. Stillinger, T. A. Weber, "
    "Phys. Rev. B 31 (1985) 5262",
    "tersoff-t3": "J. Tersoff, Phys. Rev. B 39 (1989) 5566",
    "kumagai": "T. Kumagai, S. Izumi, S. Hara, S. Sakai, Comput. Mater. Sci. 39 (2007) 457",
}
"""Potentials that come with the code."""
ANALYTIC = ("morse", "lennard-jones", "toy-eam", "hexagonal-eam")


def citations(source: Source) -> list[str]:
    """What to cite for the results of a source."""
    file = at(source.document, "settings.potential.file")
    model = at(source.document, "settings.potential.model")
    found = [SOFTWARE, *PAPERS]
    for name in [file] if file else [one["potential"] for one in source.document.get("potentials") or []]:
        if name in POTENTIALS:
            found.append(f"Potential {name}: {POTENTIALS[name]}")
        elif name not in ANALYTIC:
            found.append(f"Potential {name}: the paper that is named in the head of the file")
    if model:
        found.append(f"Potential {model}: the paper of this model")
    return found
