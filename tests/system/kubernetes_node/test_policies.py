"""Every connection that the network policies allow succeeds; every other one is dropped."""

import json

from tests.support.kubernetes.kubectl import Kubectl
from tests.support.kubernetes.manifests import services
from tests.support.kubernetes.network_policies import SERVERS, may, port_of, ports

TRY = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def reached(target):
    name, host, port = target
    try:
        socket.create_connection((host, port), 3).close()
        return name
    except OSError:
        return None
targets = json.loads(sys.argv[1])
with ThreadPoolExecutor(len(targets)) as tries:
    print(json.dumps([name for name in tries.map(reached, targets) if name]))
"""
HOSTS = {"kafka": "people-kafka-bootstrap", "connect": "debezium-connect-api"}
CONNECT = 8083


def targets() -> dict[str, tuple[str, str, int]]:
    """Return name and port → name of the server, host and port, for every Service."""
    found = {}
    for name in (*SERVERS, *services("dev")):
        numbers = ports("dev", name) or {"": CONNECT if name == "connect" else port_of("dev", name)}
        for label, port in numbers.items():
            found[f"{name} {label}".strip()] = (name, HOSTS.get(name, name), port)
    return found


def test_exactly_the_allowed_connections_are_made(kubectl: Kubectl) -> None:
    goals = targets()
    tried = json.dumps([(label, host, port) for label, (_, host, port) in goals.items()])
    for client in services("dev"):
        expected = {
            label for label, (name, _, port) in goals.items() if may("dev", client, name, port)
        }
        # A pod always reaches itself.
        own = {label for label, (name, _, _) in goals.items() if name == client}
        output = kubectl("exec", f"deployment/{client}", "--", "python", "-c", TRY, tried)
        assert set(json.loads(output)) - own == expected - own, client
