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


def test_nothing_of_a_dump_is_run_but_the_rows_of_the_table() -> None:
    assert list(inserts(BytesIO(DUMP), "user_event")) == [ROWS]


@pytest.mark.parametrize("cut", [b"", DUMP[:120], DUMP[: DUMP.index(b"-- Dump completed")]])
def test_a_dump_that_is_cut_off_is_refused(cut: bytes) -> None:
    with pytest.raises(SetupError, match="truncated"):
        list(inserts(BytesIO(cut), "user_event"))


def test_a_ledger_is_read_up_to_a_line_that_a_crash_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "erased"
    file.write_text("user-1 2026-11-01T10:00:00+00:00\nuser-2 2026-11-01T12:00:00+01:00\nuser-3 20")
    found = {key: at for some in ledger.read([file]) for key, at in some.items()}
    assert found == {
        "user-1": datetime(2026, 11, 1, 10),  # noqa: DTZ001 - as the event store has it
        "user-2": datetime(2026, 11, 1, 11),  # noqa: DTZ001
    }


@pytest.mark.parametrize("content", ["first_name,last_name\n", "user-1 yesterday\n", "ü 1\n"])
def test_another_file_is_no_ledger_and_nothing_of_it_is_repeated(
    tmp_path: Path, content: str
) -> None:
    file = tmp_path / "erased"
    file.write_text(content)
    with pytest.raises(SetupError, match=r"is not a ledger of erasures$"):
        list(ledger.read([file]))
    with pytest.raises(SetupError, match="No such file"):
        list(ledger.read([tmp_path / "none"]))
