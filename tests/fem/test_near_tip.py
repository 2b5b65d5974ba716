"""The K-field against numbers of other codes, closed forms, and the equations it has to satisfy."""

import numpy as np
import pytest
from matscipy.fracture_mechanics.crack import CubicCrystalCrack

from fem.near_tip import VOIGT, NearTipField

CRYSTALS = {
    "Si SW (111)[1-10]": ((151.42, 76.42, 56.45), (1, 1, 1), (1, -1, 0)),
    "Fe (110)[001]": ((244.01, 145.27, 116.31), (1, 1, 0), (0, 0, 1)),
    "Fe (100)[011]": ((244.01, 145.27, 116.31), (1, 0, 0), (0, 1, 1)),
    "Cu (110)[001]": ((169.88, 122.58, 76.21), (1, 1, 0), (0, 0, 1)),
    "Cu (001)[110]": ((169.88, 122.58, 76.21), (0, 0, 1), (1, 1, 0)),
}
COUPLED = {  # in-plane and anti-plane displacements couple on these fronts
    "Cu (11-2)[111]": ((169.88, 122.58, 76.21), (1, 1, -2), (1, 1, 1)),
    "Fe (1-10)[112]": ((244.01, 145.27, 116.31), (-3, 1, 1), (1, 1, 2)),
}
MODES = {"I": (1.0, 0.0, 0.0), "II": (0.0, 1.0, 0.0), "III": (0.0, 0.0, 1.0), "mixed": (0.7, -0.4, 0.9)}


def frame(plane, front):
    y, z = (np.array(v) / np.linalg.norm(v) for v in (plane, front))
    return np.array([np.cross(y, z), y, z])


def cubic(C11, C12, C44):
    C = np.diag([C11] * 3 + [C44] * 3).astype(float)
    C[:3, :3] += C12 * (1 - np.eye(3))
    return C


def rotate(C, R):
    full = np.einsum("ia,jb,kc,ld,abcd->ijkl", R, R, R, R, C[VOIGT[:, :, None, None], VOIGT])
    i, j = [0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]
    return full[np.ix_(range(3), range(3), range(3), range(3))][i, j][:, i, j]


def field(constants, plane, front):
    return NearTipField(rotate(cubic(*constants), frame(plane, front)))


def isotropic(mu=80.0, nu=0.3):
    lam = 2 * mu * nu / (1 - 2 * nu)
    return cubic(lam + 2 * mu, lam, mu), mu, nu


def triclinic(seed=3):
    m = np.random.default_rng(seed).normal(size=(6, 6))
    return 40.0 * m @ m.T + 60.0 * np.eye(6)


MATERIALS = {name: rotate(cubic(*c), frame(p, f)) for name, (c, p, f) in (CRYSTALS | COUPLED).items()}
MATERIALS |= {"isotropic": isotropic()[0], "triclinic": triclinic()}


@pytest.fixture
def points():
    rng = np.random.default_rng(0)
    r, theta = rng.uniform(2, 80, 200), rng.uniform(-np.pi, np.pi, 200)
    return r * np.cos(theta), r * np.sin(theta)


def test_published_numbers_of_silicon():
    si = field(*CRYSTALS["Si SW (111)[1-10]"])
    u = si.displacement([10, 0, -10, 30], [0.0, 10, 0.0, -20])
    expected = [(1.064429, 0), (1.555178, 1.585157), (-0.101736, 3.626077), (2.412222, -0.680878)]
    np.testing.assert_allclose(u[:, :2], expected, atol=1e-4)
    assert si.stress([10], [0.0])[0, 1, 1] == pytest.approx(12.6157, rel=1e-5)
    assert si.stress_intensity(2 * 1.3600) == pytest.approx(0.6153, rel=1e-3)


@pytest.mark.parametrize(("name", "gamma", "K_G"), [("Fe (110)[001]", 1.6506, 0.841), ("Fe (100)[011]", 1.7853, 0.906)])
def test_griffith_values_of_iron(name, gamma, K_G):
    assert field(*CRYSTALS[name]).stress_intensity(2 * gamma) == pytest.approx(K_G, abs=1e-3)


@pytest.mark.parametrize("name", CRYSTALS)
def test_matscipy_agrees_in_plane(name, points):
    constants, plane, front = CRYSTALS[name]
    oracle = CubicCrystalCrack(plane, front, C11=constants[0], C12=constants[1], C44=constants[2])
    x, y = points
    r, theta = np.hypot(x, y), np.arctan2(y, x)
    for K_I, K_II in ((1.3, 0.0), (0.0, 0.8)):
        u, v = oracle.crack.displacements(r, theta, 100 * K_I, 100 * K_II)
        sxx, syy, sxy = oracle.crack.stresses(r, theta, 100 * K_I, 100 * K_II)
        ours = field(constants, plane, front)
        np.testing.assert_allclose(ours.displacement(x, y, (K_I, K_II))[:, :2], np.c_[u, v], atol=1e-8)
        s = ours.stress(x, y, (K_I, K_II))
        np.testing.assert_allclose(np.c_[s[:, 0, 0], s[:, 1, 1], s[:, 0, 1]], np.c_[sxx, syy, sxy], atol=1e-7)


