"""Multilattices: W(F, p), inner shifts given or relaxed, against periodic crystals, other codes and differences."""

from dataclasses import replace

import numpy as np
import pytest
from ase.build import bulk
from scipy.optimize import root

from atomistics import Crystal, LennardJones, equilibrium_lattice_constant, load_potential
from fem import CauchyBornMaterial
from fem.cauchy_born import InadmissibleDeformationError

GPA = 160.21766208
CRACK = ((1, 1, 1), (1, -1, 0))


def silicon(name, crystal=None):
    return lambda: CauchyBornMaterial(crystal or Crystal.diamond("Si"), load_potential(name))


MATERIALS = {
    "Stillinger-Weber": silicon("stillinger-weber"),
    "Holland-Marder crack": silicon("holland-marder", Crystal.diamond("Si").oriented(*CRACK)),
    "Tersoff": silicon("tersoff-t3"),
    "Kumagai": silicon("kumagai"),
    "SiC": lambda: CauchyBornMaterial(Crystal.zincblende("C", "Si"), load_potential("tersoff-t3", ("Si", "C"))),
    "GaN": lambda: CauchyBornMaterial(Crystal.zincblende("Ga", "N"), load_potential("GaN.sw")),
    "hcp": lambda: CauchyBornMaterial(Crystal.hcp("Ar", 3.8, 1.6), LennardJones(0.01, 3.4, elements=("Ar",))),
    "NiAl": lambda: CauchyBornMaterial(
        Crystal.from_ase(bulk("NiAl", "cesiumchloride", a=2.9)), load_potential("NiAlH_jea.eam.alloy")
    ),
    "four atoms": lambda: CauchyBornMaterial(wurtzite(), load_potential("stillinger-weber")),
}


def wurtzite():
    """Hexagonal silicon: four atoms a cell, two of them free along c even without strain."""
    return Crystal.from_ase(bulk("SiSi", "wurtzite", a=3.84, c=6.4, u=0.37))


@pytest.fixture(params=MATERIALS, scope="module")
def material(request):
    return MATERIALS[request.param]()


def states(material, n=3, size=0.03, shift=0.08):
    """Random F and shifts."""
    rng = np.random.default_rng(9)
    return np.eye(3) + rng.normal(0, size, (n, 3, 3)), rng.normal(0, shift, (n, material.n_basis, 3))


def deformed(material, F, p):
    """One cell of the crystal as periodic atoms at F X_a + p_a."""
    atoms = material.crystal.atoms(cubic=False)
    order = [int(np.argmin([_apart(material, x, y) for y in atoms.positions])) for x in material.crystal.basis_ai]
    atoms = atoms[order]
    atoms.positions = material.crystal.basis_ai
    atoms.set_cell(material.crystal.cell_ij @ F.T, scale_atoms=True)
    atoms.positions = material.crystal.basis_ai @ F.T + p
    atoms.calc = material.potential.calculator()
    return atoms


def _apart(material, x, y):
    s = (x - y) @ np.linalg.inv(material.crystal.cell_ij)
    return np.abs(s - np.rint(s)).max()


def ladder(f, derivative):
    """Smallest over largest relative error of central differences on a ladder of steps."""
    size = np.linalg.norm(derivative)
    assert size > 1e-4
    errors = [np.linalg.norm((f(h) - f(-h)) / (2 * h) - derivative) / size for h in 10.0 ** np.arange(-2, -9, -1.0)]
    assert max(errors) > 1e-7
    return min(errors) / max(errors)


def test_first_derivatives(material):
    F, p = states(material)
    rng = np.random.default_rng(1)
    A, b = rng.normal(size=F.shape), rng.normal(size=p.shape)
    d = material.derivatives(F, p)
    slope = np.einsum("kij,kij->k", d.dF, A)
    assert ladder(lambda h: material.energy_density(F + h * A, p), slope) < 1e-3
    assert ladder(lambda h: material.energy_density(F, p + h * b), np.einsum("kai,kai->k", d.dp, b)) < 1e-3


def test_second_derivatives(material):
    F, p = states(material)
    rng = np.random.default_rng(2)
    A, b = rng.normal(size=F.shape), rng.normal(size=p.shape)
    d = material.derivatives(F, p)

    def first(F, p):
        d = material.derivatives(F, p, second=False)
        return np.concatenate([d.dF.reshape(len(F), -1), d.dp.reshape(len(F), -1)], axis=1)

    by_F = [np.einsum("kijlm,klm->kij", d.dFdF, A), np.einsum("kijax,kij->kax", d.dFdp, A)]
    by_p = [np.einsum("kijax,kax->kij", d.dFdp, b), np.einsum("kaxby,kby->kax", d.dpdp, b)]
    join = lambda parts: np.concatenate([part.reshape(len(F), -1) for part in parts], axis=1)  # noqa: E731
    assert ladder(lambda h: first(F + h * A, p), join(by_F)) < 1e-3
    assert ladder(lambda h: first(F, p + h * b), join(by_p)) < 1e-3
    np.testing.assert_allclose(d.dp.sum(1), 0, atol=1e-12)
    np.testing.assert_allclose(d.dpdp.sum(1), 0, atol=1e-11)
    np.testing.assert_allclose(d.dFdp.sum(3), 0, atol=1e-11)


