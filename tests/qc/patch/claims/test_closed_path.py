"""Work and energy round a closed path."""

import numpy as np
import pytest

from qc.patch.claims.closed_path import path_errors


def test_the_path_itself():
    """Work of a field with a known energy, and of one without."""
    t = 2 * np.pi * np.arange(12) / 12
    E = 3.0 * np.cos(t) + np.sin(2 * t)
    power = -3.0 * np.sin(t) + 2 * np.cos(2 * t)
    assert max(path_errors(E, power)) < 1e-12
    assert path_errors(E, power + 0.1)[1] == pytest.approx(0.2 * np.pi)
    assert path_errors(E, 1.1 * power)[0] > 0.1
