"""Records as a table and as JUnit: what failed is said."""

import json
from xml.etree import ElementTree as ET

from qc.patch import report as patch_report
from tests.qc.commands.test_patch import BAD, RECORD


def test_reports_of_what_failed():
    """A failure stands out in every format, and numbers that are none are null."""
    records = [RECORD, BAD]
    assert [r["ghost_force_max"] for r in json.loads(patch_report.as_json(records))] == [1e-13, None]
    table = patch_report.as_table(records)
    assert "FAIL" in table
    assert "1 NOT as theory says" in table
    assert "why" in table
    case = ET.fromstring(patch_report.as_junit(records)).findall("testsuite/testcase")[1]
    assert "expected exact at the reference" in case.find("failure").get("message")
    assert "**nan FAILS**" in patch_report.as_markdown(records)
