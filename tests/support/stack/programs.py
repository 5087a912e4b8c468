"""The programs of users, and of each aggregate that `make new-aggregate` has added."""

from importlib import import_module
from typing import Any

from local_stack.layout import AGGREGATES

PREFIXES = ("", *(f"{aggregate.name}-" for aggregate in AGGREGATES))
"""Prefix of program names; empty for those of users."""


def every(*programs: str) -> list[str]:
    """Return the programs of every aggregate that correspond to these."""
    return [prefix + program for prefix in PREFIXES for program in programs]


def module(program: str, name: str) -> Any:
    return import_module(f"{program.replace('-', '_')}.{name}")
