"""Everything the servers need, in the cache: downloaded once, in parallel, verified, resumable."""

import fcntl
import shutil
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from local_stack import apt, pins, preflight
from local_stack.debian import Distribution
from local_stack.downloads import fetch
from local_stack.pins import Bundle
from local_stack.software import Software

AT_ONCE = 8
# Kafka Connect discovers plugins by this file only (plugin.discovery); the converter ships none.
CONVERTERS = "META-INF/services/org.apache.kafka.connect.storage.Converter"
AVRO_CONVERTER = "io.apicurio.registry.utils.converter.AvroConverter\n"


def provision(distribution: Distribution, cache: Path) -> Software:
    """Fetch what is missing; without network access if nothing is. Raises StackError."""
    bundles = pins.bundles(cache)
    if not is_provisioned(distribution, cache):
        with alone(cache):
            fetch_all(list(bundles.values()), distribution, cache)
    name_converter(bundles["avro-converter"])
    return Software(
        packages=distribution.folder(cache) / "content",
        kafka=bundles["kafka"].content,
        avro_converter=bundles["avro-converter"].folder,
        debezium=bundles["debezium"].content,
        registry=bundles["registry"].content,
        opensearch=next(bundles["opensearch"].content.iterdir()),
        icu=bundles["icu"].content,
        jmx_exporter=bundles["jmx-exporter"].content,
        byteman=bundles["byteman"].content,
    )


def unpacked(wanted: Distribution, cache: Path) -> Path:
    """Return the folder of the packages' files, fetched if missing. Raises StackError."""
    folder = wanted.folder(cache)
    with alone(cache):
        if not folder.exists():
            preflight.check_provisioning(wanted, cache)
            with progress_bars() as progress:
                apt.install(wanted, cache, packages_bar(progress, wanted))
    return folder / "content"


def is_provisioned(distribution: Distribution, cache: Path) -> bool:
    """Return true if nothing has to be downloaded."""
    missing = any(bundle.missing() for bundle in pins.bundles(cache).values())
    return distribution.folder(cache).exists() and not missing


@contextmanager
def alone(cache: Path) -> Iterator[None]:
    """Hold the lock of provisioning: a second run waits instead of fetching everything again."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fetch_all(bundles: list[Bundle], distribution: Distribution, cache: Path) -> None:
    staging = cache / "staging"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    with progress_bars() as progress, ThreadPoolExecutor(AT_ONCE) as pool:
        running: list[Future[None]] = []
        if not distribution.folder(cache).exists():
            advance = packages_bar(progress, distribution)
            running.append(pool.submit(apt.install, distribution, cache, advance))
        for bundle in sorted(bundles, key=biggest, reverse=True):
            bar = bundle_bar(progress, bundle)
            running += [pool.submit(fetch, pin, bundle, staging, bar) for pin in bundle.missing()]
        try:
            for done in running:
                done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    shutil.rmtree(staging, ignore_errors=True)


def biggest(bundle: Bundle) -> int:
    return max(pin.size for pin in bundle.pins)


def progress_bars() -> Progress:
    return Progress(
        TextColumn("{task.description:<16}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    )


def bundle_bar(progress: Progress, bundle: Bundle) -> Callable[[int], None]:
    total = sum(pin.size for pin in bundle.pins)
    there = total - sum(pin.size for pin in bundle.missing())
    task = progress.add_task(bundle.name, total=total, completed=there)
    return lambda size: progress.advance(task, size)


def packages_bar(progress: Progress, distribution: Distribution) -> Callable[[float], None]:
    # apt reports a percentage; the bar counts bytes, and the packages are about 140 MB.
    size = 140_000_000
    task = progress.add_task(f"{distribution.id} packages", total=size)
    return lambda percent: progress.update(task, completed=size * percent / 100)


def name_converter(bundle: Bundle) -> None:
    jar = bundle.content / "services.jar"
    if not jar.exists():
        part = jar.with_suffix(".part")
        with zipfile.ZipFile(part, "w") as archive:
            archive.writestr(CONVERTERS, AVRO_CONVERTER)
        part.replace(jar)
