import os
from pathlib import Path

import pytest

from local_stack import unprivileged


def test_closed_parent_folder_closes_all_below(tmp_path: Path) -> None:
    above = tmp_path / "above"
    file = above / "below" / "file"
    file.parent.mkdir(parents=True)
    file.touch(mode=0o644)
    was_open = unprivileged.is_open(file)
    above.chmod(0o700)
    assert not unprivileged.is_open(file)
    above.chmod(0o755)
    assert unprivileged.is_open(file) is was_open
    file.chmod(0o600)
    assert not unprivileged.is_open(file)


def test_root_keeps_only_read_capability_and_only_if_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.setattr(unprivileged, "can_enter", lambda _path: True)
    assert "--bounding-set=-all" in unprivileged.command(Path("/"))
    assert not any("+" in word for word in unprivileged.command(Path("/")))
    monkeypatch.setattr(unprivileged, "can_enter", lambda _path: False)
    kept = {word.split("+")[1] for word in unprivileged.command(Path("/")) if "caps=+" in word}
    assert kept == {"dac_read_search"}


def test_non_root_user_needs_no_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    assert unprivileged.command(Path("/")) == []
