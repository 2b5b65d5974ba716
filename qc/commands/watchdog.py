"""The program beside a command: it answers a signal at once, and ends the command if that takes too long.

Python looks at signals between two of its own instructions only, and PETSc keeps the interpreter while it factors: neither
a handler nor a thread would get to speak. So `qc.commands.guard` has each signal written to a pipe by the C code of
the interpreter, and another process reads it. Run as a file, it imports nothing of ours.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import time

ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
"""Signals that ask to stop: of a terminal, of batch systems, of SLURM before its time limit."""
PATIENCE = 8.0
"""Seconds from the first signal to the end of the command, whatever it does."""
COURTESY = 0.3
"""Seconds that the others leave to the one who speaks: a launcher that sees a rank end kills all at once."""
BETWEEN = 2.0
"""Seconds that a command has to exit, before it is killed."""
TWICE = 1.0
"""Seconds within which signals count as one: a launcher passes on what its ranks have had from the batch system already."""
FINISHES, ENDS = b"F", b"E"
"""Written to the pipe by the command: from now on it finishes what it is at, or it has nothing to finish. No signal has these numbers."""
DONE, SPOKEN = b"D", b"S"
"""Written last: the command ends in good order, or it has said itself why it ends all ranks."""
LINGERS = 3.0
"""Seconds for which the last word stays taken while a launcher ends the other ranks."""
ENDING = signal.SIGQUIT
"""Ends the command: the number is its exit code (`qc.commands.guard`)."""
SHOW_CURSOR = b"\x1b[?25h\n"
"""A bar hides it."""
ON_DISK = "what was finished before is on disk, --resume goes on from there"


class Watchdog:
    """Reads signals of a command from a pipe.

    Parameters
    ----------
    pipe : int
        File descriptor: a byte is a signal's number, or `FINISHES`, or `ENDS`; it closes when the command ends.
    command : int
        Process to end.
    speaks : bool
        Whether this is the rank that speaks.
    patience : float
        As `PATIENCE`.
    who : str
        What a sentence on the command's sudden end calls it.
    job : str
        A name that the watchdogs of all ranks share, so that one of those on a machine has the last word; "" on one rank.
    """

    def __init__(self, pipe: int, command: int, speaks: bool, patience: float, who: str, job: str) -> None:
        self._pipe, self._command, self._speaks, self._patience = pipe, command, speaks, patience
        self._who, self._job = who, job
        self._finishes, self._spoken = False, False
        self._first: float | None = None
        self._word: socket.socket | None = None

    def watch(self) -> None:
        """Until the command ends, or has to."""
        while True:
            left = None if self._first is None else max(0.0, self._first + self._patience - time.monotonic())
            if not select.select([self._pipe], [], [], left)[0]:
                return self._end(f"not finished {self._patience:g} s after the signal: ended; {ON_DISK}")
            data = os.read(self._pipe, 4096)
            if not data:
                return self._gone()
            for number in data:
                if number == DONE[0]:
                    return self._release()
                if number == SPOKEN[0]:
                    self._has_last_word()
                    self._spoken = True
                if number in (FINISHES[0], ENDS[0]):
                    self._finishes = number == FINISHES[0]
                elif number in ASKING and (sentence := self._answer(signal.Signals(number).name)) is not None:
                    return self._end(sentence)

    def _answer(self, name: str) -> str | None:
        """What to say at the end if a signal ends the command at once; None if it does not."""
        if self._first is not None:
            if time.monotonic() - self._first < TWICE:
                return None
            return f"{name} again: ended at once; {ON_DISK}"
        if not self._finishes:
            return f"{name}: ended at once, there was nothing to finish"
        if self._others_end:
            return ""
        self._first = time.monotonic()
        if self._speaks:
            self._write(f"{name}: finishing this Newton step, then saving; again to stop now", last=False)
        return None

    @property
    def _others_end(self) -> bool:
        """Whether another rank here has had the last word: the signal is the launcher's, and no step can be finished without that rank."""
        if self._word is not None or not self._job:
            return False
        free = self._has_last_word()
        self._release()
        return not free

    def _release(self) -> None:
        """Nobody is ended by this: the word is free, and nothing to wait for."""
        if self._word is not None:
            self._word.close()
            self._word = None

    def _gone(self) -> None:
        """The command has ended without a word, and can no longer say so itself."""
        if not self._spoken and self._has_last_word():
            kept = f"; {ON_DISK}" if self._finishes else ""
            self._write(f"{self._who} ended without a word: killed, out of memory, or by an exit in a library{kept}")

    def _has_last_word(self) -> bool:
        """Whether no watchdog of another rank here has said why all end; the name of a socket is free again when its process ends."""
        if self._word is None and self._job:
            word = socket.socket(socket.AF_UNIX)
            try:
                word.bind(f"\0{self._job}")  # a name in no file system, as Linux has it
            except OSError:
                word.close()
                return False
            self._word = word
        return True

    def _end(self, sentence: str) -> None:
        if self._speaks and self._has_last_word():
            self._write(sentence)
        elif not self._speaks:
            time.sleep(COURTESY)
        for blow in (ENDING, signal.SIGKILL):
            try:
                os.kill(self._command, blow)
            except ProcessLookupError:
                return
            if self._closes(time.monotonic() + BETWEEN):
                return

    def _closes(self, deadline: float) -> bool:
        """Whether the command is gone by then; signals that still come do not matter."""
        while select.select([self._pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
            if not os.read(self._pipe, 4096):
                return True
        return False

    def _write(self, sentence: str, last: bool = True) -> None:
        os.write(2, f"\nqc: {sentence}\n".encode())
        if last and os.isatty(2):
            os.write(2, SHOW_CURSOR)

    def linger(self) -> None:
        """Keep the last word until the other ranks have ended, and keep no launcher waiting for more of it."""
        if self._word is not None:
            os.close(2)
            time.sleep(LINGERS)


if __name__ == "__main__":
    for number in ASKING:  # they are for the command
        signal.signal(number, signal.SIG_IGN)
    dog = Watchdog(0, int(sys.argv[1]), sys.argv[2] == "speaks", float(sys.argv[3]), sys.argv[4], sys.argv[5])
    dog.watch()
    dog.linger()
