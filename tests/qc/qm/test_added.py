"""What each further QM atom adds to the energy converges to W_QM - W_MM: nothing is counted twice, nothing is lost."""

import numpy as np
import pytest

from atomistics import Crystal, load_potential
from qc.qm.added import added, bond_centred, engine_share, per_atom, potential_share, uncapped
from qc.qm.direct import null_engine, zero_engine
from qc.qm.engine.spec import EngineSpec
from qc.qm.evaluation import Evaluation

F = np.diag([1.01, 1.0, 1.0])
RADII = (6.0, 7.0, 8.0, 10.0, 12.0, 14.0)


@pytest.fixture(scope="module")
def silicon():
    potential = load_potential("stillinger-weber")
    return Crystal.diamond("Si").resolved(potential), potential


def corrections(silicon, engine):
    crystal, potential = silicon
    out = []
    for radius in RADII:
        capped = bond_centred(crystal, radius)
        c = uncapped(capped)
        out.append(added(Evaluation(c, engine(c), potential, crystal.nearest_neighbour_distance), F, len(capped.link)))
    return out


def test_added_atoms_converge_to_the_difference_of_the_crystals(silicon):
    """Holland and Marder's silicon in that of Stillinger and Weber: W's exact, clusters to 738 atoms with free surfaces."""
    crystal, potential = silicon
    other = load_potential("holland-marder")
    expected = potential_share(crystal, other, F) - potential_share(crystal, potential, F)
    assert expected == pytest.approx(3.0531e-4, rel=1e-3)
    found = corrections(silicon, lambda c: null_engine(other, c))
    assert (found[0].formula, found[-1].atoms) == ("Si44", 738)
    off = [abs(per_atom(found[k : k + 3])[0] / expected - 1) for k in range(len(found) - 2)]
    assert max(off) < 0.07
    assert off[-1] < 0.01
    plain = [c.correction / c.atoms / expected for c in found]
    assert plain == sorted(plain)  # the seam's share falls with the size
    assert 0.7 < plain[-1] < 1.0


def test_the_same_potential_adds_nothing_and_zero_takes_it_all_away(silicon):
    crystal, potential = silicon
    assert all(abs(c.correction) < 1e-10 for c in corrections(silicon, lambda c: null_engine(potential, c)))
    a, _ = per_atom(corrections(silicon, lambda c: zero_engine())[-3:])
    assert a == pytest.approx(-potential_share(crystal, potential, F), rel=0.01)


def test_an_engines_own_share_is_that_of_its_potential(silicon):
    """From a periodic cell with its stress, at a lattice constant where it is under pressure."""
    crystal = silicon[0].with_lattice_constant(5.5)
    engine = EngineSpec(engine="ase:tests.qc.site_engines.SW")
    assert engine_share(engine, crystal, F, 1) == pytest.approx(potential_share(crystal, silicon[1], F), rel=1e-6)
