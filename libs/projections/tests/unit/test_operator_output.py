"""Output of the operator's commands names the right aggregate."""

import argparse
import ast
import re
import shlex
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from projections.cli import tool, verify
from projections.memory.generations import MemoryGenerations
from projections.verification.drift import Compared, Page, Repair, Row

CHASSIS = Path(tool.__file__).parent


class Nothing:
    """An empty event store and an empty view."""

    async def page(
        self, after: str, limit: Any, known: Collection[str] | None = None
    ) -> Sequence[Row] | Page:
        return [] if known is None else Page({}, limit)

    async def read(self, keys: Collection[str]) -> Any:
        return {}

    def content(self, change: Any) -> object:
        return change

    async def unlisted(self) -> AsyncIterator[Sequence[str]]:
        yield []

    async def apply_repairs(self, repairs: Sequence[Repair[Any]]) -> None:
        raise AssertionError(repairs)


@asynccontextmanager
async def compared(_generation: str) -> AsyncIterator[Compared[Any]]:
    nothing: Any = Nothing()
    yield Compared(nothing, dict, nothing)


def orders() -> verify.VerifiedView:
    return verify.VerifiedView("orders", MemoryGenerations(pytest.fail), compared)


def wanted(*options: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    verify.add_arguments(parser)
    return parser.parse_args(options)


@pytest.mark.parametrize("options", [[], ["--repair"]])
async def test_verify_names_the_aggregate(
    capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert await verify.verify(orders(), wanted(*options)) == 0
    output = capsys.readouterr().out
    assert "0 orders; drift: none" in output
    assert "user" not in output


async def test_verify_reports_progress(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "REPORT_EVERY", -1.0)
    await verify.verify(orders(), wanted())
    assert re.search(r"0 orders, [\d,]+ per second, up to", capsys.readouterr().out)


@pytest.mark.parametrize("words", [[], ["--repair", "--after", "a b"]])
def test_verify_of_a_projector_names_the_command_to_use_now(
    capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        tool.operate("order-redis-projector", ["verify", *words], pytest.fail, pytest.fail)  # type: ignore[type-var, arg-type] # not used
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(shlex.join(["view-verifier", "order-redis-projector", *words]))


def printed_help() -> str:
    parser = tool._parser("order-redis-projector")
    (commands,) = (
        action for action in parser._actions if isinstance(action, argparse._SubParsersAction)
    )
    named: Mapping[str, argparse.ArgumentParser] = commands.choices
    return "\n".join([parser.format_help(), *(one.format_help() for one in named.values())])


def texts(file: Path) -> set[str]:
    """Return the string literals of a module, without docstrings."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    docs = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    literals = [node for node in nodes if isinstance(node, ast.Constant) and id(node) not in docs]
    return {node.value for node in literals if isinstance(node.value, str)}


def test_no_text_of_the_chassis_names_an_aggregate() -> None:
    assert "user" not in printed_help().lower()
    for file in [*CHASSIS.glob("operator_*.py"), *CHASSIS.glob("rebuild*.py")]:
        assert not [text for text in texts(file) if re.search(r"\busers?\b", text)], file.name
