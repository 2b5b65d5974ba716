"""make house: what it counts, and that nothing beyond Python is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.house import Function, floors_in, report, rooms, sheet_of

ROOT = Path(__file__).resolve().parent.parent

TABLE = """import no_such_library
FLOORS = {"qc": ("crack", "solve", "errors.py stages.py"), "fem": ("mesh",), "atomistics": ("potentials", "kernels")}
"""
TIP = '''"""The tip."""

from ..solve import newton


class Tip:
    def __init__(self, a, /, b, *more, c=1, **rest):
        """A tip."""
        self.a = a

    @staticmethod
    def of(a):
        def inner(x, y):
            return x

        return inner
'''
HOUSE = {
    "tests/test_import_rule.py": TABLE,
    "qc/crack/__init__.py": '"""A crack."""\n',
    "qc/crack/tip.py": TIP,
    "qc/solve/newton.py": "from ..crack.tip import Tip\n",
    "qc/attic.py": "",
    "fem/mesh/domain.py": "def mesh(points, cells): return points\n",
    "atomistics/kernels/pair.py": "def loop(a, b, c, d, e, f, g, h):\n" + "    a += b\n" * 90,
}


@pytest.fixture
def house(tmp_path):
    for file, text in HOUSE.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    return tmp_path


def test_a_file_is_counted_by_its_functions_and_classes(house):
    sheet = sheet_of(house / "qc/crack/tip.py")
    assert sheet.lines == 16
    assert sheet.classes == {"Tip": 11}
    assert sheet.functions == [Function("Tip.__init__", 3, 5), Function("Tip.of", 5, 1), Function("Tip.of.inner", 2, 2)]


def test_floors_are_read_without_importing_the_test(house):
    heights = rooms(floors_in(house / "tests/test_import_rule.py"))
    qc = ["qc/crack", "qc/solve", "qc/errors.py", "qc/stages.py"]
    assert list(heights) == [*qc, "fem/mesh", "atomistics/potentials", "atomistics/kernels"]
    assert list(heights.values()) == [6, 5, 4, 4, 3, 2, 1]
    with pytest.raises(ValueError, match="no table FLOORS"):
        floors_in(house / "qc/crack/tip.py")


def test_the_report_has_rooms_largest_and_arrows(house):
    lines = list(report(house, floors_in(house / "tests/test_import_rule.py")))
    # floor, room, files, flat files, lines, functions, classes
    assert lines[1].split() == ["6", "qc/crack/", "2", "1", "17", "3", "1"]
    assert ["?", "qc:", "no", "floor", "1", "0", "0", "0"] in [line.split() for line in lines]
    assert ["qc,", "all", "4", "1", "18", "3", "1"] in [line.split() for line in lines]

    def first(title: str) -> str:
        return lines[next(i for i, line in enumerate(lines) if line.startswith(f"largest {title}")) + 1]

    assert first("files").split() == ["91", "atomistics/kernels/pair.py"]
    assert first("functions by lines").split() == ["5", "qc/crack/tip.py", "Tip.of"]
    assert first("functions by parameters").split() == ["5", "qc/crack/tip.py", "Tip.__init__"]
    assert first("classes").split() == ["11", "qc/crack/tip.py", "Tip"]
    assert first("rooms").split() == ["1", "atomistics/kernels"]
    assert "imports that go up: 2" in lines
    assert "    qc/solve/newton.py imports qc/crack/tip.py: qc/crack lies above qc/solve" in lines
    assert lines[-1].startswith("circle: qc/")


def test_the_tool_runs_alone(house):
    command = [sys.executable, "-I", "-S", str(ROOT / "tools/house.py"), str(house)]
    run = subprocess.run(command, cwd=house, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    assert "imports that go up: 2" in run.stdout
