"""The words of the command line; the only room that imports late."""

from .app import main

__all__ = ["main"]
