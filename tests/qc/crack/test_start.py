"""Where a ladder starts: the judgement of a first state, the loads that are tried after one that is not trusted, the sentences."""

import json

import pytest

from qc.crack.records import StepRecord
from qc.crack.start import MOST, PATIENCE, Place, Trial, ahead, closest, judge, next_level, no_start, sides

PLACE = Place(tip=0.0, period=1.0, J_tolerance=0.05)


def state(level, tip=-0.2, J=1.0, **more):
    return StepRecord(K=level, K_over_KG=level, branch="load", tip_position=tip, J_over_G=J, **more)


@pytest.mark.parametrize(
    ("tip", "J", "more", "found"),
    [
        (-0.2, 1.0, {}, "in place"),
        (-1.0, 1.0, {}, "in place"),  # a whole period behind
        (0.0, 1.0, {}, "in place"),
        (-1.01, 1.0, {}, "healed"),
        (float("nan"), 1.0, {}, "healed"),  # no bond is open
        (0.1, 1.0, {}, "ahead"),
        (1.1, 1.0, {}, "run"),
        (-0.2, 0.94, {}, "J too small"),
        (-0.2, 1.06, {}, "J too large"),
        (-0.2, None, {}, "in place"),  # no mesh: the tip alone
        (-0.2, 1.0, {"off_plane_broken": 1}, "damaged"),
        (-0.2, 1.0, {"new_neighbours": 2}, "damaged"),
        (-0.2, 1.0, {"slip": 0.6}, "damaged"),
        (None, 0.7, {}, "unjudged"),  # no atoms
    ],
)
def test_a_first_state_is_judged_by_tip_damage_and_J(tip, J, more, found):
    trial = judge(state(1.0, tip, J, **more), PLACE)
    assert trial.found == found
    assert trial.trusted == (found in ("in place", "unjudged"))
    assert Trial.from_plain(json.loads(json.dumps(trial.plain(), allow_nan=False))) == trial


@pytest.mark.parametrize(
    ("level", "tip", "J", "period", "said"),
    [
        (0.90, -10.2, 1.24, 1.0, "healed (tip at -10.200 A, J/G 1.240)"),  # the hexagonal sheet as it was shipped, from three loads
        (1.00, -2.9, 1.00, 1.0, "healed (tip at -2.900 A, J/G 1.000)"),
        (1.20, 9.7, 0.69, 1.0, "run (tip at 9.700 A, J/G 0.690)"),
        (1.20, 6.8, None, 2.86, "run (tip at 6.800 A, no J)"),  # aluminium (111)[11-2]
        (0.80, -21.0, None, 2.86, "healed (tip at -21.000 A, no J)"),
    ],
)
def test_no_first_state_that_has_healed_or_run_passes_for_a_start(level, tip, J, period, said):
    """Each was called cleaved, its K+ the load that it began with: both numbers are told, and the load is not started from."""
    trial = judge(state(level, tip, J), Place(tip=0.0, period=period, J_tolerance=0.05))
    assert not trial.trusted
    assert trial.sentence == f"first state at K = {level:.4f} K_G: {said}"


def test_a_load_that_does_not_open_the_crack_shows_no_tip():
    place = Place(tip=0.0, period=1.0, J_tolerance=0.05, opens=False)
    assert judge(state(1.0, float("nan")), place).trusted


def search(crack, wanted=None, most=2.0, place=PLACE):
    """Levels that are tried for a crack whose first state is a function of the level, and the last trial."""
    trials = []
    while not (trials and trials[-1].trusted):
        level = next_level(trials, wanted, most, place)
        if level is None:
            break
        trials.append(judge(crack(level), place))
    return [t.K_over_KG for t in trials], trials


def weak(level):
    """A crack that lattice trapping does not hold: the tip rests where J is 2 gamma, in place near 1.04 K_G."""
    return state(level, 70.0 * (level - 1.04))


@pytest.mark.parametrize("wanted", [None, 0.5, 0.9, 1.0, 1.2, 1.9])
def test_a_start_is_found_from_any_load(wanted):
    """The given one is tried first; from above and below."""
    levels, trials = search(weak, wanted)
    assert levels[0] == (wanted or 1.0)
    assert trials[-1].found == "in place"
    assert levels[-1] == pytest.approx(1.033, abs=0.008)
    assert len(levels) <= MOST


def test_a_trapped_crack_starts_at_once():
    assert search(lambda level: state(level))[0] == [1.0]
    assert search(lambda level: state(level), 1.3)[0] == [1.3]


