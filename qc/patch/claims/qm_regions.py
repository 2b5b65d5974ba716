"""QM regions that the claims are made of: one a radius, kept for all claims of a test."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from fem.collective import on_computing_rank

from ...coupling.model import Model
from ...qm.build import QM, QMSpec, add_qm
from ...qm.direct import zero_engine
from ...qm.engine.aliases import named_engine
from ...qm.evaluation import Evaluation
from ...qm.region import QMRegion
from ..model import PatchTest, front_gradient

CENTRE = (0.0, 0.0, 0.0)
SMALL, LARGE = 1.9, 2.4
"""Radii of the clusters, the large one for the seam, in nearest-neighbour distances: Si16H24 and Si52H50 in 2.5-D."""
ROOM = 1.6
"""What completing a cluster and its hosts may add to its radius, in nearest-neighbour distances."""


def model_round(test: PatchTest, F: np.ndarray, radius: float, caps: bool) -> Model:
    """A model whose core holds a cluster of that radius, long enough along the front. Collective."""
    s, room = test.setup, ROOM if caps else 0.1
    spec = s.spec(test.method, front_gradient(F, s.dimension), core=max(s.core, radius + room))
    if s.dimension == 2.5:
        spec = replace(spec, front_periods=math.ceil(2 * (radius + room) * s.nn / s.lattice.period))
    return test.build(spec)


def capped_region(test: PatchTest, radius: float, zero: bool = False) -> QM:
    """A region with link atoms in the undeformed crystal, by the engine of the setup or by one that returns zero; kept. Collective."""
    key = ("QM region", radius, zero)
    if key not in test.kept:
        spec = QMSpec(
            centre=CENTRE,
            radius=radius * test.setup.nn,
            engine=named_engine(test.setup.engine),
            hessian="mm",
            cleavage=None,
        )
        model = model_round(test, np.eye(3), radius, True)
        test.kept[key] = add_qm(model, spec, (lambda cluster: zero_engine()) if zero else None)
    return test.kept[key]


def measured[T](qm: QM, measure: Callable[[Evaluation], T]) -> T | None:
    """What the computing rank measures; None on the others. Collective."""

    def there() -> T:
        assert qm.evaluation is not None
        return measure(qm.evaluation)

    return on_computing_rank(qm.comm, there)


def energy_term(qm: QM) -> QMRegion:
    """The term of a region that has an energy."""
    assert isinstance(qm.term, QMRegion)
    return qm.term
