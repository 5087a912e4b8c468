"""Kubernetes' own API server and controllers, and a fake node that only reports pods as running.

Custom resources are defined without a schema: kubeconform validates them
(tests/component/configuration).
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chassis.testing import eventually
from tests.support.kubernetes.kubectl import PROGRAM, Kubectl
from tests.support.kubernetes.manifests import OVERLAYS, resources
from tests.support.stack.background import process
from tests.support.stack.free_ports import unused

HOST, TOKEN = "127.0.0.1", "an-administrator"
OF_OPERATORS = (
    *(".strimzi.io/", ".opstreelabs.in/", "mysql.oracle.com/"),
    *("opensearch.org/", "keda.sh/", "monitoring.coreos.com/"),
)
POLL_EVERY = 0.2  # seconds between two polls of the node's pods


class ControlPlane:
    """The control plane, used as its administrator."""

    def __init__(self, session: aiohttp.ClientSession, kubeconfig: Path) -> None:
        self._session = session
        self.kubectl = Kubectl(kubeconfig)

    async def request(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """Return status and content of a response."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"Content-Type": kind, "Authorization": f"Bearer {TOKEN}"}
        async with self._session.request(method, path, json=body, headers=headers) as response:
            return response.status, await response.json()

    async def listed(self, path: str) -> dict[str, dict[str, Any]]:
        """Return name → resource."""
        status, found = await self.request("GET", path)
        assert status == 200, found
        return {one["metadata"]["name"]: one for one in found["items"]}

    async def run_pods(self) -> None:
        """Act as a node: pods of jobs succeed, others become ready, as soon as they are seen."""
        while True:
            for pod in (await self.listed("/api/v1/pods")).values():
                if pod["status"].get("phase") == "Pending":
                    named = pod["metadata"]
                    path = f"/api/v1/namespaces/{named['namespace']}/pods/{named['name']}/status"
                    await self.request("PATCH", path, {"status": claimed(pod)})
            await asyncio.sleep(POLL_EVERY)


def claimed(pod: dict[str, Any]) -> dict[str, Any]:
    if pod["metadata"]["ownerReferences"][0]["kind"] == "Job":
        return {"phase": "Succeeded"}
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": now}
    return {"phase": "Running", "conditions": [ready]}


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[ControlPlane]:
    """Run it with the operators' kinds defined; nothing is applied."""
    etcd, peer, port = unused(3)
    prepare(folder, port)
    async with AsyncExitStack() as stack:

        def start(program: str, flags: dict[str, str]) -> None:
            options = [f"--{name}={value}" for name, value in flags.items()]
            log = folder / f"{program}.log"
            stack.enter_context(process(log, [PROGRAM, program, *options]))

        start("etcd", etcd_options(folder, f"http://{HOST}:{etcd}", f"http://{HOST}:{peer}"))
        start("kube-apiserver", server_options(folder, port, f"http://{HOST}:{etcd}"))
        session = aiohttp.ClientSession(
            f"https://{HOST}:{port}", connector=aiohttp.TCPConnector(ssl=False)
        )
        plane = ControlPlane(await stack.enter_async_context(session), folder / "kubeconfig")
        await eventually(lambda: ready(plane), within=60)
        start("kube-controller-manager", controller_options(folder))
        plane.kubectl.apply(definitions())
        yield plane


async def ready(plane: ControlPlane) -> None:
    with suppress(aiohttp.ClientError):
        status, _ = await plane.request("GET", "/api/v1/namespaces/default")
        assert status == 200
        return
    raise AssertionError("it does not answer yet")


def prepare(folder: Path, port: int, host: str = HOST) -> None:
    """Create the key for accounts' tokens, the administrator, and kubectl's configuration."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    (folder / "account.key").write_bytes(text)
    (folder / "tokens.csv").write_text(f'{TOKEN},admin,admin,"system:masters"\n')
    cluster = {"server": f"https://{host}:{port}", "insecure-skip-tls-verify": True}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "here", "cluster": cluster}],
        "users": [{"name": "admin", "user": {"token": TOKEN}}],
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "admin"}}],
        "current-context": "here",
    }
    (folder / "kubeconfig").write_text(json.dumps(config))


def etcd_options(folder: Path, client: str, peer: str) -> dict[str, str]:
    return {
        "data-dir": str(folder / "etcd"),
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"default={peer}",
    }


def server_options(folder: Path, port: int, etcd: str) -> dict[str, str]:
    return {
        "etcd-servers": etcd,
        "bind-address": HOST,
        "advertise-address": HOST,
        "secure-port": str(port),
        "cert-dir": str(folder / "certificates"),
        "service-account-key-file": str(folder / "account.key"),
        "service-account-signing-key-file": str(folder / "account.key"),
        "service-account-issuer": "https://kubernetes.default.svc",
        "token-auth-file": str(folder / "tokens.csv"),
        "authorization-mode": "RBAC",
        "service-cluster-ip-range": "10.0.0.0/24",
    }


def controller_options(folder: Path) -> dict[str, str]:
    return {
        "kubeconfig": str(folder / "kubeconfig"),
        "service-account-private-key-file": str(folder / "account.key"),
        "leader-elect": "false",
        "secure-port": "0",
    }


def definitions() -> str:
    """Return definitions of every custom resource kind that an overlay has."""
    found = {
        (*one["apiVersion"].split("/"), one["kind"])
        for overlay in OVERLAYS
        for one in resources(overlay)
        if any(group in one["apiVersion"] for group in OF_OPERATORS)
    }
    return yaml.safe_dump_all(definition(*kind) for kind in sorted(found))


def definition(group: str, version: str, kind: str) -> dict[str, Any]:
    one = kind.lower()
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    served = {"name": version, "served": True, "storage": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{one}s.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {
                "kind": kind,
                "plural": f"{one}s",
                "singular": one,
                "listKind": f"{kind}List",
            },
            "versions": [served | {"schema": {"openAPIV3Schema": schema}}],
        },
    }
