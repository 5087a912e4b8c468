"""Input files of a restore: truncated, invalid, and valid ones."""

from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest

from platform_setup import SetupError
from platform_setup.recovery import ledger
from platform_setup.recovery.dump import inserts

ROWS = b"(`user_id`) VALUES ('a'),('b;')"
DUMP = (
    b"-- MySQL dump\n/*!50503 SET NAMES utf8mb4 */;\nDROP TABLE `user_event`;\n"
    b"INSERT INTO `user_event` " + ROWS + b";\nINSERT INTO `user_event_gap` VALUES (1);\n"
    b"-- Dump completed on 2026-11-01\n"
)


def test_only_inserts_of_the_table_are_executed() -> None:
    assert list(inserts(BytesIO(DUMP), "user_event")) == [ROWS]


@pytest.mark.parametrize("cut", [b"", DUMP[:120], DUMP[: DUMP.index(b"-- Dump completed")]])
def test_truncated_dump_is_rejected(cut: bytes) -> None:
    with pytest.raises(SetupError, match="truncated"):
        list(inserts(BytesIO(cut), "user_event"))


def test_ledger_is_read_up_to_a_truncated_line(tmp_path: Path) -> None:
    file = tmp_path / "erased"
    file.write_text("user-1 2026-11-01T10:00:00+00:00\nuser-2 2026-11-01T12:00:00+01:00\nuser-3 20")
    found = {key: at for some in ledger.read([file]) for key, at in some.items()}
    assert found == {
        "user-1": datetime(2026, 11, 1, 10),  # noqa: DTZ001 - as the event store has it
        "user-2": datetime(2026, 11, 1, 11),  # noqa: DTZ001
    }


@pytest.mark.parametrize("content", ["first_name,last_name\n", "user-1 yesterday\n", "ü 1\n"])
def test_invalid_ledger_is_rejected_without_quoting_it(tmp_path: Path, content: str) -> None:
    file = tmp_path / "erased"
    file.write_text(content)
    with pytest.raises(SetupError, match=r"is not a ledger of erasures$"):
        list(ledger.read([file]))
    with pytest.raises(SetupError, match="No such file"):
        list(ledger.read([tmp_path / "none"]))
