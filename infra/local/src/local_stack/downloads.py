"""Pinned files from Maven Central: resolved by jgo, verified, then moved into place."""

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from jgo.maven import MavenContext, PythonResolver

from local_stack import StackError
from local_stack.pins import Bundle, Pin

Advance = Callable[[int], None]
PAUSES = (1.0, 4.0)  # seconds before the second and the third try
TIMEOUT = 30


def fetch(pin: Pin, bundle: Bundle, staging: Path, advance: Advance) -> None:
    """Download a file to its place, completely or not at all.

    Calls `advance` with bytes received. Raises StackError on failure or a wrong hash.
    """
    with tempfile.TemporaryDirectory(dir=staging) as folder:
        file = download(pin, Path(folder), advance)
        verify(file, pin)
        bundle.content.parent.mkdir(parents=True, exist_ok=True)
        if pin.is_archive:
            unpacked = Path(folder) / "unpacked"
            # No filter for paths outside the folder (Python 3.11.2 has none): the hash is verified.
            shutil.unpack_archive(file, unpacked)
            unpacked.rename(bundle.content)
        else:
            bundle.content.mkdir(exist_ok=True)
            file.rename(bundle.place(pin))


def download(pin: Pin, folder: Path, advance: Advance) -> Path:
    for attempt, pause in enumerate((*PAUSES, None)):
        received = Counter(advance)
        context = MavenContext(
            repo_cache=folder / str(attempt),  # a failed attempt's files are not reused
            resolver=PythonResolver(progress_callback=received.file),
            timeout=TIMEOUT,
        )
        component = context.project(pin.group, pin.artifact).at_version(pin.version)
        try:
            return component.artifact(pin.classifier, pin.packaging).resolve()
        except (requests.RequestException, RuntimeError, OSError) as error:
            received.take_back()
            if pause is None:
                raise StackError(
                    f"{pin.filename} could not be downloaded from Maven Central: {error}. "
                    "Run it again: completed downloads are kept."
                ) from error
            time.sleep(pause)
    raise AssertionError("unreachable")


class Counter:
    """Report bytes as they arrive; subtract them again if the attempt fails."""

    def __init__(self, advance: Advance) -> None:
        self._advance = advance
        self._received = 0

    @contextmanager
    def file(self, _filename: str, _size: int) -> Iterator[Advance]:
        yield self._count

    def _count(self, size: int) -> None:
        self._received += size
        self._advance(size)

    def take_back(self) -> None:
        self._advance(-self._received)


def verify(file: Path, pin: Pin) -> None:
    """Raise StackError if the file's hash is not the pinned one."""
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != pin.sha256:
        raise StackError(
            f"{pin.filename} is not the pinned file: sha256 {found}, expected {pin.sha256}. "
            "Nothing of it was kept. Check for a mirror or proxy in front of Maven Central."
        )
