"""What theory says of each method."""

from qc.coupling.spec import METHODS, Method
from qc.patch.claims.finding import AT_REFERENCE, BASELINE, DECAY, EXACT, expected_ghost_force


def test_what_theory_says_of_each_method():
    assert {name: expected_ghost_force(method) for name, method in METHODS.items()} == {
        "atomistic": EXACT,
        "continuum": EXACT,
        "qce": BASELINE,
        "bqce": f"{BASELINE}, {DECAY}",
        "bgfc": AT_REFERENCE,
        "bqcf": EXACT,
        "bgrac": EXACT,
    }


def test_a_new_method_is_judged_by_its_facts():
    assert expected_ghost_force(Method(name="new", handshake=True)) == f"{BASELINE}, {DECAY}"
