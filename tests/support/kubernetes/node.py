"""A node of Kubernetes on this machine, on which pods really run.

Needs root; containerd 2; from Debian: runc, containernetworking-plugins, iptables, iproute2,
conntrack. Its programs and pods run in namespaces of their own (infra/k8s/node/namespaces.sh), so
it takes no port and leaves nothing when the tests end.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.kubernetes import control_plane
from tests.support.kubernetes.kubectl import PROGRAM, Kubectl
from tests.support.kubernetes.manifests import KUBERNETES, ROOT
from tests.support.kubernetes.namespaces import namespaces, network_of
from tests.support.stack.background import process

FILES = KUBERNETES / "node"
IMAGES = ROOT / ".local/kubernetes/images"  # kept: the import of all images takes a minute
POLICIES = str(ROOT / ".tools/kubernetes/kube-network-policies")
ADDRESS, API, DNS = "10.77.0.1", 6443, "10.96.0.10"
SERVICES, PODS = "10.96.0.0/16", "10.244.0.0/24"
ACCOUNT = "/run/secrets/kubernetes.io/serviceaccount"
NETWORK = f"""
ip link set lo up
ip link add node type veth peer name nowhere
ip link set nowhere up
ip addr add {ADDRESS}/24 dev node
ip link set node up
ip route add default via 10.77.0.254 dev node
echo 1 >/proc/sys/net/ipv4/ip_forward
mount -t tmpfs none /run
"""
FORGET = """
export CONTAINERD_NAMESPACE=k8s.io
ctr containers list --quiet | xargs --no-run-if-empty ctr containers delete
ctr sandboxes list | tail -n +2 | cut -d' ' -f1 | xargs --no-run-if-empty ctr sandboxes remove -f
"""  # containers of an earlier node, which ended with it; the images stay
STARTS_WITHIN, POLL_EVERY = 60, 0.2  # seconds
Start = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Node:
    """A running node; it is its own control plane."""

    first_process: int
    folder: Path
    kubectl: Kubectl

    def inside(self, *words: str) -> list[str]:
        """Return a command that runs in the node's namespaces."""
        target = ["--target", str(self.first_process)]
        return ["nsenter", *target, "--net", "--mount", "--pid", "--", *words]


def check_programs() -> None:
    """Raise AssertionError if this machine cannot run a node."""
    assert os.geteuid() == 0, "a node needs root"
    for program in ("containerd", "ctr", "runc", "iptables", "ip", "conntrack", "docker"):
        assert shutil.which(program), f"a node needs {program}"
    command = ["containerd", "--version"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert re.search(r" v?2\.", found), f"a node needs containerd 2, not {found}"


@contextmanager
def running(folder: Path) -> Iterator[Node]:
    """Run a node, without pods; the caller is in its network."""
    check_programs()
    with ExitStack() as stack:
        node = Node(stack.enter_context(namespaces()), folder, Kubectl(folder / "kubeconfig"))
        subprocess.run(node.inside("sh", "-ec", NETWORK), check=True)
        stack.enter_context(network_of(node.first_process))
        prepare(folder)

        def start(*words: str, name: str = "") -> None:
            log = folder / f"{name or words[0]}.log"
            stack.enter_context(process(log, node.inside(*words)))

        start_control_plane(node, start)
        start_node(node, start)
        for condition in ("create", "condition=Ready"):
            node.kubectl("wait", f"--for={condition}", "node/node", f"--timeout={STARTS_WITHIN}s")
        enforce_policies(node, start)
        yield node


def wait_for(condition: Callable[[], bool]) -> None:
    """Poll as chassis.testing.eventually does; the fixture that starts a node is synchronous."""
    deadline = time.monotonic() + STARTS_WITHIN
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(POLL_EVERY)


def prepare(folder: Path) -> None:
    """Write the programs' configuration."""
    control_plane.prepare(folder, API, ADDRESS)
    (folder / "resolv.conf").write_text(f"nameserver {DNS}\n")
    for name in ("pods", "plugins", "volumes"):
        (folder / name).mkdir()
    IMAGES.mkdir(parents=True, exist_ok=True)
    for file in ("containerd.toml", "cni.conflist", "kubelet.yaml", "proxy.yaml"):
        text = (FILES / file).read_text().replace("@HERE@", str(folder))
        (folder / file).write_text(text.replace("@IMAGES@", str(IMAGES)))


def start_control_plane(node: Node, start: Start) -> None:
    folder, etcd = node.folder, f"http://{ADDRESS}:2379"

    def kubernetes(program: str, flags: dict[str, str]) -> None:
        options = [f"--{name}={value}" for name, value in flags.items()]
        start(PROGRAM, program, *options, name=program)

    kubernetes("etcd", control_plane.etcd_options(folder, etcd, f"http://{ADDRESS}:2380"))
    kubernetes(
        "kube-apiserver",
        control_plane.server_options(folder, API, etcd)
        | {"bind-address": "0.0.0.0", "advertise-address": ADDRESS, "allow-privileged": "true"}
        | {"service-cluster-ip-range": SERVICES, "kubelet-preferred-address-types": "InternalIP"},
    )
    wait_for(lambda: node.kubectl.run("get", "--raw=/readyz").returncode == 0)
    certificate = f"{folder}/certificates/apiserver.crt"
    kubernetes(
        "kube-controller-manager",
        control_plane.controller_options(folder)
        | {"root-ca-file": certificate, "use-service-account-credentials": "true"},
    )
    scheduler = {"kubeconfig": f"{folder}/kubeconfig", "leader-elect": "false", "secure-port": "0"}
    kubernetes("kube-scheduler", scheduler)


def start_node(node: Node, start: Start) -> None:
    folder = node.folder
    start("containerd", "--config", f"{folder}/containerd.toml")
    serves = node.inside("ctr", "version")
    wait_for(lambda: subprocess.run(serves, check=False, capture_output=True).returncode == 0)
    subprocess.run(node.inside("sh", "-ec", FORGET), check=True, capture_output=True)
    options = ["--hostname-override=node", f"--node-ip={ADDRESS}", f"--root-dir={folder}/kubelet"]
    files = [f"--config={folder}/kubelet.yaml", f"--kubeconfig={folder}/kubeconfig"]
    start(PROGRAM, "kubelet", *files, *options, name="kubelet")
    start(PROGRAM, "kube-proxy", f"--config={folder}/proxy.yaml", name="kube-proxy")


def enforce_policies(node: Node, start: Start) -> None:
    """Have kube-network-policies decide about each new connection of a pod."""
    account = f"mkdir -p {ACCOUNT}; printf {control_plane.TOKEN} >{ACCOUNT}/token"
    account += f"; cp {node.folder}/certificates/apiserver.crt {ACCOUNT}/ca.crt"
    rule = f"iptables -I FORWARD 1 -s {PODS} -m conntrack --ctstate NEW -j NFQUEUE --queue-num 100"
    subprocess.run(node.inside("sh", "-ec", f"{account}; {rule}"), check=True)
    server = ["KUBERNETES_SERVICE_HOST=10.96.0.1", "KUBERNETES_SERVICE_PORT=443"]
    options = ["--hostname-override=node", "--disable-nri", "--netfilter-bug-1766-fix=false"]
    start("env", *server, POLICIES, *options, name="kube-network-policies")
