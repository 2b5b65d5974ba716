"""Potentials in closed form: pairs, the toy EAM of the published accuracy benchmarks, and its three-shell relative."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import brentq

from ..crystal import Crystal
from ..kernels import pair as kernels
from .pair_functional import PairFunctional


class _Switched(PairFunctional):
    """Bond functions times a quintic switch between ``switch_on`` and ``cutoff``: C2 at both ends."""

    def lattice_constant(self, structure: str = "fcc", element: str | None = None) -> float | None:
        """Lattice constant of least energy for fcc, bcc or hexagonal (2-D), A; None where there is none."""
        if structure not in ("fcc", "bcc", "hexagonal"):
            return None
        crystal = getattr(Crystal, structure)(self.elements[0], 1.0)
        shortest = crystal.nearest_neighbour_distance

        def virial(spacing: float) -> float:
            bonds = crystal.with_lattice_constant(spacing / shortest).stencil(self.cutoff)
            _, P, _ = self.cauchy_born(bonds, np.zeros(len(bonds), np.int32), 0, np.eye(3)[None], second=False)
            return float(np.trace(P[0]))

        scan = self._minimum * np.linspace(1.1, 0.3, 33)  # neighbours further away pull the nearest ones together
        k = next((k for k, spacing in enumerate(scan) if virial(spacing) <= 0), 0)
        return float(brentq(virial, scan[k], scan[k - 1], xtol=1e-14) / shortest) if k else None

    _minimum: float


class LennardJones(_Switched):
    """phi(r) = 4 epsilon [(sigma/r)^12 - (sigma/r)^6], switched off smoothly (C2) between switch_on and cutoff.

    Parameters
    ----------
    epsilon, sigma : float
        Well depth, eV, and diameter, A.
    cutoff : float, optional
        A; default 2.5 sigma.
    switch_on : float, optional
        A; default 0.8 cutoff.
    elements : sequence of str
        Names under which the one species goes.
    """

    def __init__(
        self,
        epsilon: float = 1.0,
        sigma: float = 1.0,
        cutoff: float | None = None,
        switch_on: float | None = None,
        elements: Sequence[str] = ("X",),
    ) -> None:
        _positive(epsilon=epsilon, sigma=sigma)
        cutoff = 2.5 * sigma if cutoff is None else cutoff
        switch_on = 0.8 * cutoff if switch_on is None else switch_on
        _check_switch(switch_on, cutoff)
        self._minimum = 2 ** (1 / 6) * sigma
        parameters = (epsilon, sigma, 0.0, 0.0, 0.0, switch_on, cutoff)
        super().__init__(elements, cutoff, kernels.LENNARD_JONES, parameters)


class Morse(_Switched):
    """phi(r) = D [exp(-2 alpha (r - r0)) - 2 exp(-alpha (r - r0))], switched off smoothly (C2) up to the cutoff.

    Parameters
    ----------
    D, alpha, r0 : float
        Well depth, eV, inverse width, 1/A, and distance of the minimum, A.
    cutoff : float, optional
        A; default 2.5 r0.
    switch_on : float, optional
        A; default 0.8 cutoff.
    elements : sequence of str
    """

    def __init__(
        self,
        D: float = 1.0,
        alpha: float = 4.0,
        r0: float = 1.0,
        cutoff: float | None = None,
        switch_on: float | None = None,
        elements: Sequence[str] = ("X",),
    ) -> None:
        _positive(D=D, alpha=alpha, r0=r0)
        cutoff = 2.5 * r0 if cutoff is None else cutoff
        switch_on = 0.8 * cutoff if switch_on is None else switch_on
        _check_switch(switch_on, cutoff)
        self._minimum = r0
        super().__init__(elements, cutoff, kernels.MORSE, (D, alpha, r0, 0.0, 0.0, switch_on, cutoff))


class ToyEAM(PairFunctional):
    """V = 1/2 sum [e^(-2a(s-1)) - 2 e^(-a(s-1))] + c [(t-t0)^2 + (t-t0)^4], t = sum e^(-b s), t0 = 6 e^(-0.9 b).

    The 2-D benchmark potential with nearest neighbours of the reference crystal (neighbour distance 1): no cutoff,
    the six reference neighbours stay neighbours whatever their distance.

    Parameters
    ----------
    a, b, c : float
    elements : sequence of str
    """

    fixed_topology = True

    def __init__(self, a: float = 4.0, b: float = 3.0, c: float = 20.0, elements: Sequence[str] = ("X",)) -> None:
        _positive(a=a, b=b)
        t0 = 6.0 * np.exp(-0.9 * b)
        super().__init__(elements, 1.3, kernels.TOY, (1.0, a, 1.0, 0.0, b), (c, t0))

    def lattice_constant(self, structure: str = "hexagonal", element: str | None = None) -> float | None:
        """Neighbour distance of zero stress for the hexagonal lattice."""
        if structure != "hexagonal":
            return None
        bonds = Crystal.hexagonal("X", 1.0).stencil(self.cutoff)

        def pressure(scale: float) -> float:
            F = np.diag([scale, scale, 1.0])[None]
            return float(np.trace(self.cauchy_born(bonds, np.zeros(len(bonds), np.int32), 0, F, second=False)[1][0]))

        return float(brentq(pressure, 0.8, 1.2, xtol=1e-15))


class HexagonalEAM(_Switched):
    """The toy EAM with neighbours by distance: both bond functions times a quintic switch (C2) up to the cutoff.

    In the hexagonal lattice three shells of neighbours, 18 in all, lie within the cutoff and the fourth stays outside up
    to 9 % compression: many-body and of longer range than nearest neighbours, in two dimensions.

    Parameters
    ----------
    a, b, c : float
        As in `ToyEAM`.
    cutoff, switch_on : float
        A.
    elements : sequence of str
    """

    def __init__(
        self,
        a: float = 4.0,
        b: float = 3.0,
        c: float = 10.0,
        cutoff: float = 2.3,
        switch_on: float = 1.6,
        elements: Sequence[str] = ("X",),
    ) -> None:
        _positive(a=a, b=b)
        _check_switch(switch_on, cutoff)
        t0 = 6.0 * np.exp(-0.9 * b)
        self._minimum = 1.0
        super().__init__(elements, cutoff, kernels.SWITCHED_TOY, (1.0, a, 1.0, 0.0, b, switch_on, cutoff), (c, t0))


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"{name} must be positive, got {value}")


def _check_switch(on: float, cutoff: float) -> None:
    if not 0 < on < cutoff:
        raise ValueError(f"switch_on must lie between 0 and the cutoff {cutoff:g} A, got {on:g} A")
