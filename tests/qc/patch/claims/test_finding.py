"""What theory says of each method."""

from qc.coupling.spec import METHODS
from qc.patch.claims.claims import EXPECTED


def test_all_methods_have_claims():
    assert set(EXPECTED) == set(METHODS)
