from pathlib import Path

import pytest

from local_stack import StackError, browser
from local_stack.debian import AMD64, browser_packages


def test_installed_browser_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "chromium-browser"
    own.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert browser.browser(tmp_path / "cache") == browser.Browser(str(own), {})
    assert not (tmp_path / "cache").exists()


def test_fetched_browser_is_of_the_machine_s_suite_and_runs_on_its_libc() -> None:
    wanted = browser_packages({"ID": "debian", "VERSION_CODENAME": "trixie"}, "x86_64")
    assert wanted.suite == "trixie"
    assert wanted.packages[0] == "chromium-headless-shell"
    assert wanted.present == ("libc6",)


@pytest.mark.parametrize(("name", "machine"), [("ubuntu", "x86_64"), ("debian", "riscv64")])
def test_unsupported_distribution_names_the_package_to_install(name: str, machine: str) -> None:
    with pytest.raises(StackError, match="install chromium"):
        browser_packages({"ID": name, "VERSION_CODENAME": "x"}, machine)


def test_unpacked_browser_finds_its_libraries_and_fonts(tmp_path: Path) -> None:
    found = browser.browser_of(tmp_path / "content", AMD64)
    assert found.program == str(tmp_path / "content/usr/lib/chromium/chromium-headless-shell")
    folder = f"{tmp_path}/content"
    assert found.environment["LD_LIBRARY_PATH"] == (
        f"{folder}/usr/lib/x86_64-linux-gnu:{folder}/lib/x86_64-linux-gnu"
        f":{folder}/usr/lib/x86_64-linux-gnu/pulseaudio"
    )
    fonts = Path(found.environment["FONTCONFIG_FILE"]).read_text()
    assert f"<dir>{folder}/usr/share/fonts</dir>" in fonts
