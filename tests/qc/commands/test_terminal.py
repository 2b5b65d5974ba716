"""What a run shows: a bar on rank 0, lines as they are."""

from mpi4py import MPI

from qc.commands.terminal import progress, tell


def test_lines_are_printed_as_they_are(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    lines = ["plane [1 -1 0], front [bold]", "a line that is longer than the terminal is wide"]
    tell(lines)
    assert capsys.readouterr().out.splitlines() == lines


def test_the_bar_says_where_it_is(capsys):
    with progress(MPI.COMM_SELF, "bonds", 6, done=1) as show:
        show(3, "K = 1.2000 K_G")
    told = capsys.readouterr()
    assert told.out == ""
    assert "K = 1.2000 K_G" in told.err
    assert "3/6" in told.err


class Rank1:
    """Stand-in for the communicator of another rank."""

    rank = 1


def test_other_ranks_show_nothing(capsys):
    with progress(Rank1(), "bonds", 6) as show:
        show(3, "K = 1.2000 K_G")
    assert capsys.readouterr() == ("", "")
