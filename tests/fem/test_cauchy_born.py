"""The Cauchy-Born material is the periodic crystal, deformed homogeneously."""

import numpy as np
import pytest

from atomistics import Crystal, LennardJones, Morse, ToyEAM, load_potential
from fem import CauchyBornMaterial
from fem.cauchy_born import InadmissibleDeformationError

GPA = 160.21766208
CRACK = ((1, 1, 0), (0, 0, 1))
MATERIALS = {
    "Cu": lambda: CauchyBornMaterial(Crystal.fcc("Cu"), load_potential("Cu_mishin1.eam.alloy")),
    "Fe crack": lambda: CauchyBornMaterial(Crystal.bcc("Fe").oriented(*CRACK), load_potential("Fe_mm.eam.fs")),
    "Al in AlFe": lambda: CauchyBornMaterial(Crystal.fcc("Al", 4.05), load_potential("AlFe_mm.eam.fs")),
    "Lennard-Jones": lambda: CauchyBornMaterial(Crystal.fcc("Ar"), LennardJones(0.01, 3.4, elements=("Ar",))),
    "Morse 2-D": lambda: CauchyBornMaterial(Crystal.hexagonal(), Morse(0.3, 1.5, 2.5)),
    "toy": lambda: CauchyBornMaterial(Crystal.hexagonal(), ToyEAM()),
}


@pytest.fixture(params=MATERIALS, scope="module")
def material(request):
    return MATERIALS[request.param]()


def deformations(material, n=4, size=0.05):
    """Random F; in 2-D in the plane only."""
    F = np.eye(3) + np.random.default_rng(9).normal(0, size, (n, 3, 3))
    if material.crystal.dimension == 2:
        F[:, 2, :2] = F[:, :2, 2] = 0.0
        F[:, 2, 2] = 1.0
    return F


def in_plane(material, A):
    if material.crystal.dimension == 2:
        A[:, 2], A[:, :, 2] = 0.0, 0.0
    return A


def ladder(f, derivative):
    """Smallest over largest relative error of central differences on a ladder of steps."""
    size = np.linalg.norm(derivative)
    assert size > 1e-4
    errors = [np.linalg.norm((f(h) - f(-h)) / (2 * h) - derivative) / size for h in 10.0 ** np.arange(-2, -9, -1.0)]
    assert max(errors) > 1e-7
    return min(errors) / max(errors)


def test_stress_is_the_derivative_of_the_energy(material):
    F = deformations(material)
    A = in_plane(material, np.random.default_rng(1).normal(size=F.shape))
    P = material.stress(F)
    assert P.shape == (4, 3, 3)
    assert ladder(lambda h: material.energy_density(F + h * A), np.einsum("kij,kij->k", P, A)) < 1e-3


def test_tangent_is_the_derivative_of_the_stress(material):
    F = deformations(material)
    A = in_plane(material, np.random.default_rng(2).normal(size=F.shape))
    C = material.tangent(F)
    assert C.shape == (4, 3, 3, 3, 3)
    np.testing.assert_allclose(C, C.transpose(0, 3, 4, 1, 2), atol=1e-12 * np.abs(C).max())
    derivative = in_plane(material, np.einsum("kijlm,klm->kij", C, A))
    assert ladder(lambda h: in_plane(material, material.stress(F + h * A)), derivative) < 1e-3


def test_one_pass_gives_the_same(material):
    F = deformations(material)
    W, P, C = material.evaluate(F)
    np.testing.assert_array_equal(material.energy_density(F), W)
    np.testing.assert_array_equal(material.stress(F), P)
    np.testing.assert_array_equal(material.tangent(F), C)
    W, P, C = material.evaluate(np.empty((0, 3, 3)))
    assert (W.shape, P.shape, C.shape) == ((0,), (0, 3, 3), (0, 3, 3, 3, 3))


def test_rotations_cost_no_energy(material):
    F = deformations(material)
    angle = 0.7
    Q = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    W, P = material.energy_and_stress(F)
    turned_W, turned_P = material.energy_and_stress(Q @ F)
    np.testing.assert_allclose(turned_W, W, atol=1e-13)
    np.testing.assert_allclose(turned_P, Q @ P, atol=1e-12)
    moment = P @ F.transpose(0, 2, 1)
    np.testing.assert_allclose(moment, moment.transpose(0, 2, 1), atol=1e-13)  # no torque


