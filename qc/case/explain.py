"""Plain English for what the validation of a case file finds."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

Keys = Mapping[str, Mapping[str, str]]
"""What is allowed for each key of each table; completes "it must be ..."."""


def explain(errors: Sequence[Any], data: Mapping[str, Any], keys: Keys, where: str, overridden: Collection[str]) -> str:
    """One sentence for the first error, and how many more there are.

    Parameters
    ----------
    errors : sequence of dict
        As pydantic gives them.
    data : dict
        What was validated.
    keys : dict
        Allowed values by table and key.
    where : str
        Name of the case file, may be empty.
    overridden : collection of str
        Keys set on the command line.
    """
    # a misspelt key is also a missing one: the unknown key says more
    ranked = sorted(errors, key=lambda e: e["type"] != "extra_forbidden")
    found = {_path(e["loc"], data, e["type"]): e for e in reversed(ranked)}  # one a key, of a union's errors the first
    first = _path(ranked[0]["loc"], data, ranked[0]["type"])
    sentence = _sentence(found[first], first, data, keys)
    source = _source(found[first], ".".join(first), where, overridden)
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return f"{source}: {sentence}{more}" if source else sentence + more


def _source(error: Any, key: str, where: str, overridden: Collection[str]) -> str:
    """Where the value comes from that is wrong."""
    if error["type"] == "value_error":  # a disagreement of several keys
        return f"{where} with --set" if overridden else where
    given = re.sub(r"\[\d+\].*", "", key)  # of a list of tables: all of it is set at once
    return "--set" if any(k == given or k.startswith(key + ".") for k in overridden) else where


def toml_text(value: Any) -> str:
    """A value as it would be written in a case file, shortened."""
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
    elif isinstance(value, list | tuple):
        text = f"[{', '.join(toml_text(v) for v in value)}]"
    elif isinstance(value, Mapping):
        text = f"{{{', '.join(f'{k} = {toml_text(v)}' for k, v in value.items())}}}"
    else:
        try:
            text = str(value)
        except ValueError:  # Python writes no more than some thousand digits
            text = hex(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _path(loc: Sequence[Any], data: Any, kind: str) -> tuple[str, ...]:
    """The key that an error is about: its location as far as it follows the tables of the file, of a list of tables with their number."""
    path: list[str] = []
    for part in loc:
        if isinstance(data, list | tuple) and isinstance(part, int) and part < len(data) and isinstance(data[part], Mapping):
            path.append(f"{path.pop()}[{part}]")
            data = data[part]
            continue
        if not isinstance(data, Mapping):
            break
        if part not in data:
            return (*path, str(part)) if kind == "missing" else tuple(path)
        path.append(str(part))
        data = data[part]
    return tuple(path)


def _sentence(error: Any, path: tuple[str, ...], data: Mapping[str, Any], keys: Keys) -> str:
    kind, key = error["type"], ".".join(path)
    if kind == "value_error":  # of our own checks, which say it all
        return str(error["ctx"]["error"])
    if kind == "extra_forbidden":
        return _unknown(path, keys)
    table = path[0] if path else ""
    owner = path[1].partition("[")[0] if len(path) > 1 else ""
    allowed = keys.get(table, {}).get(owner, "")
    subject = f"{table}.{owner}" if len(path) > 2 else "it"
    if kind == "missing" and not isinstance(error["loc"][-1], int):  # not one number of a list
        if len(path) == 1:
            return f"table [{table}] is missing: its keys are {_listed(keys[table])}"
        return f"{key} is missing: {subject} must be {allowed}"
    value = _follow(path, data)
    if len(path) == 1:
        return f"{table} = {toml_text(value)} is not allowed: it must be a table [{table}]"
    hint = ""
    if isinstance(value, str) and "number" in allowed and re.match(r"\s*[-+.]?\d", value):
        hint = f", {'lengths are plain numbers in A' if ' in A' in allowed else 'written'} without quotes and unit"
    return f"{key} = {toml_text(value)} is not allowed: {subject} must be {allowed}{hint}"


def _unknown(path: tuple[str, ...], keys: Keys) -> str:
    """Did you mean ...?"""
    if len(path) == 1:
        close = difflib.get_close_matches(path[0], keys, n=1)
        meant = f"did you mean [{close[0]}]?" if close else f"it must be one of {_listed(keys)}"
        elsewhere = [f"{table}.{path[0]}" for table in keys if path[0] in keys[table]]
        if elsewhere and not close:
            meant = f"did you mean {elsewhere[0]}?"
        return f"{path[0]} is not a known table: {meant}"
    if len(path) > 2:
        owner = path[1].partition("[")[0]
        return f"{'.'.join(path)} is not a known key: {path[0]}.{owner} must be {keys[path[0]][owner]}"
    table, key = path[0], path[-1]
    close = difflib.get_close_matches(key, keys[table], n=1)
    everywhere = {f"{t}.{k}": k for t in keys for k in keys[t]}
    elsewhere = [full for full, k in everywhere.items() if k.lower() == key.lower()]
    if close and not elsewhere:
        meant = f"did you mean {table}.{close[0]}?"
    elif elsewhere:
        meant = f"did you mean {elsewhere[0]}?"
    else:
        meant = f"[{table}] may have {_listed(keys[table])}"
    return f"{'.'.join(path)} is not a known key: {meant}"


def _listed(names: Any) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else str(last)


def _follow(path: tuple[str, ...], data: Any) -> Any:
    for part in path:
        name, _, number = part.rstrip("]").partition("[")
        data = data[name]
        data = data[int(number)] if number else data
    return data