def test_isotropic_is_williams(points):
    """The degenerate case, exactly: Williams (1957), plane strain."""
    C, mu, nu = isotropic()
    x, y = points
    r, t, kappa = np.hypot(x, y), np.arctan2(y, x), 3 - 4 * nu
    c, s = np.cos(t / 2), np.sin(t / 2)
    scale = 100 / (2 * mu) * np.sqrt(r / (2 * np.pi))
    zero = np.zeros_like(r)
    closed = {
        "I": (c * (kappa - 1 + 2 * s**2), s * (kappa + 1 - 2 * c**2), zero),
        "II": (s * (kappa + 1 + 2 * c**2), -c * (kappa - 1 - 2 * s**2), zero),
        "III": (zero, zero, 4 * s),
    }
    for mode, u in closed.items():
        ours = NearTipField(C).displacement(x, y, MODES[mode])
        np.testing.assert_allclose(ours, (scale * np.array(u)).T, rtol=0, atol=1e-12)
    assert NearTipField(C).effective_modulus == pytest.approx(2 * mu / (1 - nu), rel=1e-12)


def test_continuous_through_the_degenerate_case(points):
    C, _, _ = isotropic()
    exact = NearTipField(C).displacement(*points, MODES["mixed"])
    for eps in (1e-4, 1e-7, 1e-10):
        bent = cubic(C[0, 0], C[0, 1], C[3, 3] * (1 + eps))
        near = NearTipField(rotate(bent, frame((1, 2, 3), (3, 0, -1)))).displacement(*points, MODES["mixed"])
        assert np.abs(near - exact).max() < 20 * eps + 1e-12


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", MATERIALS)
def test_equilibrium_and_gradient(name, mode, points):
    ours, K, h = NearTipField(MATERIALS[name]), MODES[mode], 1e-4
    x, y = points
    away = np.abs(y) > 1e-2
    x, y = x[away], y[away]

    def derivative(f, axis):
        dx, dy = (h, 0) if axis == 0 else (0, h)
        return (f(x + dx, y + dy, K) - f(x - dx, y - dy, K)) / (2 * h)

    grad = ours.displacement_gradient(x, y, K)
    assert np.abs(grad).max() > 0.01
    for axis in (0, 1):
        np.testing.assert_allclose(grad[:, :, axis], derivative(ours.displacement, axis), atol=1e-7)
    divergence = derivative(ours.stress, 0)[:, :, 0] + derivative(ours.stress, 1)[:, :, 1]
    assert np.abs(divergence).max() < 1e-6 * np.abs(derivative(ours.stress, 0)).max()


@pytest.mark.parametrize("name", MATERIALS)
def test_faces_are_free_and_told_apart_by_the_sign_bit(name):
    ours, x = NearTipField(MATERIALS[name]), -np.array([1.0, 10.0, 50.0])
    for K in MODES.values():
        for zero in (0.0, -0.0):
            assert np.abs(ours.stress(x, np.full(3, zero), K)[:, :, 1]).max() < 1e-11
        upper, lower = (ours.displacement(x, np.full(3, zero), K) for zero in (0.0, -0.0))
        np.testing.assert_allclose(upper, ours.displacement(x, np.full(3, 1e-13), K), atol=1e-11)
        np.testing.assert_allclose(lower, ours.displacement(x, np.full(3, -1e-13), K), atol=1e-11)
        # opening: jump = sqrt(8 r / pi) L^-1 k
        k = 100 * np.array([K[1], K[0], K[2]])
        jump = np.sqrt(-8 * x / np.pi)[:, None] * (ours.compliance @ k)
        np.testing.assert_allclose(upper - lower, jump, atol=1e-12)


@pytest.mark.parametrize("name", MATERIALS)
def test_intensities_ahead_of_the_tip(name):
    """sigma_i2 = K / sqrt(2 pi r) on the plane ahead, whatever the coupling."""
    for K in MODES.values():
        traction = NearTipField(MATERIALS[name]).stress([7.0], [0.0], K)[0, :, 1]
        np.testing.assert_allclose(traction * np.sqrt(2 * np.pi * 7.0) / 100, [K[1], K[0], K[2]], atol=1e-12)


