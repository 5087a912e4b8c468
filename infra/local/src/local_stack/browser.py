"""The browser for tests: the machine's own, else Debian's Chromium, unpacked locally."""

import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from local_stack.debian import Architecture, browser_packages, os_release
from local_stack.provision import unpacked

NAMES = ("chromium", "chromium-browser", "google-chrome")
FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><dir>{folder}</dir><cachedir prefix="xdg">fontconfig</cachedir></fontconfig>
"""


@dataclass(frozen=True, slots=True)
class Browser:
    """A Chromium and the environment that it needs."""

    program: str
    environment: dict[str, str]


def browser(cache: Path) -> Browser:
    """Return a browser, fetched if there is none; raise StackError if that is impossible."""
    for name in NAMES:
        if found := shutil.which(name):
            return Browser(found, {})
    wanted = browser_packages(os_release(), platform.machine())
    return browser_of(unpacked(wanted, cache), wanted.architecture)


def browser_of(content: Path, architecture: Architecture) -> Browser:
    """Return the unpacked program with the paths of its libraries and fonts."""
    fonts = content.with_name("fonts.conf")
    fonts.write_text(FONTS.format(folder=content / "usr/share/fonts"))
    folders = architecture.libraries(content)
    # libpulse opens libpulsecommon by an absolute path, which is not ours.
    libraries = [str(folder) for folder in (*folders, folders[0] / "pulseaudio")]
    return Browser(
        str(content / "usr/lib/chromium/chromium-headless-shell"),
        {"LD_LIBRARY_PATH": ":".join(libraries), "FONTCONFIG_FILE": str(fonts)},
    )
