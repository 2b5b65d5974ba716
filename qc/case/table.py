"""What every table of the case file shares: strictness, and keys that know what they allow."""

from __future__ import annotations

from functools import partial
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

LONGEST = 1e7
"""Lengths go up to a millimetre, A: beyond, rounding of positions shows in the strains of the tip."""
LENGTH = "a plain number > 0 in A, at most 1e7"
HIGHEST = 1000.0
LEVEL = "a number > 0, at most 1000"
MOST = 1_000_000
COUNT = "a whole number from 1 to 1000000"


def key(default: Any, allowed: str, description: str, **limits: Any) -> Any:
    """A key of the case file; ``allowed`` completes "it must be ..."."""
    return Field(default, description=description, json_schema_extra={"allowed": allowed}, **limits)


required = partial(key, ...)


class Table(BaseModel):
    """A table of the case file: no unknown keys, no conversions (whole numbers pass as numbers), no inf or nan."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _lists_are_tuples(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
