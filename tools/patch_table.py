"""Put the verdict table of a run into the documentation:  python tools/patch_table.py RECORDS.json docs/patch_tests.md

    qc patch-test --format json -o results/patch_test.json
    python tools/patch_table.py results/patch_test.json docs/patch_tests.md

What stands between the two marks of the page is replaced.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from qc.patch.report import as_markdown
from qc.patch.suite import Record

BEGIN, END = "<!-- begin patch tests -->", "<!-- end patch tests -->"


def main(source: Path, page: Path) -> None:
    """Read records, write the page."""
    records = [Record(**values) for values in json.loads(source.read_text())]
    before, rest = page.read_text().split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n\n{as_markdown(records)}\n{END}{after}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
