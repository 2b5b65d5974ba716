"""The continuum at temperature: derivatives, symmetry, size and constants against vibrations that no polynomial has fitted."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from atomistics import Crystal, Morse, equilibrium_lattice_constant, load_potential
from atomistics.units import KB
from fem.cauchy_born import GPA, CauchyBornMaterial
from fem.phonons import UnstableCrystalError, Vibrations
from fem.thermal import RADII, ThermalMaterial, ThermalRangeError, sampled

RNG = np.random.default_rng(2)


def known(file, crystal, species):
    potential = load_potential(file, species) if isinstance(file, str) else file
    crystal = crystal.with_lattice_constant(equilibrium_lattice_constant(crystal, potential))
    return sampled(Vibrations(CauchyBornMaterial(crystal, potential)))


@pytest.fixture(scope="module")
def copper():
    return known("Cu_mishin1.eam.alloy", Crystal.fcc("Cu").resolved(load_potential("Cu_mishin1.eam.alloy")), ("Cu",))


@pytest.fixture(scope="module")
def silicon():
    return known("Si.sw", Crystal.diamond("Si", 5.431).oriented((1, 1, 1), (1, -1, 0)), ("Si",))


@pytest.fixture(scope="module")
def sheet():
    return known(Morse(D=1.0, alpha=4.0, r0=1.0, cutoff=2.5), Crystal.hexagonal("X", 1.0), ("X",))


@pytest.fixture(params=["copper", "silicon", "sheet"])
def some(request):
    return request.getfixturevalue(request.param)


def strains(n, amplitude, crystal):
    E = amplitude * RNG.uniform(-1, 1, (n, 3, 3))
    if crystal.dimension == 2:
        E[:, 2] = E[:, :, 2] = 0.0
    return np.eye(3) + E


def temperature(some):
    return 300.0 if some.vibrations.material.crystal.dimension == 3 else 200.0


@pytest.mark.parametrize("quantum", [False, True])
def test_stress_and_tangent_are_derivatives(some, quantum):
    """Of W_T with shifts relaxed; and of the vibrations alone, which are small beside W."""
    material = ThermalMaterial(some, temperature(some), quantum)
    F, h = strains(4, 0.015, material.crystal), 1e-5
    dF = strains(4, 1.0, material.crystal) - np.eye(3)
    for evaluate in (material.evaluate, material.vibrational):
        _, P, A = evaluate(F)
        up, down = (evaluate(F + sign * h * dF) for sign in (1, -1))
        scale = max(float(np.abs(A).max()), 1e-9)
        np.testing.assert_allclose((up[0] - down[0]) / (2 * h), np.einsum("nij,nij->n", P, dF), atol=1e-7 * scale)
        np.testing.assert_allclose((up[1] - down[1]) / (2 * h), np.einsum("nijkl,nkl->nij", A, dF), atol=2e-4 * scale)


def test_given_shifts_feel_no_thermal_force(silicon):
    """W_T(F, p) - W(F, p) is that of F alone, with first and second derivatives; relaxed shifts are the static ones."""
    material, static = ThermalMaterial(silicon, 300.0), silicon.vibrations.material
    F, p = strains(3, 0.01, material.crystal), 0.02 * RNG.normal(size=(3, 2, 3))
    warm, cold, (f, P, A) = material.derivatives(F, p), static.derivatives(F, p), material.vibrational(F)
    np.testing.assert_allclose(warm.W - cold.W, f, atol=1e-14)
    np.testing.assert_allclose(warm.dF - cold.dF, P, atol=1e-13)
    np.testing.assert_allclose(warm.dFdF - cold.dFdF, A, atol=1e-12)
    np.testing.assert_allclose(warm.dp, cold.dp, atol=1e-14)
    np.testing.assert_allclose(material.relaxed_shifts(F), static.relaxed_shifts(F), atol=1e-9)


def test_frames_do_not_matter_and_a_cubic_crystal_has_no_shear(some):
    material = ThermalMaterial(some, temperature(some))
    F = strains(3, 0.015, material.crystal)
    angle = 0.7
    Q = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    np.testing.assert_allclose(material.stress(Q @ F), Q @ material.stress(F), atol=1e-12)
    P = material.vibrational(np.eye(3)[None])[1][0]
    n = material.crystal.dimension
    assert np.abs(P[:n, :n] - P[0, 0] * np.eye(n)).max() < 1e-10 < 1e-3 < -P[0, 0]


def test_the_mesh_itself_has_no_shear(silicon):
    """Not the fit: the vibrations at two opposite shears are the same."""
    crystal, vibrations = silicon.vibrations.material.crystal, silicon.vibrations
    turn = crystal.rotation  # shear of the cube
    E = np.zeros((3, 3))
    E[0, 1] = E[1, 0] = 0.01
    F = np.array([np.eye(3) + sign * turn @ E @ turn.T for sign in (1, -1)])
    g = vibrations.log_mean(vibrations.eigenvalues(F))
    assert abs(g[0] - g[1]) < 1e-10


@pytest.mark.parametrize(("name", "most"), [("copper", 0.02), ("silicon", 1e-3)])
def test_the_stress_of_vibrations_against_differences_of_exact_ones(name, most, request):
    """At 2 % of strain; the bound that is told has the same size."""
    some = request.getfixturevalue(name)
    material, vibrations, T = ThermalMaterial(some, 300.0), some.vibrations, 300.0
    way = RNG.normal(size=(6, 3, 3))
    way = 0.02 * (way + way.transpose(0, 2, 1)) / np.linalg.norm(way + way.transpose(0, 2, 1), axis=(1, 2))[:, None, None]
    dF, h = np.roll(way, 1, axis=0) / 0.02, 2e-3
    up, down = (vibrations.log_mean(vibrations.eigenvalues(np.eye(3) + way + sign * h * dF)) for sign in (1, -1))
    exact = KB * T * (up - down) / (2 * h) / material.volume
    found = np.einsum("nij,nij->n", material.vibrational(np.eye(3) + way)[1], dF)
    assert np.sqrt(np.mean((found - exact) ** 2)) < most * np.sqrt(np.mean(exact**2))
    assert material.stress_error < most


def test_size_at_temperature_is_where_the_free_energy_is_least(copper):
    """W and exact vibrations of cubes alone, without a polynomial; the prototype of other code: 3.63110 A at 300 K."""
    material, vibrations = ThermalMaterial(copper, 300.0), copper.vibrations
    U = material.at_rest()
    assert np.abs(U - U[0, 0] * np.eye(3)).max() < 1e-10
    assert np.abs(material.stress(U[None])).max() < 1e-11

    def free(scale):
        F = scale * np.eye(3)[None]
        g = vibrations.log_mean(vibrations.eigenvalues(F))[0]
        return float(material.volume * vibrations.material.energy_density(F)[0] + KB * 300.0 * g)

    found = minimize_scalar(free, bracket=(1.003, 1.006), tol=1e-9).x
    assert U[0, 0] == pytest.approx(found, abs=3e-5)
    assert material.crystal.a * U[0, 0] == pytest.approx(3.6311, abs=3e-4)


def test_constants_at_temperature_are_second_derivatives_of_stress(silicon):
    """Cauchy stress after a further small strain, by differences; they soften."""
    material, cold = ThermalMaterial(silicon, 300.0), silicon.vibrations.material.elastic_constants()
    U, h = material.at_rest(), 1e-5
    R = material.crystal.rotation
    C = material.constants_at(U)

    def cauchy(e):
        F = (np.eye(3) + R @ e @ R.T) @ U
        return GPA * R.T @ (material.stress(F[None])[0] @ F.T) @ R / np.linalg.det(F)

    e = np.diag([h, 0, 0])
    assert C[0, 0] == pytest.approx((cauchy(e) - cauchy(-e))[0, 0] / (2 * h), rel=1e-6)
    e = h / 2 * np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]])
    assert C[5, 5] == pytest.approx((cauchy(e) - cauchy(-e))[0, 1] / (2 * h), rel=1e-6)
    assert 0.97 * cold[0, 0] < C[0, 0] < 0.995 * cold[0, 0]
    laboratory = material.constants_at(U, crystal_axes=False)
    assert laboratory[1, 1] == pytest.approx((C[0, 0] + 2 * C[0, 1] + 4 * C[3, 3]) / 3, rel=1e-9)  # along [111]


def test_at_zero_kelvin_nothing_is_added_but_the_zero_point(copper):
    static = copper.vibrations.material
    F = strains(2, 0.01, static.crystal)
    np.testing.assert_array_equal(ThermalMaterial(copper, 0.0).stress(F), static.stress(F))
    quantum = ThermalMaterial(copper, 0.0, quantum=True).at_rest()[0, 0]
    assert static.crystal.a * quantum == pytest.approx(3.62175, abs=2e-4)  # zero-point expansion, of other code


def test_strains_beyond_what_is_known_are_refused(copper):
    material = ThermalMaterial(copper, 300.0)
    assert copper.radius == RADII[0]
    with pytest.raises(ThermalRangeError, match=r"the logarithmic strain is 0\.0\d+, and vibrations are known up to 0\.0585"):
        material.stress(1.05 * np.eye(3)[None])
    with pytest.raises(ValueError, match="temperature = -1 K is not allowed"):
        ThermalMaterial(copper, -1.0)
    with pytest.raises(UnstableCrystalError):
        sampled(Vibrations(CauchyBornMaterial(Crystal.fcc("Cu", 4.4), load_potential("Cu_mishin1.eam.alloy"))))
