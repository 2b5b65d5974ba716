"""The verdict on a claim, as JSON has it."""

from qc.patch.record import Record


def test_numbers_that_are_not_finite_become_null():
    r = Record(
        method="qce",
        reference=None,
        crystal="c",
        potential="p",
        dimension=2,
        mesh="m",
        deformation=[[1.0]],
        ranks=1,
        claim="claim",
        ghost_force_max=float("nan"),
        ghost_force_l2=float("inf"),
        energy_error_per_atom=None,
        tolerance=1.0,
        expected="e",
        verdict="fail",
        seconds=0.1,
    )
    assert (r.plain()["ghost_force_max"], r.plain()["ghost_force_l2"], r.plain()["tolerance"]) == (None, None, 1.0)
