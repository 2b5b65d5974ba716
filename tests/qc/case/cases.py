"""Texts of case files, and the sentence that refuses one."""

from __future__ import annotations

import pytest

from qc.case.case import load_case
from qc.errors import InputError

IRON = """
[crystal]
structure = "bcc"
element = "Fe"
[potential]
file = "Fe_mm.eam.fs"
[model]
core_radius = 40
domain_radius = 400.0
[crack]
plane = [1, 1, 0]
front = [0, 0, 1]
"""
SHEET_TABLES = """
[crystal]
structure = "hexagonal"
element = "X"
[potential]
file = "morse"
parameters = {D = 1, alpha = 4.0, r0 = 1.0}
[model]
dimension = 2
core_radius = 12
domain_radius = 60
"""
SILICON = """
[crystal]
structure = "diamond"
element = "Si"
[potential]
file = "holland-marder"
[model]
core_radius = 40.0
domain_radius = 500.0
[crack]
plane = [1, 1, 1]
front = [1, -1, 0]
"""


def refusal(path, *overrides):
    """The sentence with which a case is refused."""
    with pytest.raises(InputError) as caught:
        load_case(path, overrides)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert "pydantic" not in sentence
    return sentence
