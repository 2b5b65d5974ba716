"""``qc griffith``: surface and stacking fault energies, elastic constants, and the loads of cleavage and emission that follow."""

from __future__ import annotations

from collections.abc import Sequence
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
from ..material.emission import Emission, EmissionTable, emission_table
from ..material.fault import GammaLine
from ..material.griffith import griffith, named_constants
from ..material.rest import at_rest_with_word, axial_ratio
from ..material.slip import SlipFamily, slip_family
from ..material.surface import surface_energy
from .build import blaming_the_case, check_cut, make_crystal
from .potential import load_potential_of
from .terminal import Display, display

GAMMA_MEANS = "gamma: relaxed in the 1x1 surface cell, without reconstruction; of planes whose two faces differ (polar) their mean"
"""What gamma is and is not, for the report."""


def griffith_of_case(
    case: Case, slips: Sequence[str] = (), known: dict[SlipFamily, GammaLine] | None = None
) -> dict[str, Any]:
    """Everything the Griffith load of a case is made from, and the loads of emission. Not collective: a few hundred atoms.

    Parameters
    ----------
    slips : sequence of str
        Slip systems to look at instead of the usual ones, as for `qc.material.slip.slip_family`.
    known : dict, optional
        Gamma lines of this crystal and potential, as for `qc.material.emission.emission_table`.

    Returns
    -------
    dict
        ``cuts``: for every gap of the plane its name, whether the case opens it, gamma relaxed and as cut (J/m^2), 2 gamma, K_G (MPa
        m^1/2), and ``faces_alike``: False on polar planes, where gamma is the mean of two unlike faces. ``K_G_by_mode``: loads
        of the case's cut at which each mode alone releases 2 gamma. ``elastic_constants``,
        ``elastic_constants_clamped`` (GPa), ``effective_modulus`` (GPa), ``K_G_if_clamped``: what clamped constants
        would have given, ``lattice_constant`` (A), ``axial_ratio`` (of hcp, else None), ``plane``, ``front``, ``potential``,
        ``sublattices``, ``warnings``. ``emission``: ``mode``, ``K_c`` (MPa m^1/2), ``predicted``, ``faults`` (gamma lines, J/m^2),
        ``systems`` (`_system`), ``not_covered`` (planes of each family that do not contain the front).
    """
    with display(MPI.COMM_SELF, "cut") as shown:
        return _griffith(case, slips, known, shown)


def _griffith(
    case: Case, slips: Sequence[str], known: dict[SlipFamily, GammaLine] | None, shown: Display
) -> dict[str, Any]:
    with blaming_the_case():
        families = [slip_family(text) for text in slips] or None
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
    shown.phase("stacking faults of the slip systems")
    with blaming_the_case():
        table = _emission(case, crystal, potential, field, chosen.gamma, families, known)
    return {
        "case": case.name,
        "potential": case.potential.name,
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
        "emission": table,
        "warnings": cautions(crystal, potential, chosen, case.crack.cut),
    }


def _emission(
    case: Case,
    crystal: Crystal,
    potential: SitePotential,
    field: NearTipField,
    gamma: float,
    families: Sequence[SlipFamily] | None,
    known: dict[SlipFamily, GammaLine] | None,
) -> dict[str, Any] | None:
    """The table of emission as plain data; None where nothing may slip, bonds being fixed, or nothing is known to."""
    if potential.fixed_topology:
        return None
    mode = MODES[case.load.mode] if isinstance(case.load.mode, str) else case.load.mode
    table = emission_table(crystal, potential, field, gamma, mode, families, known)
    return _plain(table, mode) if table.lines else None


def _plain(table: EmissionTable, mode: Sequence[float]) -> dict[str, Any]:
    faults = [
        {
            "family": family.name,
            "gamma_us": line.unstable,
            "gamma_us_unrelaxed": line.unstable_unrelaxed,
            "at": line.at,
            "gamma_sf": line.stable,
            "gamma_sf_unrelaxed": line.stable_unrelaxed,
            "gamma_of_other_sense": line.wrong,
            "slip": line.slip.tolist(),
            "relaxed": line.relaxed.tolist(),
            "unrelaxed": line.unrelaxed.tolist(),
        }
        for family, line in table.lines
    ]
    systems = [_system(one, table.K_c) for one in table.emissions]
    found = {"mode": list(mode), "K_c": table.K_c, "predicted": table.predicted, "faults": faults, "systems": systems}
    return found | {"not_covered": table.not_covered}


def _system(one: Emission, K_c: float) -> dict[str, Any]:
    """Angles in degrees, loads in MPa m^1/2, the stiffness in GPa; ``factors`` of each mode: resolved shear times sqrt(2 pi r) over K."""
    return {
        "family": one.system.family.name,
        "plane": one.system.plane,
        "burgers": one.system.burgers,
        "theta": one.theta,
        "phi": one.phi,
        "factors": one.factors,
        "stiffness": one.stiffness,
        "K_Ie": one.K_Ie,
        "K_Ie_step": one.K_Ie_step,
        "over_K_c": one.load / K_c,
        "possible": one.possible,
        "alike": one.alike,
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
    lines += [] if report["emission"] is None else emission_lines(report["emission"])
    return lines + [f"warning: {sentence}" for sentence in report["warnings"]]


SHOWN = 8
"""Slip systems that are printed; the report in JSON has all."""
EMISSION_MEANS = (
    "K_Ie: Rice's theory (straight dislocation along the front, sharp tip), not a simulation: qc run shows what comes"
)


def emission_lines(found: dict[str, Any]) -> list[str]:
    """Stacking faults and the loads of emission as text."""
    lines = []
    for fault in found["faults"]:
        stable = "" if fault["gamma_sf"] is None else f"; stable fault {fault['gamma_sf']:.4f}"
        unrelaxed = f"{fault['gamma_us_unrelaxed']:.4f} as shifted"
        lines.append(f"{fault['family']}: gamma_us {fault['gamma_us']:.4f} J/m^2 relaxed, {unrelaxed}{stable}")
    possible = [one for one in found["systems"] if one["possible"]]
    lines += [_emission_line(one) for one in possible[:SHOWN]]
    more = len(possible) - SHOWN
    lines += [f"  {more} more in the report (-o FILE.json)"] if more > 0 else []
    for one in found["systems"]:
        if not one["possible"] and (not possible or one["over_K_c"] < possible[0]["over_K_c"]):
            lines.append(f"{_emission_line(one)}: impossible, this sense leads to the dearer fault")
    outside = ", ".join(f"{n} of {family}" for family, n in found["not_covered"].items() if n)
    lines += [f"planes that do not contain the front, not covered: {outside}"] if outside else []
    if not possible:
        return [*lines, "no slip system contains the front and is loaded: the theory expects nothing here"]
    return [*lines, EMISSION_MEANS, f"expected first, of what is covered: {found['predicted']}"]


def _emission_line(one: dict[str, Any]) -> str:
    angles = f"theta {one['theta']:.1f}, phi {one['phi']:.1f}"
    step = "" if one["K_Ie_step"] is None else f", with the step {one['K_Ie_step']:.4f}"
    loads = f"K_Ie {one['K_Ie']:.4f}{step} MPa m^1/2 = {one['over_K_c']:.3f} of cleavage"
    return f"  {one['plane']}{one['burgers']} {one['family']}, {angles}: {loads}"
