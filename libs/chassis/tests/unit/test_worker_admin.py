"""One admin port for several processes: what the others answer, or do not."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chassis.process import worker_admin
from chassis.process.worker_admin import WorkersMetrics, WorkersReadiness


@asynccontextmanager
async def worker(home: Path, answer: bytes | None) -> AsyncIterator[str]:
    """Yield the address of a process that answers every request so; None: it never does."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            await reader.read()  # until the client gives up
        else:
            writer.write(answer)
        writer.close()

    address = str(home / "worker")
    async with await asyncio.start_unix_server(serve, address):
        yield address


@pytest.mark.parametrize(
    ("answer", "failures"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\n{}", {}),
        (
            b"HTTP/1.0 503 Not Ready\r\n\r\n"
            + json.dumps({"failures": {"redis": "down"}}).encode(),
            {"redis": "down"},
        ),
        (b"HTTP/1.0 500 Error\r\n\r\nbroken", {"process 1": "broken"}),
        (b"", {"process 1": "no response: ValueError('no status line')"}),
        (None, {"process 1": "no response within 0.1 s"}),
    ],
    ids=["ready", "not ready", "broken", "no status line", "silent"],
)
async def test_answer_of_a_process_decides_readiness(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: bytes | None,
    failures: dict[str, str],
) -> None:
    monkeypatch.setattr(worker_admin, "TIMEOUT", 0.1)
    async with worker(tmp_path, answer) as address:
        assert await WorkersReadiness([address]).failures() == failures


async def test_process_that_is_gone_is_not_ready(tmp_path: Path) -> None:
    failures = await WorkersReadiness([str(tmp_path / "none")]).failures()
    assert "FileNotFoundError" in failures["process 1"]


async def test_draining_process_is_not_ready_whatever_the_others_answer(tmp_path: Path) -> None:
    readiness = WorkersReadiness([str(tmp_path / "none")])
    readiness.turn_off()
    assert await readiness.failures() == {"process": "draining"}


async def test_last_metrics_of_a_process_that_is_gone_still_count(tmp_path: Path) -> None:
    text = b"HTTP/1.0 200 OK\r\n\r\n# TYPE served counter\nserved_total 3.0\n"
    async with worker(tmp_path, text) as address:
        metrics = WorkersMetrics([address])
        assert b"served_total 3.0" in await metrics.read()
    assert b"served_total 3.0" in await metrics.read()
