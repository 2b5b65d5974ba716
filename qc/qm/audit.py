"""What an engine must show before its figures are believed; one that returns nothing, or the same, fails."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .evaluation import Evaluation

STEP = 1e-2  # A; differences of energies are taken over it, to fourth order
STRAIN = 0.01
STIFFNESS = (0.2, 5.0)
"""Stiffness of the engine's cluster by that of the potential's: outside, one of them is not this crystal."""


@dataclass(frozen=True)
class Check:
    """One claim about an engine.

    Attributes
    ----------
    claim : str
    value : float
    allowed : (float, float)
    """

    claim: str
    value: float
    allowed: tuple[float, float]

    @property
    def passed(self) -> bool:
        """Whether the value is allowed; nan is not."""
        return self.allowed[0] <= self.value <= self.allowed[1]

    def __str__(self) -> str:
        mark = "ok  " if self.passed else "FAIL"
        return f"{mark} {self.claim}: {self.value:.3g} (allowed {self.allowed[0]:.3g} to {self.allowed[1]:.3g})"


def audit_engine(evaluation: Evaluation, translation: np.ndarray) -> list[Check]:
    """Checks of an engine on its cluster, in about ten calls; on the computing rank.

    Parameters
    ----------
    translation : (3,) ndarray
        A lattice vector, A.
    """
    return [
        *_derivative(evaluation),
        _stiffness(evaluation),
        _translation(evaluation, translation),
        _repetition(evaluation),
    ]


def _derivative(evaluation: Evaluation) -> list[Check]:
    """The gradient is the derivative of the energy, and neither is zero."""
    X = evaluation.cluster.X
    k = np.array([[0.9, 0.4, 0.7], [0.3, 1.1, 0.5], [0.8, 0.2, 0.6]])
    v = np.sin(X @ k + np.arange(3))
    y = X + 0.05 * np.cos(X @ k.T)
    E = [evaluation(y + step * STEP * v).E_qm for step in (-2, -1, 1, 2)]
    slope = float((evaluation(y).g_qm * v).sum())
    difference = (E[0] - 8 * E[1] + 8 * E[2] - E[3]) / (12 * STEP)
    return [
        Check("slope of the energy along a displacement, eV/A", abs(slope), (1e-3, np.inf)),
        Check("forces against differences of energies", abs(difference / slope - 1) if slope else np.nan, (0.0, 1e-4)),
    ]


def _stiffness(evaluation: Evaluation) -> Check:
    """Second difference of the energy under a stretch."""
    X = evaluation.cluster.X
    stretched = [evaluation(X @ np.diag([1.0 + e, 1.0, 1.0])) for e in (-STRAIN, 0.0, STRAIN)]
    qm, mm = (np.array([getattr(p, name) for p in stretched]) @ [1, -2, 1] for name in ("E_qm", "E_mm"))
    return Check("stiffness of the engine by that of the potential", float(qm / mm), STIFFNESS)


def _translation(evaluation: Evaluation, vector: np.ndarray) -> Check:
    """At 1 % strain, a cluster moved by a lattice vector has the same energy, eV."""
    y = evaluation.cluster.X @ np.diag([1.0 + STRAIN, 1.0, 1.0])
    moved = y + np.asarray(vector) * [1.0 + STRAIN, 1.0, 1.0]
    difference = abs(evaluation(moved).E_qm - evaluation(y).E_qm)
    return Check("change of the energy by a lattice translation, eV", difference, (0.0, 1e-8))


def _repetition(evaluation: Evaluation) -> Check:
    """The reference crystal computed anew has the same forces, eV/A."""
    evaluation.forget()
    first = evaluation(evaluation.cluster.X)
    evaluation.forget()
    again = evaluation(evaluation.cluster.X)
    return Check("residual at the reference, eV/A", float(np.abs(again.g_qm - first.g_qm).max()), (0.0, 1e-8))
