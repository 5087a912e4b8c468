"""A run of the tests names what it skips."""

from pathlib import Path

import pytest

from conftest import pytest_report_header
from tests.support.stack import skipped


def test_missing_go_tools_are_named_at_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(skipped, "READY", tmp_path / "ready")
    assert any(line.startswith("skipped: checks of infra/k8s") for line in pytest_report_header())


def test_nothing_is_named_where_the_go_tools_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(skipped, "READY", tmp_path)
    assert not any("Go tools" in line for line in pytest_report_header())