@pytest.mark.parametrize("name", MATERIALS)
def test_energy_release_rate_is_irwins_closure_integral(name):
    """G = (1/2d) int_0^d sigma_i2(x) [u_i](d - x) dx, against k.L^-1.k/2 and K_I^2/E'."""
    ours, d = NearTipField(MATERIALS[name]), 3.0
    for K in MODES.values():
        t, weight = np.polynomial.legendre.leggauss(40)
        a = 0.25 * np.pi * (t + 1)  # x = d sin(a)^2 takes the singularity away
        x, dx = d * np.sin(a) ** 2, d * np.sin(2 * a) * 0.25 * np.pi * weight
        traction = ours.stress(x, np.zeros_like(x), K)[:, :, 1]
        jump = np.subtract(*(ours.displacement(x - d, np.full_like(x, zero), K) for zero in (0.0, -0.0)))
        G = (traction * jump).sum(1) @ dx / (2 * d) * 0.1  # GPa A = 0.1 J/m^2
        assert ours.energy_release_rate(K) == pytest.approx(G, rel=1e-10)
    assert ours.energy_release_rate((0.9,)) == pytest.approx(0.81e3 / ours.effective_modulus)
    assert ours.stress_intensity(ours.energy_release_rate((0.9,))) == pytest.approx(0.9)


def test_coupled_fronts_move_out_of_plane(points):
    ours = field(*COUPLED["Fe (1-10)[112]"])
    assert np.abs(ours.displacement(*points)[:, 2]).max() > 0.01


def test_sheet_takes_in_plane_constants_only(points):
    mu, lam = 50.0, 30.0
    C = cubic(lam + 2 * mu, lam, mu)
    sheet = C.copy()
    sheet[2:5, :] = sheet[:, 2:5] = 0.0
    ours = NearTipField(sheet, dimension=2)
    np.testing.assert_allclose(ours.displacement(*points), NearTipField(C).displacement(*points), atol=1e-12)
    assert np.all(ours.stress(*points)[:, 2, :] == 0.0)
    # Young's modulus of the sheet, in Lame's constants of two dimensions
    assert ours.effective_modulus == pytest.approx(4 * mu * (lam + mu) / (lam + 2 * mu))
    with pytest.raises(ValueError, match="K_III"):
        ours.displacement(1.0, 1.0, (1, 0, 1))


def test_tip_itself():
    ours = NearTipField(triclinic())
    assert np.all(ours.displacement([0.0, 0.0], [0.0, -0.0], MODES["mixed"]) == 0.0)
    with pytest.raises(ValueError, match="tip"):
        ours.stress([0.0], [0.0])


@pytest.mark.parametrize(
    ("C", "message"),
    [
        (np.eye(3), "shape"),
        (cubic(100, 120, 50), "eigenvalue"),
        (np.triu(np.ones((6, 6))), "symmetric"),
        (np.full((6, 6), np.nan), "finite"),
    ],
)
def test_bad_constants(C, message):
    with pytest.raises(ValueError, match=message):
        NearTipField(C)


def test_bad_arguments():
    with pytest.raises(ValueError, match="dimension is 1"):
        NearTipField(np.eye(6), dimension=1)
    with pytest.raises(ValueError, match="K is"):
        NearTipField(np.eye(6)).displacement([1.0], [1.0], (1, 2, 3, 4))
    with pytest.raises(ValueError, match="energy release rate"):
        NearTipField(np.eye(6)).stress_intensity(-1.0)


@pytest.mark.parametrize("name", [*CRYSTALS, *COUPLED])
def test_the_T_stress_is_the_only_one_on_the_faces(name):
    """sigma_xx and what plane strain makes along the front; no shear, no rotation of the crack's line."""
    tip = field(*(CRYSTALS | COUPLED)[name])
    H = tip.uniform_gradient(0.7)
    stress = np.einsum("ijkl,kl->ij", tip.C[VOIGT[:, :, None, None], VOIGT], H)
    assert stress[0, 0] == pytest.approx(0.7, rel=1e-12)
    assert np.abs([stress[1], stress[0, [1, 1, 2]]]).max() < 1e-12
    assert np.abs(H[:, 2]).max() == 0.0
    assert H[1, 0] == 0.0


def test_T_stress_of_an_isotropic_body():
    """Plane strain: (1 - nu^2) T / E along, -nu (1 + nu) T / E across."""
    E, nu = 200.0, 0.28
    lame, mu = E * nu / (1 + nu) / (1 - 2 * nu), E / 2 / (1 + nu)
    H = NearTipField(cubic(lame + 2 * mu, lame, mu)).uniform_gradient(3.0)
    assert H[0, 0] == pytest.approx(3.0 * (1 - nu**2) / E)
    assert H[1, 1] == pytest.approx(-3.0 * nu * (1 + nu) / E)
    assert np.count_nonzero(np.abs(H) > 1e-15) == 2
