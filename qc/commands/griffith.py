"""``qc griffith``: surface energy of every cut of the cleavage plane, elastic constants, and the loads that follow from them."""

from __future__ import annotations

from typing import Any

import numpy as np
from mpi4py import MPI

from atomistics import Crystal, SitePotential
from fem.cauchy_born import CauchyBornMaterial
from fem.near_tip import NearTipField

from ..case.case import Case
from ..crack.spec import MODES
from ..material.cautions import cautions
from ..material.cleavage import count_gaps, faces_alike
from ..material.griffith import griffith, named_constants
from ..material.rest import at_rest_with_word, axial_ratio
from ..material.surface import surface_energy
from .build import blaming_the_case, check_cut, make_crystal
from .potential import load_potential_of
from .terminal import Display, display

GAMMA_MEANS = "gamma: relaxed in the 1x1 surface cell, without reconstruction; of planes whose two faces differ (polar) their mean"
"""What gamma is and is not, for the report."""


def griffith_of_case(case: Case) -> dict[str, Any]:
    """Everything the Griffith load of a case is made from. Not collective: a few hundred atoms.

    Returns
    -------
    dict
        ``cuts``: for every gap of the plane its name, whether the case opens it, gamma relaxed and as cut (J/m^2), 2 gamma, K_G (MPa
        m^1/2), and ``faces_alike``: False on polar planes, where gamma is the mean of two unlike faces. ``K_G_by_mode``: loads
        of the case's cut at which each mode alone releases 2 gamma. ``elastic_constants``,
        ``elastic_constants_clamped`` (GPa), ``effective_modulus`` (GPa), ``K_G_if_clamped``: what clamped constants
        would have given, ``lattice_constant`` (A), ``axial_ratio`` (of hcp, else None), ``plane``, ``front``, ``potential``,
        ``sublattices``, ``warnings``.
    """
    with display(MPI.COMM_SELF, "cut") as shown:
        return _griffith(case, shown)


def _griffith(case: Case, shown: Display) -> dict[str, Any]:
    shown.phase("the crystal at rest and the surface of the case's cut")
    with blaming_the_case():
        potential = load_potential_of(case)
        potential.types_of(case.crystal.species)
        crystal = make_crystal(case, potential)
        check_cut(crystal, case.crack.cut)
        crystal = at_rest_with_word(crystal, potential)
        chosen = griffith(crystal, potential, case.crack.cut)
    material = CauchyBornMaterial(crystal, potential)
    field = NearTipField(material.elastic_tensor(), dimension=crystal.dimension)
    clamped = NearTipField(material.elastic_tensor(relaxed=False), dimension=crystal.dimension)
    gaps, cuts = count_gaps(crystal), []
    shown.begin(gaps)
    for k in range(gaps):
        cuts.append(_cut(crystal, potential, field, k, chosen.cut))
        shown.step(k + 1, f"{cuts[-1]['cut']}: gamma {cuts[-1]['gamma']:.4f} J/m^2")
    return {
        "case": case.name,
        "potential": case.potential.file,
        "sublattices": list(crystal.species),
        "dimension": crystal.dimension,
        "structure": crystal.structure,
        "lattice_constant": crystal.a,
        "axial_ratio": axial_ratio(crystal) if crystal.structure == "hcp" else None,
        "plane": chosen.plane,
        "front": chosen.front,
        "effective_modulus": chosen.effective_modulus,
        "elastic_constants": chosen.elastic_constants,
        "elastic_constants_clamped": named_constants(material.elastic_constants(relaxed=False), crystal.dimension),
        "cuts": cuts,
        "K_G": chosen.K_G,
        "K_G_by_mode": _by_mode(field, 2.0 * chosen.gamma),
        "K_G_if_clamped": clamped.stress_intensity(2.0 * chosen.gamma),
        "warnings": cautions(crystal, potential, chosen, case.crack.cut),
    }


def _cut(crystal: Crystal, potential: SitePotential, field: NearTipField, gap: int, chosen: str) -> dict[str, Any]:
    surface = surface_energy(crystal, potential, cut=gap)
    return {
        "faces_alike": faces_alike(crystal, gap),
        "cut": surface.cut,
        "chosen": surface.cut == chosen,
        "gamma": surface.relaxed,
        "gamma_unrelaxed": surface.unrelaxed,
        "two_gamma": 2.0 * surface.relaxed,
        "K_G": field.stress_intensity(2.0 * surface.relaxed),
    }


def _by_mode(field: NearTipField, G: float) -> dict[str, float]:
    """K at which each mode alone has the energy release rate G, MPa m^1/2; a sheet has no mode III."""
    modes = [name for name in MODES if field.dimension != 2 or name != "III"]
    return {name: float(np.sqrt(G / field.energy_release_rate(MODES[name]))) for name in modes}


def griffith_lines(report: dict[str, Any]) -> list[str]:
    """The report as text: one line a fact, a mark at the cut of the case."""
    species = "-".join(sorted(set(report["sublattices"])))
    name = f"{species} {report['structure']}, {report['plane']}{report['front']}, {report['potential']}"
    ratio = "" if report["axial_ratio"] is None else f", c/a {report['axial_ratio']:.5f}"
    lines = [f"{name}; lattice constant {report['lattice_constant']:.6f} A{ratio}"]
    inner = len(report["sublattices"]) > 1  # shifts that strain moves
    for key, which in (("elastic_constants", "relaxed"), ("elastic_constants_clamped", "clamped"))[: 1 + inner]:
        lines.append(f"{which} constants (GPa): {', '.join(f'{k} {v:.2f}' for k, v in report[key].items())}")
    state = "plane stress in the sheet" if report["dimension"] == 2 else "plane strain, anisotropic, relaxed constants"
    lines.append(f"E' = {report['effective_modulus']:.2f} GPa ({state})")
    for one in report["cuts"]:
        mark = "*" if one["chosen"] else " "
        gamma = f"gamma {one['gamma']:.4f} J/m^2 relaxed, {one['gamma_unrelaxed']:.4f} as cut"
        faces = "" if one["faces_alike"] else " (mean of two unlike faces)"
        lines.append(f"{mark} {one['cut']}: {gamma}{faces}; K_G {one['K_G']:.4f} MPa m^1/2")
    lines.append(GAMMA_MEANS)
    modes = ", ".join(f"mode {mode} {K:.4f}" for mode, K in report["K_G_by_mode"].items())
    lines.append(f"K that releases 2 gamma of the marked cut (MPa m^1/2): {modes}")
    if inner:
        lines.append(f"with clamped constants K_G would be {report['K_G_if_clamped']:.4f}: not used")
    return lines + [f"warning: {sentence}" for sentence in report["warnings"]]
