"""Console output: tables of programs and addresses, and commands to try."""

import time
from collections.abc import Collection, Iterable

import psutil
from rich.console import Console
from rich.table import Table

from local_stack.addresses import APIS, CONSOLE, SUPERVISOR, Addresses
from local_stack.control import State

console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True, style="red")
MB = 1024**2

TRY = """\
[bold]Try it[/]
  JSON='Content-Type: application/json'
  ID=$(curl -s {command}/user -H "$JSON" -d '{{"first_name": "Ada", "last_name": "Lovelace"}}' \\
       | sed 's/.*"id": *"\\([^"]*\\).*/\\1/')
  curl {query}/user/$ID
  curl {query}/user
  curl -i -X PATCH {command}/user/$ID -H "$JSON" -d '{{"last_name": "King"}}'
  curl {search}/user/search/king
  curl {command}/user/$ID/history
  curl -i -X DELETE {command}/user/$ID"""


def step(name: str, what: str, seconds: float) -> None:
    console.print(f"  {name:<21} {what:<12} {seconds:5.1f} s")


def show_addresses(addresses: Addresses, services: Collection[str]) -> None:
    """Print the addresses of the servers and of the running services."""
    rows = [
        (CONSOLE, addresses.console_url),
        *((name, f"{url}   gRPC {addresses.grpc[name]}") for name, url in addresses.http.items()),
        *((name, f"{url}/metrics  /livez  /readyz") for name, url in addresses.admin.items()),
    ]
    mysql = f"{addresses.mysql_host}:{addresses.mysql_port}/{addresses.mysql_database}"
    servers = [
        ("MySQL", f"{mysql}   passwords in {addresses.secrets}"),
        ("Redis", addresses.redis_address),
        ("OpenSearch", addresses.opensearch_url),
        ("Kafka", addresses.kafka_bootstrap),
        ("schema registry", addresses.registry_url),
        ("Kafka Connect", f"{addresses.connect_url}/connectors/user-events/status"),
        ("Prometheus", addresses.prometheus_url),
        (SUPERVISOR, f"{addresses.admin[SUPERVISOR]}/metrics  /livez  /readyz"),
    ]
    console.print("\n[bold]Addresses[/]")
    for name, address in [*(row for row in rows if row[0] in services), *servers]:
        console.print(f"  {name:<21} {address}")


def show_trials(addresses: Addresses) -> None:
    apis = {name.removesuffix("-api"): addresses.http[name] for name in APIS}
    console.print("\n" + TRY.format(**apis))


def show_states(states: Iterable[State], health: dict[str, str]) -> None:
    """Print one row for each program, and the total memory."""
    table = Table("program", "state", "pid", "memory", "up", "health", box=None, pad_edge=False)
    total = 0
    for state in states:
        memory = resident(state.pid)
        total += memory
        table.add_row(
            state.name,
            state.state.lower(),
            str(state.pid or ""),
            f"{memory / MB:.0f} MB" if memory else "",
            uptime(state) if state.pid else "",
            health.get(state.name, ""),
        )
    table.add_row("", "", "", f"{total / MB:.0f} MB", "", "")
    console.print(table)


def resident(pid: int) -> int:
    """Return the memory of a program, with its processes; pages that they share count for each."""
    try:
        program = psutil.Process(pid) if pid else None
        family = [program, *program.children(recursive=True)] if program else []
        return sum(one.memory_info().rss for one in family)
    except psutil.NoSuchProcess:
        return 0


def uptime(state: State) -> str:
    minutes, seconds = divmod(int(time.time() - state.started_at), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
