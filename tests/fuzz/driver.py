"""Many inputs in a process that is watched: ``python -m tests.fuzz.driver 50000 --seed 7`` prints what fails.

A worker that says nothing for `SILENCE` hangs, one that is gone has crashed; either is a failure of the input it had, and the
next one goes on behind it.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.programs import ROOT, environment

CLASSICAL = ("setfl", "fs", "adp", "funcfl", "sw", "tersoff", "tersoff-mod", "edip", "uf3", "meam", "library")
FILES = (*CLASSICAL, "snap", "snapcoeff", "snapparam", "yace", "ace", "msh", "results")
KINDS = (*("set", "case") * 18, *FILES)
"""One after the other: as many of each as about balances what they cost."""
SILENCE = float(os.environ.get("QC_FUZZ_SILENCE", 30.0))
"""Seconds of the clock; an input takes some hundredth, the longest one that is built whole a few: on a busy machine a multiple."""


def failures(count: int, seed: int, kinds: tuple[str, ...] = KINDS) -> Iterator[dict[str, object]]:
    """Inputs that fail, of ``count`` from a seed on."""
    todo = [(kinds[k % len(kinds)], seed + k) for k in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        while todo:
            done, failed = _work(Path(folder), todo)
            yield from failed
            todo = todo[done:]


def _work(folder: Path, todo: list[tuple[str, int]]) -> tuple[int, list[dict[str, object]]]:
    """How many of the inputs one worker has tried, and those that failed."""
    command = [sys.executable, "-m", "tests.fuzz.worker", str(folder)]
    failed: list[dict[str, object]] = []
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment(), cwd=ROOT
    ) as worker:
        assert worker.stdin is not None
        for n, (kind, seed) in enumerate(todo):
            worker.stdin.write(f"{kind} {seed}\n".encode())
            worker.stdin.flush()
            answer = _answer(worker, SILENCE if n else 120.0)
            if not answer.startswith(b"{"):
                worker.kill()
                what = "hangs" if answer == b"" else "crashes"
                return n + 1, [*failed, {"kind": kind, "seed": seed, "good": False, "code": what, "said": ""}]
            verdict = json.loads(answer)
            if not verdict["good"]:
                failed.append(verdict)
        worker.stdin.close()
    return len(todo), failed


def _answer(worker: subprocess.Popen[bytes], patience: float) -> bytes:
    """The next line, b"" if none comes in time, b"\\n" if the worker is gone."""
    assert worker.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(worker.stdout, selectors.EVENT_READ)
        if not selector.select(patience):
            return b""
    return worker.stdout.readline() or b"\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", action="append")
    given = parser.parse_args()
    found = 0
    for failure in failures(given.count, given.seed, tuple(given.kind or KINDS)):
        found += 1
        print(json.dumps(failure, indent=1), flush=True)
    print(f"{given.count} inputs, {found} failures")
    sys.exit(found > 0)
