"""Which periods of a front are to advance: words of the command line as sets of periods."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import InputError

LOWEST, HIGHEST = 0.2, 4.0
"""Levels (K / K_G) beyond which no front is looked at."""

Periods = tuple[int, ...]
"""Numbers of the periods that have advanced, from 0, rising."""


def planned(front_periods: int, pairs: str | None, periods: Sequence[str]) -> list[Periods]:
    """The fronts to relax: pairs of kinks in the middle first, then exact sets, each once.

    Parameters
    ----------
    front_periods : int
    pairs : str or None
        Numbers of neighbouring periods between two kinks, as "1,2,4"; None: all, unless there are sets.
    periods : sequence of str
        Sets, as "0,1,5".
    """
    _check_room(front_periods)
    numbers = list(range(1, front_periods)) if pairs is None and not periods else _numbers("--pairs", pairs or "", 1, front_periods - 1)
    found = [middle(front_periods, n) for n in numbers]
    found += [tuple(sorted(set(_numbers("--periods", words, 0, front_periods - 1)))) for words in periods]
    return list(dict.fromkeys(found))


def middle(front_periods: int, n: int) -> Periods:
    """n neighbouring periods in the middle of a front."""
    first = (front_periods - n) // 2
    return tuple(range(first, first + n))


def check_largest(front_periods: int, largest: int) -> None:
    """Refuse more periods ahead than leave one behind."""
    _check_room(front_periods)
    if not 1 <= largest < front_periods:
        raise InputError(
            f"--largest {largest} is not allowed with model.front_periods = {front_periods}: expected 1 to {front_periods - 1}"
        )


def _check_room(front_periods: int) -> None:
    if front_periods < 2:
        raise InputError(
            f"model.front_periods = {front_periods} has no room for kinks: it must be 2 or more, as --set model.front_periods=8"
        )


def levels_of(words: str | None, start: float | str) -> list[float]:
    """Loads (K / K_G) of a list "1.0,1.1"; None: that of ``load.K_start``, which must be a number."""
    if words is None:
        if isinstance(start, str):
            raise InputError(f"load.K_start = {start!r} is not allowed for qc kinks without --levels: give it loads in K_G")
        return [float(start)]
    return list(dict.fromkeys(numbers_of("--levels", words, LOWEST, HIGHEST, "K_G")))


def numbers_of(option: str, words: str, least: float, most: float, unit: str) -> list[float]:
    """The numbers of a list "1.0,1.1", all between two bounds."""
    found = []
    for word in words.split(","):
        try:
            number = float(word)
        except ValueError:
            number = float("nan")
        if not least <= number <= most:
            expected = f"expected numbers from {least:g} to {most:g}, in {unit}"
            raise InputError(f"{option} {words[:60]}: {word.strip()[:20]!r} is not allowed, {expected}")
        found.append(number)
    return found


def _numbers(option: str, words: str, least: int, most: int) -> list[int]:
    """The numbers of a list "1,2,4"."""
    found = []
    for word in words.split(",") if words.strip() else []:
        if not word.strip().isdecimal() or not least <= int(word) <= most:
            raise InputError(f"{option} {words}: {word.strip()!r} is not allowed, expected whole numbers from {least} to {most}, as 1,2,4")
        found.append(int(word))
    if words and not found:
        raise InputError(f"{option} {words!r} has no numbers: whole numbers from {least} to {most} are expected, as 1,2,4")
    return found