def test_a_tip_ahead_of_its_place_is_second_best():
    """A few lower loads are tried; `ahead` names what is taken if none of them does."""
    levels, trials = search(lambda level: state(level, 0.5), 1.3)
    assert len(levels) == PATIENCE
    assert levels[:2] == [1.3, 1.0]
    assert ahead(trials) is trials[-1]
    assert search(lambda level: state(level, 0.5 if level > 0.96 else -0.5))[1][-1].found == "in place"


def test_no_load_beyond_the_limits_is_tried():
    """K_stop from above, the core that keeps the faces apart from below."""
    levels, trials = search(lambda level: state(level, -9.0), most=1.3)
    assert max(levels) == 1.3
    assert "the crack has healed at 1.3000 K_G" in no_start(trials, PLACE)
    levels, _ = search(lambda level: state(level, 9.0), place=Place(tip=0.0, period=1.0, J_tolerance=0.05, least=0.8))
    assert min(levels) >= 0.8


def test_a_crack_that_rests_nowhere_near_is_told_in_a_sentence():
    """Healed up to a load, run beyond it: bisected until nobody would know the two apart."""
    levels, trials = search(lambda level: state(level, -3.0 if level < 1.1 else 4.0))
    assert len(levels) <= MOST
    sentence = no_start(trials, PLACE)
    assert sentence.startswith("no K+: none of ")
    assert "has healed at 1.0" in sentence
    assert "domain_radius" not in sentence
    assert closest(trials, PLACE).tip_position == -3.0


def test_a_boundary_that_is_too_near_is_named():
    """The tip is in place only where J is not the load's."""
    _, trials = search(lambda level: state(level, 70.0 * (level - 1.04), 0.92))
    assert "take a larger model.domain_radius" in no_start(trials, PLACE)
    _, trials = search(lambda level: state(level, new_neighbours=3))
    assert "dislocations" in no_start(trials, PLACE)
    trials = [judge(state(0.7, -3.0), PLACE), Trial(K_over_KG=0.8, found="slip leaves the core")]
    sentence = no_start(trials, PLACE)
    assert "has healed at 0.7000 and loses a dislocation to the handshake at 0.8000 K_G; nearest: state at K = 0.7000" in sentence
    assert sentence.endswith("a larger model.core_radius shows where it stops")
    assert next_level(trials, None, 2.0, PLACE) == pytest.approx(0.75)


def test_loads_without_a_state_are_left_behind():
    """Nickel (111)[1-10], Ni_u3: dislocations leave the core at 0.8 K_G already, and the handshake does not carry them."""

    def lost(level, when):
        return Trial(K_over_KG=level, found="no state") if when(level) else judge(state(level), PLACE)

    def tried(when, wanted=None):
        trials = []
        while not (trials and trials[-1].trusted) and (level := next_level(trials, wanted, 2.0, PLACE)) is not None:
            trials.append(lost(level, when))
        return [t.K_over_KG for t in trials]

    assert tried(lambda level: level > 0.8)[-1] == pytest.approx(0.7215, abs=1e-3)
    assert tried(lambda level: level < 0.7, 0.5) == [0.5, 1.0]
    above = tried(lambda level: level < 1.2)
    assert 1.2 < above[-1] <= 2.0
    assert len(above) <= MOST
    nowhere = tried(lambda level: True)
    assert 0.2 <= min(nowhere) < 0.5 < 1.9 < max(nowhere)
    assert len(nowhere) <= MOST


def test_a_state_to_show_is_looked_for_below_loads_that_have_none():
    """Nickel (110)[1-10], Ni_u3: the crack closes for hundreds of A up to the load at which it emits."""

    def crack(level):
        if level < 0.75:
            return judge(state(level, float("nan")), PLACE)
        return Trial(K_over_KG=level, found="closes" if level < 0.876 else "slip leaves the core")

    trials = []
    while (level := next_level(trials, None, 2.0, PLACE)) is not None:
        trials.append(crack(level))
    assert len(trials) <= MOST
    low, high = sides(trials)
    assert (low.found, high.found) == ("closes", "slip leaves the core")
    assert low.K_over_KG < 0.876 < high.K_over_KG < low.K_over_KG + 0.003
    assert closest(trials, PLACE).found == "healed"
    assert "the crack closes far behind its tip at 0.87" in no_start(trials, PLACE)


def test_a_load_without_a_state_is_beyond_those_that_have_one():
    def crack(level):
        return Trial(K_over_KG=level, found="no state") if level > 1.1 else judge(state(level, -3.0), PLACE)

    trials = []
    while (level := next_level(trials, None, 2.0, PLACE)) is not None:
        trials.append(crack(level))
    assert {t.found for t in trials} == {"healed", "no state"}
    assert max(t.K_over_KG for t in trials if t.found == "healed") == pytest.approx(1.1, abs=0.003)

