"""Potentials of other codes' reference cases, loaded once for all tests of the room."""

import pytest

from atomistics import load_potential

FILES = {"Cu": "Cu_mishin1.eam.alloy", "Fe": "Fe_mm.eam.fs", "W": "W_zhou.eam.alloy"}


@pytest.fixture(scope="module")
def potentials():
    return {el: load_potential(name, elements=[el]) for el, name in FILES.items()}
