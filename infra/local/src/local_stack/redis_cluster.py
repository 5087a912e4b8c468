"""Form a Redis Cluster with a replica for each master.

python -m local_stack.redis_cluster HOST:PORT … -- REDIS-CLI …; does nothing if it exists.
"""

import subprocess
import sys
import time

MASTERS = 3
TIMEOUT = 30.0
OPERATOR = ("--user", "redis_operator", "--no-auth-warning")  # the password is in REDISCLI_AUTH


def main() -> None:
    split = sys.argv.index("--")
    nodes, redis_cli = sys.argv[1:split], sys.argv[split + 1 :]
    form(nodes, [*redis_cli, *OPERATOR])


def form(nodes: list[str], redis_cli: list[str]) -> None:
    """Form the cluster; raise SystemExit with redis-cli's message if that fails."""
    if not is_formed(nodes, redis_cli):
        replicas = str(len(nodes) // MASTERS - 1)
        create = ["--cluster", "create", *nodes, "--cluster-replicas", replicas, "--cluster-yes"]
        made = subprocess.run([*redis_cli, *create], capture_output=True, text=True, check=False)
        if made.returncode:
            raise SystemExit(made.stdout + made.stderr)
    deadline = time.monotonic() + TIMEOUT
    while not all(is_whole(node, len(nodes), redis_cli) for node in nodes):
        if time.monotonic() > deadline:
            raise SystemExit(f"the cluster is incomplete after {TIMEOUT:.0f} s")
        time.sleep(0.1)


def is_formed(nodes: list[str], redis_cli: list[str]) -> bool:
    return "cluster_known_nodes:1\n" not in info(nodes[0], redis_cli)


def is_whole(node: str, size: int, redis_cli: list[str]) -> bool:
    """Return true if the node knows all others, and an owner of every slot."""
    state = info(node, redis_cli)
    return "cluster_state:ok\n" in state and f"cluster_known_nodes:{size}\n" in state


def info(node: str, redis_cli: list[str]) -> str:
    host, _, port = node.rpartition(":")
    command = [*redis_cli, "-h", host, "-p", port, "cluster", "info"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return output.replace("\r\n", "\n")


if __name__ == "__main__":
    main()
