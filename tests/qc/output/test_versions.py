"""Versions of what a result depends on."""

import json

from qc.output.versions import versions


def test_versions_name_what_the_result_depends_on():
    found = versions()
    assert {"python", "numpy", "ase", "numba", "matscipy"} <= found.keys()
    assert all(isinstance(v, str) and v for v in found.values())
    json.dumps(found)
