"""Facts about methods: what theory says of each, and no comparison of names besides."""

import ast
from pathlib import Path

import numpy as np
import pytest

from qc.coupling.spec import METHODS, ModelSpec
from qc.unknowns.regions import Core

ROOT = Path(__file__).parents[3]
MAY_COMPARE = ("qc/coupling/spec.py", "qc/case/")
"""The table of facts, and the input model, which imports nothing of the code behind it."""


def spec(method, **changes):
    return ModelSpec(**({"method": method, "core": Core(6.0), "blend_width": 5.0, "radius": 26.0} | changes))


def test_facts():
    def those(fact):
        return [name for name, method in METHODS.items() if getattr(method, fact)]

    assert list(METHODS) == ["atomistic", "continuum", "qce", "bqce", "bgfc", "bgrac", "bqcf"]
    assert all(method.name == name for name, method in METHODS.items())
    assert those("coupled") == ["qce", "bqce", "bgfc", "bgrac", "bqcf"]
    assert those("atoms") == [name for name in METHODS if name != "continuum"]
    assert those("continuum") == [name for name in METHODS if name != "atomistic"]
    assert those("handshake") == ["bqce", "bgfc", "bgrac", "bqcf"]
    assert those("ghost_forces") == ["qce", "bqce"]
    assert (those("dead_load"), those("reconstructed"), those("forces")) == (["bgfc"], ["bgrac"], ["bqcf"])


@pytest.mark.parametrize("method", METHODS)
def test_what_a_spec_makes_of_them(method):
    """A width where there is a handshake; a dead load for BGFC, and for B-GRAC beside a slit."""
    assert spec(method).facts is METHODS[method]
    assert spec(method).width == (5.0 if METHODS[method].handshake else 0.0)
    assert spec(method, crack="strips").dead_load == (method == "bgfc")
    assert spec(method, crack="slit").dead_load == (method in ("bgfc", "bgrac"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "qcf"}, "method 'qcf' is not known: choose from atomistic, .*, bqcf"),
        ({"order": 3}, "order must be 1 or 2"),
        ({"F0": -np.eye(3)}, "positive determinant"),
        ({"stencil_compression": 0.5}, "stencil_compression must be"),
        ({"mesh_growth": 0.6}, "mesh_growth must be"),
    ],
)
def test_bad_settings(changes, message):
    with pytest.raises(ValueError, match=message):
        spec(**({"method": "bgfc"} | changes))


def comparisons(source):
    """Lines that compare with names of methods, or that gather some of them to do so."""
    found = []
    for node in ast.walk(ast.parse(source)):
        parts = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
        parts += [node.pattern] if isinstance(node, ast.match_case) else []
        if isinstance(node, ast.Tuple | ast.List | ast.Set) and node.elts and all(map(is_method, node.elts)):
            found.append(node.lineno)
        names = any(is_method(leaf) for part in parts for leaf in ast.walk(part))
        if names and not is_name_of_a_term(node):
            found.append(node.lineno if isinstance(node, ast.Compare) else node.pattern.lineno)
    return sorted(set(found))


def is_method(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in METHODS


def is_name_of_a_term(node):
    """Whether it is ``"continuum" in coupling.variables(q)``: the variables of the terms by their names."""
    right = node.comparators[0] if isinstance(node, ast.Compare) else None
    return isinstance(right, ast.Call) and getattr(right.func, "attr", None) == "variables"


def test_no_method_is_told_by_its_name_elsewhere():
    files = [path for path in sorted((ROOT / "qc").rglob("*.py"))]
    files = [path for path in files if not path.relative_to(ROOT).as_posix().startswith(MAY_COMPARE)]
    assert len(files) > 90
    found = {path.relative_to(ROOT).as_posix(): comparisons(path.read_text()) for path in files}
    assert {file: lines for file, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "line",
    [
        'if spec.method == "bgfc": pass',
        'x = "bqcf" != m',
        'x = job.method in ("atomistic", "continuum")',
        'x = method == ("bgrac" if fits else "bqce")',
        'SHARP = ("qce",)',
        'match spec.method:\n    case "bgfc":\n        pass',
        'match spec.method:\n    case "bgfc" | "bgrac":\n        pass',
    ],
)
def test_the_scan_sees(line):
    assert comparisons(line)


@pytest.mark.parametrize(
    "line", ['spec = replace(spec, method="bgfc")', 'x = "continuum" in coupling.variables(q)', 'x = {"bgfc": "exact"}']
)
def test_the_scan_lets_pass(line):
    assert not comparisons(line)
