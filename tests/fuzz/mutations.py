"""Broken files from whole ones, by a seed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from qc.case.case import TABLES

NUMBER = re.compile(rb"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?")
NUMBERS = b"0 -0.0 -1 1 2.5 nan inf -inf 1e308 -1e308 1e-308 4.9e-324 1e12 99999999999999999999 1e400 0x1p3 1.0D00 ++1 1_0".split()
SCRAPS = [
    b"\x00", b"\xff\xfe", "\u202eabc".encode(), b"\x1b[2J", b"\r", b"\n\n", b'"', b"'''", b"[", b"]", b"{", b"[[", b"#", b"=", b" ",
    b"UNITS: real", b"\xef\xbb\xbf", b"9" * 5000, b"[" * 3000, b"a" * 300, b"../", b"/dev/zero", b"%s%n", b"$(id)", b"\x1f\x8b",
]  # fmt: skip
VALUES = [
    "0", "-1", "1", "3", "1e308", "1e-308", "nan", "inf", "true", "false", '""', '"auto"', '"iron"', "[]", "[1]", "[1, 1, 0]",
    "[0, 0, 0]", "[0, 0, 1]", "[1, 2.5]", "[1e9, -7, 3]", "[9223372036854775808, 1, 0]", "{}", "{a = 1}", "1979-05-27", '"\\u202e"',
    "99999999999999999999", '"' + "x" * 300 + '"', "2.5", "7", "12.5", "100", "1e5", "1e7", "0.01", '"/dev/zero"', '"."', '"mumps"',
    '"bqcf"', "[[1], [2]]", "1e400",
]  # fmt: skip
KEYS = sorted(f"{name}.{key}" for name, table in TABLES.items() for key in table.model_fields)


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Some bytes, lines and numbers of a file changed, lost, doubled or put in."""
    for _ in range(rng.choice((1, 1, 1, 1, 2, 5))):
        data = rng.choice(CHANGES)(data, rng)
    return data


def _number(data: bytes, rng: random.Random) -> bytes:
    places = list(NUMBER.finditer(data[: 1 << 14])) or list(NUMBER.finditer(data))
    if not places:
        return data
    place = rng.choice(places)
    return data[: place.start()] + rng.choice(NUMBERS) + data[place.end() :]


def _scrap(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(SCRAPS) + data[at:]


def _bit(data: bytes, rng: random.Random) -> bytes:
    if not data:
        return data
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def _lost(data: bytes, rng: random.Random) -> bytes:
    a, b = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    return data[:a] + data[min(b, a + rng.choice((1, 20, 10**9))) :]


def _doubled(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    a, b = sorted(rng.randrange(len(lines) + 1) for _ in range(2))
    return b"".join(lines[:b] + lines[a:])


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _swapped(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    rng.shuffle(lines)
    return b"".join(lines)


CHANGES: list[Callable[[bytes, random.Random], bytes]] = [_number] * 6 + [_scrap, _scrap, _bit, _lost, _doubled, _cut, _swapped]


def setting(rng: random.Random) -> str:
    """A word for --set."""
    key = rng.choice([*KEYS, "model", "model.", ".x", "a.b.c.d", "__class__.x", "model.core_radius.x"])
    return f"{key}={rng.choice(VALUES)}"


def settings_in(text: str, rng: random.Random) -> str:
    """A case file with some of its keys changed, or further ones."""
    lines = text.splitlines()
    for _ in range(rng.choice((1, 1, 1, 2))):
        table, _, key = rng.choice(KEYS).partition(".")
        value = rng.choice(VALUES)
        if f"[{table}]" in lines:
            lines.insert(lines.index(f"[{table}]") + 1, f"{key} = {value}")
            lines = [line for k, line in enumerate(lines) if not line.startswith(f"{key} =") or k == lines.index(f"[{table}]") + 1]
        else:
            lines += [f"[{table}]", f"{key} = {value}"]
    return "\n".join(lines) + "\n"