@pytest.mark.parametrize("squeeze", [1.0, 0.95, 0.9, 0.8])
@pytest.mark.parametrize("name", [name for name in MATERIALS if name != "toy"])
def test_energy_and_stress_are_those_of_the_periodic_crystal(name, squeeze):
    """Under compression more shells come within the cutoff: a fresh material has to see them."""
    material = MATERIALS[name]()
    F = deformations(material, 1)[0] * squeeze
    if material.crystal.dimension == 2:
        F[2, 2] = 1.0
    atoms = material.crystal.atoms(cubic=False)
    atoms.set_cell(atoms.cell @ F.T, scale_atoms=True)
    atoms.calc = material.potential.calculator()
    (W,), (P,) = material.energy_and_stress(F[None])
    assert W * material.volume == pytest.approx(atoms.get_potential_energy(), abs=1e-12)
    if material.crystal.dimension == 3:
        cauchy = P @ F.T / np.linalg.det(F)
        np.testing.assert_allclose(cauchy, atoms.get_stress(voigt=False), atol=1e-12)


def test_many_shells_under_uniaxial_collapse():
    material = MATERIALS["Cu"]()
    F = np.diag([1.0, 0.6, 1.0])
    atoms = material.crystal.atoms()
    atoms.set_cell(atoms.cell @ F, scale_atoms=True)
    atoms.calc = material.potential.calculator()
    assert material.energy_density(F[None])[0] * material.volume * 4 == pytest.approx(atoms.get_potential_energy())


def test_toy_keeps_its_six_neighbours():
    W = CauchyBornMaterial(Crystal.hexagonal("X", 1.0), ToyEAM()).energy_density(np.diag([0.5, 0.5, 1.0])[None])
    t, t0 = 6 * np.exp(-1.5), 6 * np.exp(-2.7)
    V = 3 * (np.exp(4.0) - 2 * np.exp(2.0)) + 20 * ((t - t0) ** 2 + (t - t0) ** 4)
    assert W[0] == pytest.approx(V / np.sqrt(0.75), rel=1e-13)


def test_elastic_constants_in_both_frames():
    straight, turned = (
        CauchyBornMaterial(crystal, load_potential("Fe_mm.eam.fs"))
        for crystal in (Crystal.bcc("Fe"), Crystal.bcc("Fe").oriented(*CRACK))
    )
    C = straight.elastic_constants()
    np.testing.assert_allclose(turned.elastic_constants(), C, atol=1e-8)
    np.testing.assert_allclose(straight.elastic_tensor(), C, atol=1e-8)
    along_110 = turned.elastic_tensor()[1, 1]
    assert along_110 == pytest.approx(0.5 * (C[0, 0] + C[0, 1] + 2 * C[3, 3]), rel=1e-10)


@pytest.mark.parametrize(("a", "pressure"), [(5.05, True), (None, False)])
def test_elastic_constants_are_curvatures_of_the_energy(a, pressure):
    """Second derivatives with respect to Green's strain E, F = sqrt(1 + 2 E), also where the reference is stressed."""
    material = CauchyBornMaterial(Crystal.fcc("Ar", a), LennardJones(0.01, 3.4, elements=("Ar",)))
    C, h = material.elastic_constants(), 1e-4
    assert (np.abs(material.stress(np.eye(3)[None])).max() * GPA > 0.05 * C[0, 0]) == pressure
    strains = np.zeros((3, 3, 3))
    strains[0, 0, 0] = 1.0
    strains[1] = np.diag([1.0, 1.0, 0.0])
    strains[2, 1, 2] = strains[2, 2, 1] = 0.5

    def energy(E):
        squares, axes = np.linalg.eigh(np.eye(3) + 2 * E)
        return material.energy_density(((axes * np.sqrt(squares)) @ axes.T)[None])[0]

    curvature = [GPA * (energy(h * E) - 2 * energy(0 * E) + energy(-h * E)) / h**2 for E in strains]
    expected = [C[0, 0], 2 * (C[0, 0] + C[0, 1]), C[3, 3]]
    np.testing.assert_allclose(curvature, expected, rtol=1e-4)
    np.testing.assert_allclose(C, C.T, atol=1e-9)


def test_two_dimensional_isotropy():
    C = CauchyBornMaterial(Crystal.hexagonal(), ToyEAM()).elastic_constants()
    assert C[5, 5] == pytest.approx(0.5 * (C[0, 0] - C[0, 1]), rel=1e-9)
    assert C[0, 0] == pytest.approx(C[1, 1], rel=1e-9)
    np.testing.assert_allclose(C[2:5], 0.0, atol=1e-12)


