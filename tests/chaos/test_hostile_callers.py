"""One attacker beside the load: every attack of loadtest/attacks.py in turn (T21)."""

from urllib.parse import urlsplit

from loadtest import attacks
from tests.chaos.harness.scenario import Chaos

SECONDS = 3.0  # of each attack, in a run of ten minutes


async def test_hostile_clients_beside_the_load(chaos: Chaos) -> None:
    async with chaos.scenario("T21: hostile clients") as scenario:
        stack = scenario.stack
        ports = {
            "http": urlsplit(stack.http["query-api"]).port,
            "grpc": int(stack.grpc["query-api"].rpartition(":")[2]),
        }
        names = sorted(attacks.ATTACKS)
        for name in scenario.sample(names, len(names)):
            attack = attacks.ATTACKS[name]
            port = ports[attack.port]
            assert port
            assert await attacks.run(attack, port, SECONDS * scenario.minutes / 10), name