def test_energy_forces_and_stress_are_those_of_the_periodic_crystal(material):
    """A stress scales the shifts with the cell: P F^T holds those at fixed shifts."""
    F, p = states(material)
    F = np.concatenate([F, 0.9 * F])
    p = np.concatenate([p, 3 * p])
    d = material.derivatives(F, p)
    for k in range(len(F)):
        atoms = deformed(material, F[k], p[k])
        assert d.W[k] * material.volume == pytest.approx(atoms.get_potential_energy(), rel=1e-12)
        np.testing.assert_allclose(-d.dp[k] * material.volume, atoms.get_forces(), atol=1e-10)
        cauchy = (d.dF[k] @ F[k].T + np.einsum("ai,aj->ij", d.dp[k], p[k])) / np.linalg.det(F[k])
        np.testing.assert_allclose(cauchy, atoms.get_stress(voigt=False), atol=1e-11)


def test_rotations_and_common_shifts_cost_nothing(material):
    F, p = states(material)
    Q = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    Q *= np.linalg.det(Q)
    d, turned = material.derivatives(F, p), material.derivatives(Q @ F, p @ Q.T + 0.7)
    np.testing.assert_allclose(turned.W, d.W, rtol=1e-11)
    np.testing.assert_allclose(turned.dF, Q @ d.dF, atol=1e-11)
    np.testing.assert_allclose(turned.dp, d.dp @ Q.T, atol=1e-11)


def test_relaxed_shifts_have_no_force_and_no_common_part(material):
    F, p = states(material)
    relaxed = material.relaxed_shifts(F)
    d = material.derivatives(F, relaxed)
    assert np.abs(d.dp).max() * material.volume < 1e-10
    np.testing.assert_allclose(relaxed.sum(1), 0, atol=1e-14)
    W = material.energy_density(F)
    np.testing.assert_array_equal(W, d.W)
    for nearby in (relaxed + 0.1 * p, np.zeros_like(p)):
        assert (material.energy_density(F, nearby) >= W).all()
    again = material.relaxed_shifts(F, start=relaxed + 0.3 * p)
    np.testing.assert_allclose(again, relaxed, atol=1e-10)


def test_relaxed_stress_and_tangent_are_derivatives(material):
    F, _ = states(material)
    A = np.random.default_rng(4).normal(size=F.shape)
    W, P, C = material.evaluate(F)
    np.testing.assert_array_equal(material.energy_density(F), W)
    np.testing.assert_array_equal(material.stress(F), P)
    np.testing.assert_array_equal(material.tangent(F), C)
    np.testing.assert_allclose(C, C.transpose(0, 3, 4, 1, 2), atol=1e-10)
    assert ladder(lambda h: material.energy_density(F + h * A), np.einsum("kij,kij->k", P, A)) < 1e-3
    assert ladder(lambda h: material.stress(F + h * A), np.einsum("kijlm,klm->kij", C, A)) < 1e-3


def test_no_points_at_all():
    """A rank without cells."""
    material, nothing = MATERIALS["Stillinger-Weber"](), np.empty((0, 3, 3))
    W, P, C = material.evaluate(nothing)
    assert (W.shape, P.shape, C.shape) == ((0,), (0, 3, 3), (0, 3, 3, 3, 3))
    d = material.derivatives(nothing, np.empty((0, 2, 3)))
    assert (d.dp.shape, d.dFdp.shape, d.dpdp.shape) == ((0, 2, 3), (0, 3, 3, 2, 3), (0, 2, 3, 2, 3))


def test_shift_tangent_follows_the_relaxed_shifts(material):
    F, _ = states(material)
    p = material.relaxed_shifts(F)
    A = np.random.default_rng(5).normal(size=F.shape)
    slope = np.einsum("kaxij,kij->kax", material.derivatives(F, p).shift_tangent(), A)
    if material.crystal.structure == "custom" and material.n_basis == 2:
        assert np.abs(slope).max() < 1e-10  # both atoms of NiAl are centres of inversion
        return
    assert ladder(lambda h: material.relaxed_shifts(F + h * A), slope) < 1e-3


