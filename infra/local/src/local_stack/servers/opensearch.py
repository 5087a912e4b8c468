"""OpenSearch, the minimal distribution."""

import os
import shutil
from functools import partial
from pathlib import Path

from local_stack import health
from local_stack.addresses import HOST
from local_stack.layout import INFRA
from local_stack.programs import Program, Site
from local_stack.software import JVM_ENVIRONMENT


def program(site: Site) -> Program:
    home = site.software.opensearch
    health_url = f"{site.addresses.opensearch_url}/_cluster/health?wait_for_status=yellow"
    return Program(
        name="opensearch",
        command=[
            *not_as_root(),
            *site.software.java("512m"),
            f"-javaagent:{home / 'agent' / 'opensearch-agent.jar'}",
            f"-Dopensearch.path.home={home}",
            f"-Dopensearch.path.conf={configuration(site)}",
            f"-Djava.io.tmpdir={site.instance.folder('data', 'opensearch', 'tmp')}",
            "--enable-native-access=ALL-UNNAMED",
            # OpenSearch makes an analyser for Thai with every index, which needs the words of that
            # language; this Java brings English alone.
            "-Djava.locale.providers=CLDR,SPI",
            *("-cp", f"{home / 'lib'}/*:{site.software.icu}/*"),
            "org.opensearch.bootstrap.OpenSearch",
        ],
        after=(),
        healthy=partial(health.get, health_url),
        environment=JVM_ENVIRONMENT,
    )


def configuration(site: Site) -> Path:
    """The configuration folder: the shared files, and this instance's addresses and folders."""
    folder = site.instance.folder("conf", "opensearch")
    shared = INFRA / "opensearch"
    settings = {
        "network.host": HOST,
        "http.port": site.instance.port("opensearch"),
        "transport.port": site.instance.port("opensearch", "transport"),
        "path.data": site.instance.folder("data", "opensearch", "nodes"),
        "path.logs": site.instance.folder("log"),
    }
    lines = [f"{name}: {value}\n" for name, value in settings.items()]
    own = (shared / "opensearch.yml").read_text() + "\n# This instance\n" + "".join(lines)
    (folder / "opensearch.yml").write_text(own)
    shutil.copy(shared / "log4j2.properties", folder)
    return folder


def not_as_root() -> list[str]:
    """OpenSearch refuses to run as root: there it runs as nobody, who may open root's files.

    The secure bit keeps the capability in force for access(2), by which Java asks if it may write
    (capabilities(7)).
    """
    if os.getuid() != 0:
        return []
    setpriv = shutil.which("setpriv") or "setpriv"
    return [
        setpriv, "--reuid=65534", "--regid=65534", "--clear-groups",
        "--inh-caps=+dac_override", "--ambient-caps=+dac_override",
        "--securebits=+no_setuid_fixup",
    ]  # fmt: skip
