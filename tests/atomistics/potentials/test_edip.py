"""EDIP: what is refused, and how smooth the coordination is."""

import numpy as np
import pytest

from atomistics import Crystal, NeighbourList, load_potential
from atomistics.potentials.library import find_potential
from tests.atomistics.potentials.files import written

SILICON = """# UNITS: metal
Si Si Si 7.9821730 1.5075463 3.1213820 2.5609104 3.1083847 0.0070975 0.2523244
         1.1247945 1.4533108 0.6966326 1.2085196 0.5774108 312.1341346
         -0.165799 32.557 0.286198 0.66
"""


def test_silicon_is_as_published():
    """Justo et al.: cohesive energy 4.650 eV, 5.430 A."""
    potential = load_potential("Si.edip")
    crystal = Crystal.diamond("Si").resolved(potential)
    assert crystal.a == pytest.approx(5.4305, abs=1e-4)
    R = crystal.stencil_and_species(potential.cutoff, 0)[0]
    W = potential.cauchy_born(R, np.zeros(len(R), dtype=np.int32), 0, np.eye(3)[None], second=False)[0]
    assert W[0] == pytest.approx(-4.64995, abs=1e-5)


def curvatures(distances):
    """Second derivatives of a trimer's energy by the distance of its third atom, eV/A^2."""
    potential, found = load_potential("Si.edip"), []
    for r in distances:
        X = np.array([[0, 0, 0], [0, 2.3, 0], [r, 0.3, 0]])
        nl, v = NeighbourList(X, potential.cutoff, 0.5), np.array([[0, 0, 0], [0, 0, 0], [1.0, 0, 0]])
        types, w = np.zeros(3, dtype=np.int32), np.array([1.0, 0, 0])
        found.append(float((potential.hessian_vector(potential.factors(X, types, nl, w), nl, v) * v).sum()))
    return np.array(found)


def test_second_derivatives_are_continuous_where_coordination_begins_to_fall_and_at_the_cutoff():
    for r in (2.5609104, 3.1213820):
        along = np.sqrt(r**2 - 0.09)
        near, far = (curvatures(along + d * np.array([-1.0, 1.0])) for d in (1e-4, 1e-2))
        assert abs(near[1] - near[0]) < 0.05 * abs(far[1] - far[0]) + 1e-9
    assert load_potential("Si.edip").jumps is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.66\n", "\n", r"line 2: expected 20 columns \(three species, A, B, .*\), found 19"),
        ("7.9821730", "nan", "line 2: expected a finite number for A, found 'nan'"),
        ("7.9821730", "x", "line 2: expected a finite number for A, found 'x'"),
        ("7.9821730", "-7.98", "line 2: expected A that are not negative for the triplet Si Si Si"),
        ("2.5609104", "3.2", "line 2: expected a cutoffC below cutoffA, found cutoffC = 3.2, cutoffA = 3.12138"),
        ("0.5774108", "0", "line 2: expected positive sigma, or its functions"),
        ("3.1083847", "0", "line 2: expected positive alpha, or its functions"),
        ("0.66\n", "0.66 Si Si Si\n", "line 2: expected 20 columns .*, found 23"),
        (SILICON, "# nothing\n", "line 1: expected entries of 20 columns, found none"),
        ("metal", "si", "line 1: expected UNITS: metal or real, found UNITS: si"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path, old, new, message):
    with pytest.raises(ValueError, match=message) as error:
        load_potential(written(tmp_path, SILICON.replace(old, new, 1), "tiny.edip"))
    assert "tiny.edip" in str(error.value)


def test_species_and_triplets_that_are_not_there(tmp_path):
    with pytest.raises(ValueError, match="has no Ge: it has Si, C"):
        load_potential("SiC.edip", elements=("Ge",))
    text = find_potential("SiC.edip").read_text()
    with pytest.raises(ValueError, match="has no entry for the triplet Si C Si, which Si and C need"):
        load_potential(written(tmp_path, text.replace("Si C Si ", "Si C X "), "less.edip"))
    with pytest.raises(ValueError, match="line 23: expected the same lambda as for Si C Si, the same angle for the triplet Si Si C"):
        load_potential(written(tmp_path, text.replace("2.721528", "2.8", 1), "unlike.edip"))


def test_real_units_are_kilocalories(tmp_path):
    metal, real = (load_potential(written(tmp_path, SILICON.replace("metal", u), f"{u}.edip")) for u in ("metal", "real"))
    R = Crystal.diamond("Si", 5.3).stencil_and_species(metal.cutoff, 0)[0]
    V = [p.cauchy_born(R, np.zeros(len(R), dtype=np.int32), 0, np.eye(3)[None], second=False)[0][0] for p in (metal, real)]
    assert V[1] * 23.060549 == pytest.approx(V[0], rel=1e-12)
