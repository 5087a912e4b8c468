"""Downloads from Maven Central, pinned by hash: pins/<bundle>.txt."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from local_stack import StackError
from local_stack.layout import INFRA

PINS = INFRA / "local" / "pins"
BUNDLES = (
    *("kafka", "avro-converter", "debezium", "registry", "opensearch", "icu", "jmx-exporter"),
    "byteman",
)
COORDINATE = (
    r"(?P<group>[\w.-]+):(?P<artifact>[\w.-]+):(?P<version>[\w.-]+)"
    r"(:(?P<classifier>[\w.-]+))?(@(?P<packaging>jar|zip|tar\.gz))?"
)
LINE = re.compile(rf"(?P<sha256>[0-9a-f]{{64}})\s+(?P<size>\d+)\s+{COORDINATE}")


@dataclass(frozen=True, slots=True)
class Pin:
    """A file's Maven coordinate, hash, and size in bytes."""

    sha256: str
    size: int
    group: str
    artifact: str
    version: str
    classifier: str
    packaging: str

    @property
    def filename(self) -> str:
        classifier = f"-{self.classifier}" if self.classifier else ""
        return f"{self.artifact}-{self.version}{classifier}.{self.packaging}"

    @property
    def is_archive(self) -> bool:
        return self.packaging != "jar"


@dataclass(frozen=True, slots=True)
class Bundle:
    """The files of one pin list; jars are in `content`, an archive is unpacked there."""

    name: str
    pins: tuple[Pin, ...]
    folder: Path

    @property
    def content(self) -> Path:
        return self.folder / "content"

    def missing(self) -> list[Pin]:
        return [pin for pin in self.pins if not self.place(pin).exists()]

    def place(self, pin: Pin) -> Path:
        return self.content if pin.is_archive else self.content / pin.filename


def bundles(cache: Path) -> dict[str, Bundle]:
    """Return every bundle, by name."""
    return {name: bundle(name, cache) for name in BUNDLES}


def bundle(name: str, cache: Path) -> Bundle:
    """Return a bundle in the cache; a changed pin list has another folder, free of old files."""
    text = (PINS / f"{name}.txt").read_text()
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return Bundle(name, tuple(parse(text, f"{name}.txt")), cache / f"{name}-{digest}")


def parse(text: str, name: str) -> list[Pin]:
    """Return the pins of a list; raise StackError with the number of an invalid line."""
    pins = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        match = LINE.fullmatch(line.strip())
        if not match:
            raise StackError(f"pins/{name}, line {number} is not `sha256 bytes coordinate`: {line}")
        found = match.groupdict()
        pins.append(
            Pin(
                sha256=found["sha256"],
                size=int(found["size"]),
                group=found["group"],
                artifact=found["artifact"],
                version=found["version"],
                classifier=found["classifier"] or "",
                packaging=found["packaging"] or "jar",
            )
        )
    return pins
