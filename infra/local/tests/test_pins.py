from pathlib import Path

import pytest

from local_stack import StackError, pins
from local_stack.downloads import verify

SHA256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"  # of "hello"
HELLO = f"{SHA256} 5 org.example:hello:1.0"


def test_every_pin_list_of_the_stack_is_readable(tmp_path: Path) -> None:
    bundles = pins.bundles(tmp_path)
    assert set(bundles) == set(pins.BUNDLES)
    assert all(bundle.pins for bundle in bundles.values())


def test_a_pin_names_its_file_as_maven_does() -> None:
    (jar,) = pins.parse(HELLO, "x.txt")
    (archive,) = pins.parse(f"{SHA256} 5 org.example:hello:1.0:all@tar.gz", "x.txt")
    assert jar.filename == "hello-1.0.jar"
    assert archive.filename == "hello-1.0-all.tar.gz"


def test_invalid_pin_line_is_reported_with_its_number() -> None:
    with pytest.raises(StackError, match="line 2"):
        pins.parse(f"# files\n{SHA256} org.example:no-size:1.0\n", "x.txt")


def test_changed_pin_list_has_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pins, "PINS", tmp_path)
    (tmp_path / "x.txt").write_text(HELLO)
    before = pins.bundle("x", tmp_path).folder
    (tmp_path / "x.txt").write_text(HELLO.replace("1.0", "1.1"))
    assert pins.bundle("x", tmp_path).folder != before


def test_present_file_is_not_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "PINS", tmp_path)
    (tmp_path / "x.txt").write_text(HELLO)
    bundle = pins.bundle("x", tmp_path)
    assert bundle.missing() == list(bundle.pins)
    bundle.content.mkdir(parents=True)
    bundle.place(bundle.pins[0]).write_text("hello")
    assert bundle.missing() == []


def test_file_with_wrong_hash_is_rejected(tmp_path: Path) -> None:
    (pin,) = pins.parse(HELLO, "x.txt")
    file = tmp_path / pin.filename
    file.write_text("hello")
    verify(file, pin)
    file.write_text("hullo")
    with pytest.raises(StackError, match=r"hello-1\.0\.jar is not the pinned file"):
        verify(file, pin)
