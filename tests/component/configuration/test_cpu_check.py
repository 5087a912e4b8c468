"""CPU for each created user is compared with the last stored result of loadtest/pipeline.py."""

from pathlib import Path

import pytest

from loadtest import pipeline_check

STORED = """# CPU of one created user, until both views show it

Reference loop: 20.0 ms.

| program | µs of CPU |
|---|---|
| command-api | 100.0 |
| search-projector | 50.0 |
| canary | 2.0 |
| whole | 152.0 |

| created | µs |
|---|---|
| 20000 | 152 |
"""


def result(command_api: float, canary: float, reference: float = 20.0) -> str:
    whole = command_api + 50 + canary
    text = STORED.replace("| command-api | 100.0 |", f"| command-api | {command_api} |")
    text = text.replace("| canary | 2.0 |", f"| canary | {canary} |")
    text = text.replace("| whole | 152.0 |", f"| whole | {whole} |")
    return text.replace("20.0 ms", f"{reference} ms")


@pytest.mark.parametrize(
    ("now", "code"),
    [
        (result(100, 2), 0),
        (result(109, 2), 0),
        (result(112, 2), 1),  # the program, not the whole
        (result(100, 9), 0),  # too small to be compared alone
        (result(100, 60), 1),  # but it counts in the whole
        (result(50, 2), 0),
    ],
)
def test_growth_beyond_a_tenth_fails_the_check(now: str, code: int) -> None:
    assert pipeline_check.compare(now, STORED) == code


def test_a_machine_of_half_the_speed_is_no_regression() -> None:
    slow = STORED.replace("20.0 ms", "40.0 ms")
    for figure in ("100.0", "50.0", "2.0", "152.0"):
        slow = slow.replace(f"| {figure} |", f"| {2 * float(figure)} |")
    assert pipeline_check.compare(slow, STORED) == 0


def test_growth_is_printed_with_its_program(capsys: pytest.CaptureFixture[str]) -> None:
    pipeline_check.compare(result(130, 2), STORED)
    assert capsys.readouterr().out.splitlines() == [
        "command-api: +30 % of CPU for each created user",
        "whole: +20 % of CPU for each created user",
    ]


def test_the_newest_stored_result_is_compared(tmp_path: Path) -> None:
    for day in ("2026-11-02", "2026-11-10"):
        (tmp_path / f"pipeline-{day}.md").write_text(day)
    assert pipeline_check.last(tmp_path) == "2026-11-10"


def test_no_stored_result_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="nothing to compare with"):
        pipeline_check.last(tmp_path)
