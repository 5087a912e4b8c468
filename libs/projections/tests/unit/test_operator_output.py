"""What the operator's commands print names the aggregate of the projector that they are of."""

import argparse
import ast
import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from chassis.stores.kafka import Brokers
from projections.cli import tool, verify
from projections.memory.generations import MemoryGenerations
from projections.spec import ProjectorSpec
from projections.verification.drift import Compared, Page, Repair, Row

CHASSIS = Path(tool.__file__).parent


class Nothing:
    """An event store and a view that hold no key."""

    async def page(
        self, after: str, limit: Any, known: Collection[str] | None = None
    ) -> Sequence[Row] | Page:
        return [] if known is None else Page({}, limit)

    async def look(self, keys: Collection[str]) -> Any:
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


def of_orders() -> ProjectorSpec:
    generations: MemoryGenerations[Any] = MemoryGenerations(pytest.fail)
    return ProjectorSpec(
        Brokers("unused:9092"),
        "order.events",
        "order-redis-projector",
        generations,
        handler=pytest.fail,  # type: ignore[arg-type] # not used
        dead_letters=pytest.fail,  # type: ignore[arg-type] # not used
        ping=generations.state,
        compared=compared,
        plural="orders",
    )


@pytest.mark.parametrize("options", [[], ["--repair"]])
async def test_verify_counts_what_the_projector_is_about(
    capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    wanted = tool._parser("order-redis-projector").parse_args(["verify", *options])
    assert await wanted.run(of_orders(), wanted) == 0
    told = capsys.readouterr().out
    assert "0 orders; drift: none" in told
    assert "user" not in told


async def test_verify_says_so_while_it_runs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "TELL", -1.0)
    wanted = tool._parser("order-redis-projector").parse_args(["verify"])
    await wanted.run(of_orders(), wanted)
    assert re.search(r"0 orders, [\d,]+ a second, until", capsys.readouterr().out)


def printed_help() -> str:
    parser = tool._parser("order-redis-projector")
    (commands,) = (
        action for action in parser._actions if isinstance(action, argparse._SubParsersAction)
    )
    named: Mapping[str, argparse.ArgumentParser] = commands.choices
    return "\n".join([parser.format_help(), *(one.format_help() for one in named.values())])


def texts(file: Path) -> set[str]:
    """The string literals of a module, without what stands as a statement: docstrings."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    docs = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    literals = [node for node in nodes if isinstance(node, ast.Constant) and id(node) not in docs]
    return {node.value for node in literals if isinstance(node.value, str)}


def test_no_text_of_the_chassis_names_an_aggregate() -> None:
    assert "user" not in printed_help().lower()
    for file in [*CHASSIS.glob("operator_*.py"), *CHASSIS.glob("rebuild*.py")]:
        assert not [text for text in texts(file) if re.search(r"\busers?\b", text)], file.name
