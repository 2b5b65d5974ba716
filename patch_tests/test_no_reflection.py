"""A pulse that leaves the core does not come back: friction that rises in the handshake takes it, and the seam lets it through."""

from patch_tests import check

CLAIM = ["no reflection", "no reflection of any wavelength"]


def test_no_reflection(job):
    check(job)
