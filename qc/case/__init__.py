"""The case file."""

from .case import Case, load_case

__all__ = ["Case", "load_case"]
