"""The slowest tests of several pytest runs:  python tools/slowest.py results/tests [20]

Reads the ``*.xml`` files that ``pytest --junit-xml`` wrote into the folder; the name of a file is that of the run.
"""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree as ET


def cases(folder: Path) -> list[tuple[float, str, str]]:
    """(seconds, run, test) of every test that ran, the slowest first."""
    found = []
    for path in sorted(folder.glob("*.xml")):
        for case in ET.parse(path).iter("testcase"):
            if case.find("skipped") is None:
                found.append((float(case.get("time", 0)), path.stem, f"{case.get('classname')}::{case.get('name')}"))
    return sorted(found, reverse=True)


def main(folder: Path, count: int = 20) -> None:
    """Print a line a run and a line a test."""
    found = cases(folder)
    for run in sorted({run for _, run, _ in found}):
        seconds = [s for s, r, _ in found if r == run]
        print(f"{run}: {len(seconds)} tests, {sum(seconds) / 60:.1f} minutes, one after another")
    print(f"slowest {min(count, len(found))} tests:")
    for seconds, run, test in found[:count]:
        print(f"{seconds:7.1f} s  {run:10}  {test}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
