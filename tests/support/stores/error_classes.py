"""A driver's error classes, by introspection, and their classification."""

import importlib

from chassis.stores.errors.failure import Failure


def classes(module: str) -> set[type[Exception]]:
    """Return the exception classes that a driver's module defines itself."""
    found = vars(importlib.import_module(module)).values()
    return {
        one
        for one in found
        if isinstance(one, type)
        and issubclass(one, Exception)
        and not issubclass(one, Warning)
        and one.__module__.partition(".")[0] == module.partition(".")[0]
    }


def is_retried(failure: Failure | None) -> bool:
    assert failure is not None
    return failure.is_transient