@pytest.mark.parametrize("name", ["Stillinger-Weber", "SiC", "hcp", "GaN"])
def test_the_order_of_the_sublattices_does_not_matter(name):
    material = MATERIALS[name]()
    crystal = material.crystal
    turned = replace(crystal, unit_basis=crystal.unit_basis[::-1].copy(), species=crystal.species[::-1])
    other = CauchyBornMaterial(turned, material.potential)
    F, p = states(material)
    for one, two in zip(material.evaluate(F), other.evaluate(F), strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(other.relaxed_shifts(F), material.relaxed_shifts(F)[:, ::-1], atol=1e-11)
    d, e = material.derivatives(F, p), other.derivatives(F, p[:, ::-1])
    np.testing.assert_allclose(e.dp, d.dp[:, ::-1], atol=1e-12)
    np.testing.assert_allclose(e.dpdp, d.dpdp[:, ::-1, :, ::-1], atol=1e-11)
    for relaxed in (True, False):
        np.testing.assert_allclose(other.elastic_constants(relaxed), material.elastic_constants(relaxed), atol=1e-7)


@pytest.mark.parametrize(
    ("potential", "relaxed", "clamped", "kleinman"),
    [
        ("stillinger-weber", (151.42, 76.42, 56.45), 109.76, 0.6290),
        ("holland-marder", (201.43, 51.42, 90.51), 118.09, None),
        ("tersoff-t3", (142.54, 75.38, 69.03), 118.81, None),
    ],
)
def test_constants_of_silicon(potential, relaxed, clamped, kleinman):
    """Figures of matscipy and LAMMPS; Kleinman's parameter: shift along z under shear xy, in units of a/4."""
    material = CauchyBornMaterial(Crystal.diamond("Si").oriented(*CRACK), load_potential(potential))
    for shifts, C44 in ((True, relaxed[2]), (False, clamped)):
        C = material.elastic_constants(relaxed=shifts)
        assert (C[0, 0], C[0, 1], C[3, 3]) == pytest.approx((*relaxed[:2], C44), rel=1e-3)
        np.testing.assert_allclose(C, C.T, atol=1e-9)
        along_normal = material.elastic_tensor(relaxed=shifts)[1, 1]  # [111]
        assert along_normal == pytest.approx((C[0, 0] + 2 * C[0, 1] + 4 * C[3, 3]) / 3, rel=1e-10)
    if kleinman:
        upright = CauchyBornMaterial(Crystal.diamond("Si"), material.potential)
        tangent = upright.derivatives(np.eye(3)[None], np.zeros((1, 2, 3))).shift_tangent()[0]
        shift = tangent[1, 2] - tangent[0, 2]
        zeta = -(shift[0, 1] + shift[1, 0]) / 2 / (upright.crystal.a / 4)
        assert zeta == pytest.approx(kleinman, abs=1e-4)


@pytest.mark.parametrize("name", ["Stillinger-Weber", "hcp", "four atoms"])
def test_constants_are_curvatures_of_the_energy(name):
    """Relaxed and clamped; hexagonal silicon has shifts in its reference too, which clamped cells scale with F."""
    material = MATERIALS[name]()
    rest, h = material.relaxed_shifts(np.eye(3)[None])[0], 1e-4
    if name == "four atoms":
        assert np.abs(rest).max() > 0.005
    strains = np.zeros((3, 3, 3))
    strains[0, 0, 0] = strains[1, 2, 2] = 1.0
    strains[2, 1, 2] = strains[2, 2, 1] = 0.5

    def energy(E, relaxed):
        squares, axes = np.linalg.eigh(np.eye(3) + 2 * E)
        F = (axes * np.sqrt(squares)) @ axes.T
        return material.energy_density(F[None], None if relaxed else (rest @ F.T)[None])[0]

    for relaxed in (True, False):
        C = material.elastic_constants(relaxed)
        curvature = [
            GPA * (energy(h * E, relaxed) - 2 * energy(0 * E, relaxed) + energy(-h * E, relaxed)) / h**2 for E in strains
        ]
        np.testing.assert_allclose(curvature, [C[0, 0], C[2, 2], C[3, 3]], rtol=2e-4, atol=1e-2)


@pytest.mark.parametrize(
    ("axis", "plane", "stress"),
    [((1, 0, 0), (0, 1, 0), 0.0579168), ((1, 1, 0), (0, 0, 1), 0.0741279), ((1, 1, 1), (1, -1, 0), 0.0824411)],
)
def test_uniaxial_stress_with_relaxed_shifts(axis, plane, stress):
    """Stretch of 1.005, sides free: Cauchy stress times the reference volume of the cell, in epsilon."""
    potential = load_potential("stillinger-weber")
    crystal = Crystal.diamond("Si").oriented(plane, axis)
    crystal = crystal.with_lattice_constant(equilibrium_lattice_constant(crystal, potential))
    material = CauchyBornMaterial(crystal, potential)

    def cauchy(v):
        F = np.array([[v[0], v[1], v[2]], [v[1], v[3], v[4]], [v[2], v[4], 1.005]])
        return material.stress(F[None])[0] @ F.T / np.linalg.det(F)

    sides = root(lambda v: cauchy(v)[[0, 0, 0, 1, 1], [0, 1, 2, 1, 2]], [1, 0, 0, 1, 0], tol=1e-13)
    assert cauchy(sides.x)[2, 2] * material.volume / 2.1683 == pytest.approx(stress, rel=3e-6)


def test_a_bravais_crystal_has_no_shifts_to_relax():
    material = CauchyBornMaterial(Crystal.fcc("Cu"), load_potential("Cu_mishin1.eam.alloy"))
    F, p = states(material)
    assert not material.relaxed_shifts(F).any()
    d = material.derivatives(F, p)
    for one, two in zip(material.evaluate(F), (d.W, d.dF, d.dFdF), strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-12)
    assert not d.dp.any()
    np.testing.assert_array_equal(material.elastic_constants(relaxed=False), material.elastic_constants())


@pytest.mark.parametrize("stretch", [0.85, 1.15])
@pytest.mark.parametrize("name", ["Stillinger-Weber", "Kumagai"])
def test_strong_strain_relaxes(name, stretch):
    material = MATERIALS[name]()
    F = np.array([np.diag([1.0, stretch, 1.0]), [[1, 0.2, 0], [0, stretch, 0], [0, 0, 1]]])
    d = material.derivatives(F, material.relaxed_shifts(F))
    assert np.abs(d.dp).max() * material.volume < 1e-10
    assert np.linalg.eigvalsh(d.dpdp.reshape(2, 6, 6)).min() > -1e-10


@pytest.mark.parametrize(
    ("shifts", "kind", "sentence"),
    [
        (np.zeros((1, 1, 3)), ValueError, r"shape \(1, 2, 3\), one vector for each of the 2 atoms of the cell, got \(1, 1, 3\)"),
        (np.zeros((2, 3)), ValueError, r"shape \(1, 2, 3\).*got \(2, 3\)"),
        (np.zeros((2, 2, 3)), ValueError, r"shape \(1, 2, 3\).*got \(2, 2, 3\)"),
        (np.full((1, 2, 3), np.nan), InadmissibleDeformationError, "shifts must be finite numbers"),
        ([[[0, 0, 0], [90.0, 0, 0]]], InadmissibleDeformationError, r"smallest stretch must be .* with shifts \[\[0.0"),
    ],
)
def test_bad_shifts(shifts, kind, sentence):
    material = MATERIALS["Stillinger-Weber"]()
    with pytest.raises(kind, match=sentence):
        material.energy_density(np.eye(3)[None], shifts)


def test_shifts_without_rest_are_named(monkeypatch):
    """Never at rest: the shifts are pushed by a force that depends on nothing."""
    material = MATERIALS["Stillinger-Weber"]()
    evaluate, push = material._resting._evaluate, np.zeros((3, 5))
    push[0, 3:] = 0.01, -0.01

    def pushed(G, second):
        W, dG, ddG = evaluate(G, second)
        return W, dG + push, ddG

    monkeypatch.setattr(material._resting, "_evaluate", pushed)
    with pytest.raises(InadmissibleDeformationError, match=r"no rest at F = \[\[1.0, 0.1.*, got as far as p = \[\["):
        material.relaxed_shifts(np.array([[[1, 0.1, 0], [0, 1, 0], [0, 0, 1]]]), start=np.zeros((1, 2, 3)))


def test_crystal_and_potential_must_have_the_same_species():
    with pytest.raises(ValueError, match="no parameters for C: it knows Si"):
        CauchyBornMaterial(Crystal.zincblende("Si", "C", 4.3), load_potential("stillinger-weber"))


def test_a_torn_cell_has_no_stiffness():
    """All neighbours out of reach, as in a trial state of a solver: nothing holds the shifts, and the rest of a batch is not lost."""
    material = MATERIALS["Holland-Marder crack"]()
    F = np.array([np.eye(3), 2.0 * np.eye(3)])
    W, P, C = material.evaluate(F, None)
    assert W[1] == P[1].max() == 0.0
    assert np.abs(C[1]).max() == 0.0
    assert C[0] == pytest.approx(material.tangent(F[:1])[0], abs=1e-12)
