"""Lists that grow in a file that grows."""

import json
from dataclasses import asdict, dataclass

import pytest

from qc.output.journal import Journal, read_journal
from qc.output.sealed import Damage


@dataclass
class Number:
    n: int

    def plain(self):
        return asdict(self)


def plain(lists):
    return {name: [entry.plain() for entry in entries] for name, entries in lists.items() if entries}


def some(*numbers):
    return [Number(n) for n in numbers]


def test_what_is_taken_back_is_told_and_older_parts_stay(tmp_path):
    """A checkpoint rests on a part of the file, also one before steps were taken back."""
    path, lists = tmp_path / "steps.jsonl", {"steps": some(1, 2, 3), "events": some(7)}
    journal = Journal(path)
    journal.sync(lists)
    before, marked = plain(lists), journal.mark
    del lists["steps"][1:]
    lists["steps"] += some(20, 30)
    lists["events"].clear()
    journal.sync(lists)
    assert {name: e for name, e in read_journal(path, journal.mark).items() if e} == plain(lists)
    assert read_journal(path, marked) == before


def test_plain_data_needs_no_words_of_its_own(tmp_path):
    path, loads = tmp_path / "steps.jsonl", [{"K": 1.0, "bonds": [{"x": 0.5}]}]
    journal = Journal(path)
    journal.sync({"loads": loads})
    assert read_journal(path, journal.mark) == {"loads": loads}


def test_only_what_is_new_is_written(tmp_path):
    path, steps = tmp_path / "steps.jsonl", []
    journal = Journal(path)
    for n in range(50):
        steps += some(n)
        size = path.stat().st_size
        journal.sync({"steps": steps})
        assert path.stat().st_size - size == len(json.dumps({"steps": {"n": n}})) + 1


def test_going_on_cuts_what_is_behind_the_checkpoint(tmp_path):
    path, steps = tmp_path / "steps.jsonl", some(1, 2)
    journal = Journal(path)
    journal.sync({"steps": steps})
    mark = journal.mark
    journal.sync({"steps": [*steps, *some(3)]})
    path.write_bytes(path.read_bytes() + b'{"steps": {"n"')  # a kill in the middle of a line
    again = Journal(path, mark, {"steps": steps})
    steps += some(4)
    again.sync({"steps": steps})
    assert read_journal(path, again.mark) == {"steps": [{"n": 1}, {"n": 2}, {"n": 4}]}


@pytest.mark.parametrize("harm", ["changed", "cut", "gone", "a folder"])
def test_damage_is_told(tmp_path, harm):
    path = tmp_path / "steps.jsonl"
    journal = Journal(path)
    journal.sync({"steps": some(1, 2)})
    data = path.read_bytes()
    path.unlink()
    if harm == "a folder":
        path.mkdir()
    elif harm != "gone":
        path.write_bytes(data.replace(b"2", b"3") if harm == "changed" else data[:-1])
    with pytest.raises(Damage, match=r"rests on steps.jsonl, which"):
        read_journal(path, journal.mark)
