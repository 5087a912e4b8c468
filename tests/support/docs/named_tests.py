"""Tests that a page names as `path::function`."""

import ast

from tests.support.docs.page import ROOT


def missing(name: str) -> str:
    """Return what is missing of a test `path::function`; empty: it exists."""
    path, _, function = name.partition("::")
    if not (ROOT / path).is_file():
        return f"no file {path}"
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    found = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    if function.partition("[")[0] not in {one.name for one in found}:
        return f"no test {function} in {path}"
    return ""