@pytest.mark.parametrize(
    ("F", "sentence"),
    [
        (np.diag([1.0, 1.0, -1.0])[None], r"finite with a positive determinant, got F = .* det F = -1$"),
        (np.diag([1.0, 1.0, 0.0])[None], r"finite with a positive determinant, got F = .* det F = 0$"),
        (np.array([np.eye(3), np.eye(3) * np.nan]), r"finite with a positive determinant, got F = .*nan"),
        (np.full((1, 3, 3), np.inf), r"finite with a positive determinant, got F = .*inf"),
        (np.eye(3), r"shape \(n, 3, 3\), got \(3, 3\)"),
        (np.eye(2)[None], r"shape \(n, 3, 3\), got \(1, 2, 2\)"),
        (np.diag([1.0, 1.0, 1e-3])[None], "smallest stretch must be at least 0.05, got 0.001"),
    ],
)
def test_what_is_no_deformation_is_refused(F, sentence):
    with pytest.raises(ValueError, match=sentence):
        MATERIALS["Cu"]().energy_density(F)


def test_unknown_element_is_named():
    with pytest.raises(ValueError, match="no parameters for Ni: it knows Cu"):
        CauchyBornMaterial(Crystal.fcc("Ni", 3.5), load_potential("Cu_mishin1.eam.alloy"))


@pytest.mark.parametrize(
    ("name", "crystal", "constants"),
    [
        ("Ta06A.snap", Crystal.bcc("Ta", 3.316264), (270.261, 155.884, 73.452)),
        ("Mo_Chen_PRM2017.snap", Crystal.bcc("Mo", 3.159988), (472.831, 151.925, 106.589)),
        ("Si_Zuo_JPCA2020.quadratic.snap", Crystal.diamond("Si", 5.464353), (155.071, 57.484, 69.229)),
        ("Si.edip", Crystal.diamond("Si", 5.430498), (171.990, 64.715, 72.752)),
        ("SiC.edip", Crystal.zincblende("Si", "C", 4.362393), (396.888, 140.368, 170.474)),
        ("Nb.uf3", Crystal.bcc("Nb", 3.341478), (280.083, 194.703, 40.012)),
        ("Ni.meam", Crystal.fcc("Ni", 3.520000), (247.252, 147.740, 125.045)),
        ("AlCu.adp", Crystal.fcc("Al", 4.049995), (113.540, 61.298, 31.597)),
        ("Ni.adp", Crystal.fcc("Ni", 3.520000), (242.400, 150.304, 129.599)),
    ],
)
def test_elastic_constants_of_many_body_potentials_are_those_of_lammps(name, crystal, constants):
    """C11, C12, C44 with relaxed shifts, by LAMMPS' differences of the stress, GPa."""
    C = CauchyBornMaterial(crystal, load_potential(name)).elastic_constants()
    np.testing.assert_allclose([C[0, 0], C[0, 1], C[3, 3]], constants, atol=2e-3)


def test_shifts_far_apart_take_no_more_room_than_the_bonds_they_leave():
    """A stencil of 26,646 bonds would have had a matrix of 51 GB: a trial step of a soft silicon ended there as out of memory."""
    potential = load_potential("Si.tersoff")
    continuum = CauchyBornMaterial(Crystal.diamond("Si").resolved(potential), potential)
    F, p = np.eye(3)[None], continuum.relaxed_shifts(np.eye(3)[None])
    period = continuum.crystal.cell_ij[0]
    turned = p + np.array([0.5, -0.5])[None, :, None] * np.round(40.0 / np.linalg.norm(period)) * period
    W, expected = continuum.energy_density(F, turned), continuum.energy_density(F, p)
    assert pytest.approx(expected, rel=1e-12) == W  # a lattice vector between the atoms of a cell changes nothing


def test_a_stencil_that_does_not_fit_into_memory_is_no_deformation(monkeypatch):
    potential = load_potential("Si.tersoff")
    continuum = CauchyBornMaterial(Crystal.diamond("Si").resolved(potential), potential)

    def full(*args, **kwargs):
        raise MemoryError

    F, p = np.array([np.eye(3), 0.5 * np.eye(3)]), np.zeros((2, 2, 3))
    p[:] = continuum.relaxed_shifts(np.eye(3)[None])
    monkeypatch.setattr(type(potential), "cauchy_born", full)
    with pytest.raises(InadmissibleDeformationError, match="do not fit into memory"):
        continuum.derivatives(F[1:], 0.5 * p[1:])
    with pytest.raises(MemoryError):
        continuum.derivatives(F[:1], p[:1])
